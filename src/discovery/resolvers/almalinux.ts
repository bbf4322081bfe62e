import { manifestStrategy } from '../strategies/manifest.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth } from './layouts.ts'

const root = 'https://repo.almalinux.org/almalinux/'
const kitten = 'https://kitten.repo.almalinux.org/10-kitten/'

/**
 * AlmaLinux's cloud images: `https://repo.almalinux.org/almalinux/<8|9|10>/cloud/<arch>/images/`. One folder
 * has each build under a dated name (`AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2`) and the newest also
 * as `…-latest.x86_64.qcow2`; `CHECKSUM` (GNU) lists both. Kitten is at `https://kitten.repo.almalinux.org/10-kitten/`
 * (`AlmaLinux-Kitten-GenericCloud-10-20260501.0.x86_64.qcow2`). Known by the names of its files: catalogues
 * give it the `os_distro` of CentOS, for Glance knows none of its own.
 */
export const almalinux = resolverOf(
  {
    name: 'almalinux',
    title: 'AlmaLinux, AlmaLinux Kitten',
    asks: ['`CHECKSUM`, in which `…-latest…` and the dated name of the build have one digest'],
    trusts: '`CHECKSUM.asc`, the key of the release; Kitten: the checksum over https',
    unconfirmed: ['which key signs Kitten'],
    layouts: [
      ...['8', '9', '10'].flatMap((release) =>
        onBoth((architecture) => ({
          image: `AlmaLinux ${release}`,
          format: 'qcow2',
          latestUrl: `${root}${release}/cloud/${architecture}/images/AlmaLinux-${release}-GenericCloud-latest.${architecture}.qcow2`,
          latestChecksumUrl: `${root}${release}/cloud/${architecture}/images/CHECKSUM`,
        })),
      ),
      ...onBoth((architecture) => ({
        image: 'AlmaLinux Kitten 10',
        format: 'qcow2',
        latestUrl: `${kitten}cloud/${architecture}/images/AlmaLinux-Kitten-GenericCloud-10-HEREBE\\d{8}\\.\\d+DRAGONS.${architecture}.qcow2`,
        latestChecksumUrl: `${kitten}cloud/${architecture}/images/CHECKSUM`,
      })),
    ],
  },
  latestUrlLike(/\/AlmaLinux-[^/]*$/),
  manifestStrategy,
  placeholderStrategy(),
)
