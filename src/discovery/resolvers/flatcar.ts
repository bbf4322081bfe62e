import { versionFileStrategy } from '../strategies/version-file.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth, withSidecar } from './layouts.ts'

/**
 * Flatcar Container Linux: `https://<channel>.release.flatcar-linux.net/<amd64|arm64>-usr/<version>/`, with the
 * newest also as `current/`, whose `version.txt` has the line `FLATCAR_VERSION=…`. The image for OpenStack is
 * qcow2 under the name `.img`; `.DIGESTS` has sections by algorithm.
 */
export const flatcar = resolverOf(
  {
    name: 'flatcar',
    title: 'Flatcar Container Linux',
    asks: ['`current/version.txt`', '`<image>.DIGESTS` in the folder of that version'],
    trusts: '`.DIGESTS.sig` where there is one, Flatcar Image Signing Key; else the checksum over https',
    unconfirmed: ['the name in `version.txt`', '`.DIGESTS.sig`'],
    layouts: ['stable', 'beta', 'lts'].flatMap((channel) =>
      onBoth((architecture, other) =>
        withSidecar(
          {
            image: `Flatcar ${channel}`,
            architecture,
            format: 'qcow2',
            latestUrl: `https://${channel}.release.flatcar-linux.net/${other}-usr/current/flatcar_production_openstack_image.img`,
          },
          '.DIGESTS',
        ),
      ),
    ),
  },
  latestUrlLike(/\/flatcar_production_[^/]*$/),
  versionFileStrategy,
)
