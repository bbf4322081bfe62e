/** A JSON document of any form, for which a source of the configuration says where it tells of files. */
import { UpdaterError } from '../errors.ts'
import { parseDigest } from '../image.ts'
import { type ChecksumFile, parseChecksumFile } from './checksum-file.ts'
import { type PublishedFile, parseJson, type Told } from './documents.ts'
import { shortened } from './names.ts'
import type { FeedPaths } from './options.ts'

/** A JSON pointer; `*` stands for every value of a list or a mapping. */
type Steps = readonly string[]

/** @throws UpdaterError CONFIGURATION */
function parsePath(path: string): Steps {
  const [first, ...steps] = path.split('/')
  if (first === '' && steps.length > 0 && steps.length <= 32) {
    return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  throw new UpdaterError('CONFIGURATION', `"${shortened(path)}" is no path in a feed`, {
    remedy: 'Write it as /releases/*/url: at most 32 keys, with / in front of each',
  })
}

/** Where a feed tells of files. */
export interface FeedSteps {
  readonly url: Steps
  readonly version: Steps | undefined
  readonly digests: readonly Steps[]
}

/** @throws UpdaterError CONFIGURATION if the paths are none, or tell of other values than the URLs */
export function parseFeedPaths({ url, version, digest }: FeedPaths): FeedSteps {
  const steps = parsePath(url)
  const besideUrl = (path: string) => {
    const other = parsePath(path)
    const shared = other.slice(0, other.lastIndexOf('*') + 1)
    if (shared.every((step, index) => step === steps[index])) return other
    throw new UpdaterError(
      'CONFIGURATION',
      `The path ${shortened(path)} of a feed does not go with ${shortened(url)}`,
      {
        remedy: 'Up to its last * it has to be the beginning of the path of the URLs',
      },
    )
  }
  return {
    url: steps,
    version: version === undefined ? undefined : besideUrl(version),
    digests: digest.map(besideUrl),
  }
}

/**
 * Returns the files that a JSON document of any form tells of; undefined if it is none.
 * @param url where the document is: relative URLs in it count from there
 */
export function parseFeed(text: string, paths: FeedSteps, url: string): Told<PublishedFile> | undefined {
  const document = parseJson(text)
  if (document === undefined) return undefined
  const found = valuesAt(document, paths.url)
  const items = found.flatMap(({ value: link, keys }): PublishedFile[] => {
    const version = paths.version && textOf(valueAt(document, paths.version, keys))
    const isWhole = paths.version === undefined || version !== undefined
    if (typeof link !== 'string' || !URL.canParse(link, url) || !isWhole) return []
    const read = paths.digests.map((steps) => parseHash(textOf(valueAt(document, steps, keys)) ?? ''))
    return [
      {
        url: new URL(link, url).href,
        version,
        digests: read.flatMap(({ entries }) => entries.map(({ digest }) => digest)),
        unusable: read.flatMap(({ unusable }) => unusable)[0],
      },
    ]
  })
  return { items, strange: found.length - items.length }
}

/** `sha256:…`, or hexadecimal digits of an algorithm that their number tells. */
function parseHash(text: string): ChecksumFile {
  const digest = parseDigest(text.trim())
  if (digest !== undefined) return { entries: [{ name: undefined, digest }], unusable: [] }
  const [algorithm = '', hex] = text.trim().split(/[:=-]/)
  return hex === undefined
    ? parseChecksumFile(text)
    : { entries: [], unusable: [{ name: undefined, algorithm }] }
}

/** What stands at a path, and what its `*` stand for. */
interface Found {
  readonly value: unknown
  readonly keys: readonly string[]
}

function valuesAt(document: unknown, steps: Steps): Found[] {
  return steps.reduce<Found[]>(
    (found, step) =>
      found.flatMap(({ value, keys }) => {
        if (step !== '*') return [{ value: memberOf(value, step), keys }]
        if (typeof value !== 'object' || value === null) return [{ value: undefined, keys }]
        return Object.entries(value).map(([key, member]) => ({ value: member, keys: [...keys, key] }))
      }),
    [{ value: document, keys: [] }],
  )
}

/** @param keys what the `*` stand for; one at the end of the path is the key itself */
function valueAt(document: unknown, steps: Steps, keys: readonly string[]): unknown {
  let value = document
  let known = 0
  for (const [index, step] of steps.entries()) {
    const key = step === '*' ? keys[known] : step
    if (step === '*') known += 1
    if (step === '*' && index === steps.length - 1) return key
    value = memberOf(value, key ?? '')
  }
  return value
}

function memberOf(value: unknown, key: string): unknown {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
  return isThere ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
