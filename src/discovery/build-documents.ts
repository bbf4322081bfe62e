import { parse } from 'yaml'
import { z } from 'zod'
import { decodeSegment } from '../http/url.ts'
import { type Digest, digestAlgorithms, parseDigest } from '../image.ts'
import type { ChecksumEntry } from './checksum-file.ts'
import { digestsOf } from './documents.ts'
import { parseJson } from './json.ts'

/**
 * What Debian's cloud team says of a build in `<image>.json`, a list of objects in the manner of
 * Kubernetes: one of kind `Upload` for each format, with the file's digest in an annotation. The other
 * kinds carry digests of other things.
 * @see https://salsa.debian.org/cloud-team/debian-cloud-images
 */
const builds = z.object({ kind: z.literal('List'), items: z.array(z.unknown()) })
const upload = z.object({
  kind: z.literal('Upload'),
  metadata: z.object({
    labels: z.object({ 'upload.cloud.debian.org/image-format': z.string() }),
    annotations: z.object({ 'cloud.debian.org/digest': z.string() }),
  }),
})

/** The digests of the files beside `url`, whose names differ from it by their extension alone. Never throws. */
export function parseDebianBuild(text: string, url: string): ChecksumEntry[] {
  const list = builds.safeParse(parseJson(text))
  const stem = decodeSegment(/([^/]*)\.json$/.exec(new URL(url).pathname)?.[1] ?? '')
  if (!list.success || !stem) return []
  return list.data.items.flatMap((item) => {
    const { success, data } = upload.safeParse(item)
    const digest = success && digestOf(data.metadata.annotations['cloud.debian.org/digest'])
    if (!success || !digest) return []
    const format = data.metadata.labels['upload.cloud.debian.org/image-format']
    return [{ name: `${stem}.${format}`, digest }]
  })
}

/** `sha512:` and base64 without padding. */
function digestOf(text: string) {
  const [label, base64 = ''] = text.split(':')
  const algorithm = digestAlgorithms.find((known) => known === label)
  const isBase64 = /^[A-Za-z0-9+/]{1,128}={0,2}$/.test(base64)
  return algorithm && isBase64
    ? parseDigest(`${algorithm}:${Buffer.from(base64, 'base64').toString('hex')}`)
    : undefined
}

/**
 * What Garden Linux writes down of a build, in YAML.
 * @see https://github.com/gardenlinux/python-gardenlinux-lib
 */
const metadata = z.object({
  paths: z.array(
    z.object({ name: z.string(), sha256sum: z.string().optional(), md5sum: z.string().optional() }),
  ),
})

/** Returns the digests of the build's file `name`; none if the text does not list it. Never throws. */
export function parseBuildMetadata(text: string, name: string): Digest[] {
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
