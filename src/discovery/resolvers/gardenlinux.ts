import { parse } from 'yaml'
import { z } from 'zod'
import { redactUrl } from '../../http/url.ts'
import { digestsOf } from '../documents.ts'
import { type DigestLookup, documentStrategy } from '../strategies/document.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth } from './layouts.ts'

const bucket = 'https://gardenlinux-github-releases.s3.amazonaws.com/'
const database = 'https://gardenlinux-glrd.s3.eu-central-1.amazonaws.com/releases-minor.json'

const metadata = z.object({
  paths: z.array(
    z.object({ name: z.string(), sha256sum: z.string().optional(), md5sum: z.string().optional() }),
  ),
})

/** `objects/<build>/<file>` of the bucket is described in `meta/singles/<build>` (YAML). */
const lookUpDigests: DigestLookup = async ({ url }, context) => {
  const [, root, build, name] = /^(.*\/)objects\/([^/]+)\/([^/]+)$/.exec(url) ?? []
  if (root === undefined) return []
  const metadataUrl = `${root}meta/singles/${build}`
  context.tell({ type: 'checksums-from', url: redactUrl(metadataUrl) })
  const { text } = await context.http.text(metadataUrl, { signal: context.signal })
  const read = metadata.safeParse(parseYaml(text))
  const file = read.success ? read.data.paths.find((path) => path.name === name) : undefined
  return digestsOf({ sha256: file?.sha256sum, md5: file?.md5sum })
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/**
 * Garden Linux: the release database (https://github.com/gardenlinux/glrd) tells the images of each minor
 * release, in a bucket whose `meta/singles/` has their digests
 * (https://github.com/gardenlinux/python-gardenlinux-lib). The releases at GitHub hold the same as `tar.xz`,
 * with GitHub's own digest of each file.
 */
export const gardenlinux = resolverOf(
  {
    name: 'gardenlinux',
    title: 'Garden Linux',
    asks: [
      '`releases-minor.json` of the release database',
      '`meta/singles/<build>` in the bucket of the image',
    ],
    trusts: 'the checksum over https',
    unconfirmed: ['that `meta/singles/` can be read by everybody', 'that it lists the qcow2 file'],
    layouts: ['1592', '1877'].flatMap((major) =>
      onBoth((_, other) => {
        const name = `openstack-gardener_prod-${other}-HEREBE${major}\\.\\d+-[0-9a-f]{8}DRAGONS`
        return {
          image: `Garden Linux ${major}`,
          format: 'qcow2',
          latestUrl: `${bucket}objects/${name}/${name}.qcow2`,
          latestChecksumUrl: database,
        }
      }),
    ),
  },
  latestUrlLike(/\/openstack-gardener[^/]*$/),
  documentStrategy(lookUpDigests),
)
