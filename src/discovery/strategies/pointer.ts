import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { withoutFuture } from '../dates.ts'
import { splitFileUrl } from '../file-url.ts'
import { fetchManifest, fetchVerified, listedFile, proofOf } from '../manifest.ts'
import { childUrl, isSafeFileName } from '../names.ts'
import { hasPlaceholder, newestOf, parsePattern, placeholderError } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'
import { findStamp } from '../stamp.ts'

/**
 * `latest_url` is a small text that names the newest file by a path below its own folder.
 * `latest_checksum_url` is `FOLDER/HEREBE<pattern>DRAGONS<suffix>`: the placeholder stands for that path,
 * which its pattern has to match.
 */
export const pointer: Strategy = (image) => {
  const { latestUrl = '', latestChecksumUrl: checksumUrl = '' } = image
  const file = splitFileUrl(latestUrl)
  if (file === undefined || !hasPlaceholder(checksumUrl)) return undefined
  return async (context) => {
    const { folder, matches, suffix } = await checksumPlace(checksumUrl, image)
    const { text } = await fetchVerified(latestUrl, context, true)
    const pointed = parsePointer(text).filter(({ path }) => matches(path))
    const known = withoutFuture(pointed, ({ path, date }) => [path, date], latestUrl, context)
    const newest = newestOf(known, ({ path }) => new Map([['', path]]))?.one
    if (newest === undefined) throw namesNothing(latestUrl, image)
    const url = pathUrl(file.parent, newest.path)
    context.tell({ type: 'latest-url', url: redactUrl(url) })
    const manifest = await fetchManifest(pathUrl(folder, `${newest.path}${suffix}`), context)
    const { digest, size } = listedFile(url, manifest, image)
    return {
      url,
      digest,
      size: size ?? newest.size,
      date: newest.date,
      ...proofOf(manifest, digest),
    }
  }
}

async function checksumPlace(checksumUrl: string, { name }: Image) {
  const url = await parsePattern(checksumUrl, name)
  const [placeholder, suffix = '', ...more] = url.segments.at(-1)?.parts ?? []
  const isInFolder = url.segments.slice(0, -1).some(({ patterns }) => patterns.length > 0)
  if (typeof placeholder !== 'object' || typeof suffix !== 'string' || more.length > 0 || isInFolder) {
    const why = 'latest_checksum_url of a pointer has one, at the beginning of its last path segment'
    throw placeholderError(name, why)
  }
  return { folder: url.fill(new Map(), url.segments.length - 1), matches: placeholder.matches, suffix }
}

/** @throws UpdaterError DISCOVERY_UNSAFE_NAME */
function pathUrl(folder: string, path: string): string {
  const [name = '', ...rest] = path.split('/')
  const url = childUrl(folder, name)
  return rest.length === 0 ? url : pathUrl(`${url}/`, rest.join('/'))
}

function namesNothing(url: string, image: Image): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(url)} names no file that matches latest_checksum_url of ${image.name}`,
    { remedy: 'Look at what the server sends there: it should be the path of the newest image' },
  )
}

/** What a pointer names. */
export interface Pointed {
  /** Plain names with slashes between them. */
  readonly path: string
  /** `YYYYMMDD`, if a date stands beside the path. */
  readonly date?: string | undefined
  /** Bytes, if a number stands beside the path. */
  readonly size?: number | undefined
}

/**
 * Reads a text that names files, one on each line with a date (`YYYY-MM-DD`) before it or a size behind it;
 * comments begin with `#`. Lines of another form, and paths that could lead elsewhere, name nothing. Never
 * throws.
 */
export function parsePointer(text: string): Pointed[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line.length <= 1024)
    .flatMap((line) => pointedBy(line.split(/\s+/)) ?? [])
}

function pointedBy(words: readonly string[]): Pointed | undefined {
  const [date, ...dates] = words.filter((word) => /^\d{4}-\d\d-\d\d$/.test(word))
  const [size, ...sizes] = words.filter((word) => /^\d{1,15}$/.test(word))
  const [path, ...paths] = words.filter((word) => !/^(?:\d{4}-\d\d-\d\d|\d{1,15})$/.test(word))
  if (path === undefined || dates.length + sizes.length + paths.length > 0) return undefined
  const names = path.split('/')
  if (!names.every(isSafeFileName)) return undefined
  return {
    path,
    date: findStamp(date ?? '')?.date,
    size: size === undefined ? undefined : Number(size),
  }
}
