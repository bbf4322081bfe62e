import { manifestStrategy } from '../strategies/manifest.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { resolverOf } from '../strategy.ts'
import { onBoth, withSidecar } from './layouts.ts'

/**
 * Rocky Linux's cloud images: `https://download.rockylinux.org/pub/rocky/<8|9|10>/images/<arch>/`. The newest
 * build is `Rocky-9-GenericCloud.latest.x86_64.qcow2`; each file has a `<file>.CHECKSUM` of its own, and a
 * folder's `CHECKSUM` lists all of them (BSD, with sizes in comments).
 */
export const rocky = resolverOf(
  {
    name: 'rocky',
    title: 'Rocky Linux',
    asks: ['`<image>.CHECKSUM`'],
    trusts: '`.asc` or `.sig` beside it, where there is one; else the checksum over https',
    unconfirmed: ['whether every folder of images has a signature'],
    layouts: ['8', '9', '10'].flatMap((release) =>
      onBoth((architecture) => {
        const name = `Rocky-${release}-GenericCloud${release === '10' ? '-Base' : ''}.latest.${architecture}.qcow2`
        return withSidecar(
          {
            image: `Rocky Linux ${release}`,
            architecture,
            format: 'qcow2',
            latestUrl: `https://download.rockylinux.org/pub/rocky/${release}/images/${architecture}/${name}`,
          },
          '.CHECKSUM',
        )
      }),
    ),
  },
  ({ osDistro, latestUrl = '' }) => osDistro === 'rocky' || /\/Rocky-[^/]*$/.test(latestUrl),
  manifestStrategy,
  placeholderStrategy(),
)
