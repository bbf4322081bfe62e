import { parse } from 'yaml'
import { z } from 'zod'
import type { Digest } from '../image.ts'
import { digestsOf } from './documents.ts'

/**
 * What Garden Linux writes down of a build, in YAML.
 * @see https://github.com/gardenlinux/python-gardenlinux-lib
 */
const metadata = z.object({
  paths: z.array(
    z.object({ name: z.string(), sha256sum: z.string().optional(), md5sum: z.string().optional() }),
  ),
})

/** The digests of the build's file `name`; none where it is not told of. Never throws. */
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
