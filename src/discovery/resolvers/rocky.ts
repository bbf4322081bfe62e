import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/**
 * Rocky Linux's cloud images: `https://download.rockylinux.org/pub/rocky/<8|9|10>/images/<arch>/`. The newest
 * build is `Rocky-9-GenericCloud.latest.x86_64.qcow2`; each file has a `<file>.CHECKSUM` of its own, and a
 * folder's `CHECKSUM` lists all of them (BSD, with sizes in comments).
 */
export const rocky: Resolver = {
  name: 'rocky',
  title: 'Rocky Linux',
  asks: ['`<image>.CHECKSUM`'],
  trusts: '`.asc` or `.sig` beside it, where there is one; else the checksum over https',
  unconfirmed: ['whether every folder of images has a signature'],
  recommended: ['', ' LVM'].flatMap((variant) =>
    ofReleases(['8', '9', '10'], (release, architecture) => ({
      image: `Rocky Linux ${release}${variant}`,
      latestUrl: `https://download.rockylinux.org/pub/rocky/${release}/images/${architecture}/Rocky-${release}-GenericCloud${variant === '' ? (release === '10' ? '-Base' : '') : '-LVM'}.latest.${architecture}.qcow2`,
      checksums: '.CHECKSUM',
    })),
  ),
  serves: { osDistro: 'rocky', latestUrl: /\/Rocky-[^/]*$/ },
  strategies: ['manifest', 'placeholder'],
  version: 'date',
  /**
   * `CHECKSUM.asc`, formerly `CHECKSUM.sig`, beside some manifests of
   * https://dl.rockylinux.org/pub/rocky/; not proven for every folder of images, so a missing one is
   * no sign of anything. Keys: https://rockylinux.org/resources/gpg-key-info.
   */
  signature: {
    form: ['.asc', '.sig'],
    fingerprints: {
      8: ['7051 C470 A929 F454 CEBE 37B7 15AF 5DAC 6D74 5A60'],
      9: ['21CB 256A E16F C54C 6E65 2949 702D 426D 350D 275D'],
      10: ['FC22 6859 C086 0BF0 DDB9 5B08 5B10 6C73 6FED FC85'],
    },
    manifestPath: /^(?<root>.*?)\/(?<release>\d[^/]*)\/images\//,
    keyFile: 'RPM-GPG-KEY-Rocky-',
    keyHint: 'Put the key, https://dl.rockylinux.org/pub/rocky/RPM-GPG-KEY-Rocky-N, into the keyring folder',
  },
}
