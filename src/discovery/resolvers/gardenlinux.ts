import { redactUrl } from '../../http/url.ts'
import type { Digest } from '../../image.ts'
import { fetchVerified } from '../manifest.ts'
import type { Resolver, ResolverContext } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

const bucket = 'https://gardenlinux-github-releases.s3.amazonaws.com/'
const database = 'https://gardenlinux-glrd.s3.eu-central-1.amazonaws.com/releases-minor.json'

/** `objects/<build>/<file>` of the bucket is described in `meta/singles/<build>` (YAML). */
async function digestsOf(url: string, context: ResolverContext): Promise<readonly Digest[]> {
  const [, root, build, name = ''] = /^(.*\/)objects\/([^/]+)\/([^/]+)$/.exec(url) ?? []
  if (root === undefined) return []
  const metadataUrl = `${root}meta/singles/${build}`
  context.tell({ type: 'checksums-from', url: redactUrl(metadataUrl) })
  const { text } = await fetchVerified(metadataUrl, context)
  const { parseBuildMetadata } = await import('../documents.ts')
  return parseBuildMetadata(text, name)
}

/**
 * Garden Linux: the release database (https://github.com/gardenlinux/glrd) tells the images of each minor
 * release, in a bucket whose `meta/singles/` has their digests
 * (https://github.com/gardenlinux/python-gardenlinux-lib): there `sha256sum` is that of nothing for every file, and
 * `md5sum` is right. From 2017 on versions have three parts (`2150.8.0-40f62d58`). The `tar.xz` of the releases at
 * GitHub is a root file system, not this image.
 */
export const gardenlinux: Resolver = {
  name: 'gardenlinux',
  title: 'Garden Linux',
  asks: [
    '`releases-minor.json` of the release database',
    '`meta/singles/<build>` in the bucket of the image',
  ],
  trusts: 'the checksum over https',
  unconfirmed: ['that `meta/singles/` can be read by everybody'],
  recommended: ofReleases(['1592', '1877', '2150'], (major, _, architecture) => {
    const name = `openstack-gardener_prod-${architecture}-HEREBE${major}\\.\\d+(\\.\\d+)?-[0-9a-f]{8}DRAGONS`
    return {
      image: `Garden Linux ${major}`,
      latestUrl: `${bucket}objects/${name}/${name}.qcow2`,
      checksums: database,
    }
  }),
  outgrown: [
    [/HEREBE(\d{4})\\\.\\d\+-\[0-9a-f\]\{8\}DRAGONS/g, 'HEREBE$1\\.\\d+(\\.\\d+)?-[0-9a-f]{8}DRAGONS'],
  ],
  serves: { latestUrl: /\/openstack-gardener[^/]*$/ },
  strategies: ['document'],
  version: /-(\d+\.\d+(?:\.\d+)?)-[0-9a-f]{8}/,
  digestsOf,
}
