import { documentStrategy } from '../strategies/document.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth } from './layouts.ts'

const root = 'https://download.cirros-cloud.net/'
const version = 'HEREBE\\d+\\.\\d+\\.\\d+DRAGONS'

/**
 * CirrOS: `https://download.cirros-cloud.net/<version>/cirros-0.6.3-x86_64-disk.img` (qcow2). Its simplestreams
 * tell sha256 digests, the `MD5SUMS` of a version's folder only MD5.
 */
export const cirros = resolverOf(
  {
    name: 'cirros',
    title: 'CirrOS',
    asks: ['`streams/v1/net.cirros-cloud:released:download.sjson`'],
    trusts: 'its clearsigned text, where the key is in the keyring; else the checksum over https',
    unconfirmed: ['whether the streams have the newest version', '`MD5SUMS`'],
    layouts: onBoth((architecture) => ({
      image: 'CirrOS',
      format: 'qcow2',
      latestUrl: `${root}${version}/cirros-${version}-${architecture}-disk.img`,
      latestChecksumUrl: `${root}streams/v1/net.cirros-cloud:released:download.sjson`,
    })),
  },
  latestUrlLike(/\/cirros-[^/]*$/),
  documentStrategy(),
  placeholderStrategy(),
)
