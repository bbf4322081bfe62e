import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const root = 'https://download.cirros-cloud.net/'
const version = 'HEREBE\\d+\\.\\d+\\.\\d+DRAGONS'

/**
 * CirrOS: `https://download.cirros-cloud.net/<version>/cirros-0.6.3-x86_64-disk.img` (qcow2). Its simplestreams
 * tell sha256 digests, the `MD5SUMS` of a version's folder only MD5. They list several versions, not in their order: the
 * newest by number counts.
 */
export const cirros: Resolver = {
  name: 'cirros',
  title: 'CirrOS',
  asks: ['`streams/v1/net.cirros-cloud:released:download.sjson`'],
  trusts: 'its clearsigned text, unless the key has expired; else the checksum over https',
  unconfirmed: ['`MD5SUMS`'],
  recommended: onBoth((architecture) => ({
    image: 'CirrOS',
    latestUrl: `${root}${version}/cirros-${version}-${architecture}-disk.img`,
    checksums: `${root}streams/v1/net.cirros-cloud:released:download.sjson`,
  })),
  serves: { latestUrl: /\/cirros-[^/]*$/ },
  strategies: ['document', 'placeholder'],
  /**
   * The clearsigned `.sjson` of https://download.cirros-cloud.net/streams/v1/, by a key of 2013. The signing subkey
   * ended in February 2020 in the copy that was seen.
   */
  signature: {
    form: 'clearsigned',
    fingerprints: ['2694 C8BE 4DE4 6591 FF6D 52A2 9593 8484 8F4C E6D0'],
    mayHaveExpired: true,
    keyHint: 'Put the key of the cirros simplestreams into the keyring folder',
  },
}
