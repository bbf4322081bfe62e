import type { Resolver } from '../resolver.ts'
import { ofReleases, onBoth, onOne } from './recommended.ts'

const root = 'https://repo.almalinux.org/almalinux/'
const kitten = 'https://kitten.repo.almalinux.org/10-kitten/'

/**
 * AlmaLinux's cloud images: `https://repo.almalinux.org/almalinux/<8|9|10>/cloud/<arch>/images/`. One folder
 * has each build under a dated name (`AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2`) and the newest also
 * as `…-latest.x86_64.qcow2`; `CHECKSUM` (GNU) lists both. Kitten is at `https://kitten.repo.almalinux.org/10-kitten/`
 * (`AlmaLinux-Kitten-GenericCloud-10-20260501.0.x86_64.qcow2`). Known by the names of its files: catalogues
 * give it the `os_distro` of CentOS, for Glance knows none of its own.
 */
export const almalinux: Resolver = {
  name: 'almalinux',
  title: 'AlmaLinux, AlmaLinux Kitten',
  asks: ['`CHECKSUM`, in which `…-latest…` and the dated name of the build have one digest'],
  trusts: '`CHECKSUM.asc`, the key of the release; Kitten: the checksum over https',
  unconfirmed: ['which key signs Kitten'],
  recommended: [
    ...ofReleases(['8', '9', '10'], (release, architecture) => ({
      image: `AlmaLinux ${release}`,
      latestUrl: `${root}${release}/cloud/${architecture}/images/AlmaLinux-${release}-GenericCloud-latest.${architecture}.qcow2`,
      checksums: 'CHECKSUM',
    })),
    ...onOne({
      image: 'AlmaLinux 10 x86_64_v2',
      latestUrl: `${root}10/cloud/x86_64_v2/images/AlmaLinux-10-GenericCloud-latest.x86_64_v2.qcow2`,
      checksums: 'CHECKSUM',
    }),
    ...onBoth((architecture) => ({
      image: 'AlmaLinux Kitten 10',
      latestUrl: `${kitten}cloud/${architecture}/images/AlmaLinux-Kitten-GenericCloud-10-HEREBE\\d{8}\\.\\d+DRAGONS.${architecture}.qcow2`,
      checksums: 'CHECKSUM',
    })),
  ],
  serves: { latestUrl: /\/AlmaLinux-[^/]*$/ },
  strategies: ['manifest', 'placeholder'],
  version: 'date',
  /**
   * Detached `CHECKSUM.asc` (https://wiki.almalinux.org/cloud/Generic-cloud.html); fingerprints as in
   * https://almalinux.org/security/. AlmaLinux 8 changed its key in January 2024: the first one listed
   * signed until then (it has expired), the second one signs since
   * (https://almalinux.org/blog/2023-12-20-almalinux-8-key-update/).
   */
  signature: {
    form: ['.asc'],
    knownToSign: true,
    hosts: ['repo.almalinux.org'],
    fingerprints: {
      8: [
        '5E9B 8F56 17B5 066C E920 57C3 488F CF7C 3ABB 34F8',
        'BC5E DDCA DF50 2C07 7F15 8288 2AE8 1E8A CED7 258B',
      ],
      9: ['BF18 AC28 7617 8908 D6E7 1267 D36C B86C B86B 3716'],
      10: ['EE6D B7B9 8F5B F5ED D9DA 0DE5 DEE5 C11C C2A1 E572'],
    },
    manifestPath: /^(?<root>.*?)\/(?<release>\d[^/]*)\/cloud\//,
    keyFile: 'RPM-GPG-KEY-AlmaLinux-',
    keyHint:
      'Put the key, https://repo.almalinux.org/almalinux/RPM-GPG-KEY-AlmaLinux-N, into the keyring folder',
  },
}
