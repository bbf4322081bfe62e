import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/**
 * Flatcar Container Linux: `https://<channel>.release.flatcar-linux.net/<amd64|arm64>-usr/<version>/`, with the
 * newest also as `current/`, whose `version.txt` has the line `FLATCAR_VERSION=…`. The image for OpenStack is
 * qcow2 under the name `.img`; `.DIGESTS` has sections by algorithm.
 */
export const flatcar: Resolver = {
  name: 'flatcar',
  title: 'Flatcar Container Linux',
  asks: ['`current/version.txt`', '`<image>.DIGESTS` in the folder of that version'],
  trusts: '`.DIGESTS.sig` where there is one, Flatcar Image Signing Key; else the checksum over https',
  recommended: ofReleases(['stable', 'beta', 'lts'], (channel, _, architecture) => ({
    image: `Flatcar ${channel}`,
    latestUrl: `https://${channel}.release.flatcar-linux.net/${architecture}-usr/current/flatcar_production_openstack_image.img`,
    checksums: '.DIGESTS',
  })),
  serves: { latestUrl: /\/flatcar_production_[^/]*$/ },
  strategies: ['version-file'],
  /**
   * Flatcar Image Signing Key, which signs by subkeys that change every year
   * (https://www.flatcar.org/security/image-signing-key/); `.DIGESTS.sig` is beside each image.
   */
  signature: {
    form: ['.sig'],
    hosts: ['stable', 'beta', 'alpha', 'lts'].map((channel) => `${channel}.release.flatcar-linux.net`),
    fingerprints: ['F88C FEDE FF29 A5B4 D952 3864 E25D 9AED 0593 B34A'],
    keyUrl: 'https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc',
    keyHint:
      'Put the key, https://www.flatcar.org/security/image-signing-key/Flatcar_Image_Signing_Key.asc, into the keyring folder',
  },
}
