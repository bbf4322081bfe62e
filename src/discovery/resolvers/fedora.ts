import { documentStrategy } from '../strategies/document.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth } from './layouts.ts'

const root = 'https://dl.fedoraproject.org/pub/fedora/linux/releases/'

/**
 * Fedora's cloud images: `https://dl.fedoraproject.org/pub/fedora/linux/releases/<N>/Cloud/<arch>/images/`, with
 * `Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2` and the clearsigned `Fedora-Cloud-44-1.7-x86_64-CHECKSUM` (BSD,
 * sizes in comments). The order of the parts of a name changed with releases 40 and 41, so the pattern names
 * the release. `https://fedoraproject.org/releases.json` tells the same without a signature.
 */
export const fedora = resolverOf(
  {
    name: 'fedora',
    title: 'Fedora',
    asks: ['the listing of the images of a release', '`…-CHECKSUM` of the newest compose'],
    trusts: 'the clearsigned `…-CHECKSUM`, the key of the release',
    layouts: ['43', '44'].flatMap((release) =>
      onBoth((architecture) => {
        const folder = `${root}${release}/Cloud/${architecture}/images/`
        const compose = `HEREBE${release}-\\d+\\.\\d+DRAGONS`
        return {
          image: `Fedora ${release}`,
          format: 'qcow2',
          latestUrl: `${folder}Fedora-Cloud-Base-Generic-${compose}.${architecture}.qcow2`,
          latestChecksumUrl: `${folder}Fedora-Cloud-${compose}-${architecture}-CHECKSUM`,
        }
      }),
    ),
  },
  latestUrlLike(/\/Fedora-Cloud-[^/]*$/),
  documentStrategy(),
  placeholderStrategy(),
)
