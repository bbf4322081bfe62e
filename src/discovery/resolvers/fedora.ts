import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/** Primary keys by release; https://fedoraproject.org/fedora.gpg has all of them (https://fedoraproject.org/security/). */
export const fedoraKeys = {
  41: ['466C F2D8 B60B C305 7AA9 453E D062 2462 E99D 6AD1'],
  42: ['B0F4 9504 58F6 9E11 50C6 C5ED C8AC 4916 105E F944'],
  43: ['C6E7 F081 CF80 E131 4667 6E88 829B 6066 3164 5531'],
  44: ['36F6 12DC F27F 7D1A 48A8 35E4 DBFC F71C 6D9F 90A6'],
  45: ['4F50 A611 4CD5 C697 6A7F 1179 655A 4B02 F577 861E'],
}
export const fedoraKeyUrl = 'https://fedoraproject.org/fedora.gpg'
export const fedoraKeyHint = `Put the keys, ${fedoraKeyUrl}, into the keyring folder`

const root = 'https://dl.fedoraproject.org/pub/fedora/linux/releases/'

/**
 * Fedora's cloud images: `https://dl.fedoraproject.org/pub/fedora/linux/releases/<N>/Cloud/<arch>/images/`, with
 * `Fedora-Cloud-Base-Generic-44-1.7.x86_64.qcow2` and the clearsigned `Fedora-Cloud-44-1.7-x86_64-CHECKSUM` (BSD,
 * sizes in comments; that of the beta of 45 is `Fedora-Cloud-images-45_Beta-1.3-x86_64-CHECKSUM`). The order of the
 * parts of a name changed with releases 40 and 41, so the pattern names the release.
 * `https://fedoraproject.org/releases.json` tells the same without a signature.
 */
export const fedora: Resolver = {
  name: 'fedora',
  title: 'Fedora',
  asks: ['the listing of the images of a release', '`…-CHECKSUM` of the newest compose'],
  trusts: 'the clearsigned `…-CHECKSUM`, the key of the release',
  unconfirmed: ['whether the checksum file of 45 is named `…-images-45-…`, as that of its beta'],
  recommended: ofReleases(['43', '44', '45'], (release, architecture) => {
    const compose = `HEREBE${release}-\\d+\\.\\d+DRAGONS`
    return {
      image: `Fedora ${release}`,
      latestUrl: `${root}${release}/Cloud/${architecture}/images/Fedora-Cloud-Base-Generic-${compose}.${architecture}.qcow2`,
      checksums: `Fedora-Cloud-HEREBE(images-)?DRAGONS${compose}-${architecture}-CHECKSUM`,
    }
  }),
  outgrown: [[/Fedora-Cloud-(?=HEREBE\d\d-[^/]*-CHECKSUM$)/g, 'Fedora-Cloud-HEREBE(images-)?DRAGONS']],
  serves: { latestUrl: /\/Fedora-Cloud-[^/]*$/ },
  strategies: ['document', 'placeholder'],
  version: 'date',
  /**
   * Every `…-CHECKSUM` of https://dl.fedoraproject.org/pub/fedora/linux/releases/ is clearsigned by the key
   * of its release.
   */
  signature: {
    form: 'clearsigned',
    knownToSign: true,
    hosts: ['dl.fedoraproject.org', 'download.fedoraproject.org'],
    fingerprints: fedoraKeys,
    manifestPath: /^(?<root>.*?)\/releases\/(?<release>\d+)\/Cloud\//,
    keyUrl: fedoraKeyUrl,
    keyHint: fedoraKeyHint,
  },
}
