import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { buildAt, listedFile } from '../build-file.ts'
import { fetchManifest } from '../manifest.ts'
import { childUrl, isSafeFileName } from '../names.ts'
import { compareFileNames } from '../natural-order.ts'
import { compilePatterns, fillUrl, hasPlaceholder, parsePattern, placeholderError } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'
import { fetchVerified } from '../signatures/check.ts'
import { splitFileUrl } from '../sources.ts'
import { findStamp } from '../stamp.ts'

/**
 * `latest_url` is a small text that names the newest file by a path below its own folder.
 * `latest_checksum_url` is `FOLDER/HEREBE<pattern>DRAGONS<suffix>`: the placeholder stands for that path,
 * which its pattern has to match.
 */
export const pointerStrategy: Strategy = {
  name: 'pointer',
  searchFor(image) {
    const { latestUrl = '', latestChecksumUrl: checksumUrl = '' } = image
    const pointer = splitFileUrl(latestUrl)
    if (pointer === undefined || !hasPlaceholder(checksumUrl)) return undefined
    return async (context) => {
      const { folder, pattern, suffix } = await checksumPlace(checksumUrl, image)
      const { text } = await fetchVerified(latestUrl, context, true)
      const newest = newestOf(parsePointer(text).filter(({ path }) => pattern.matches(path)))
      if (newest === undefined) throw namesNothing(latestUrl, image)
      const url = pathUrl(pointer.parent, newest.path)
      context.tell({ type: 'latest-url', url: redactUrl(url) })
      const manifest = await fetchManifest(pathUrl(folder, `${newest.path}${suffix}`), context)
      const name = newest.path.slice(newest.path.lastIndexOf('/') + 1)
      const build = buildAt(url, listedFile(name, manifest, image), manifest, context)
      return { ...build, version: build.version ?? newest.version, size: build.size ?? newest.size }
    }
  },
}

async function checksumPlace(checksumUrl: string, image: Image) {
  const url = parsePattern(checksumUrl, image.name)
  const [placeholder, after, ...more] = url.segments.at(-1) ?? []
  const folder = fillUrl(url, new Map(), url.segments.length - 1)
  const compiled = await compilePatterns(url, image.name)
  const pattern = placeholder && 'pattern' in placeholder ? compiled.get(placeholder.pattern) : undefined
  if (pattern === undefined || folder === undefined || more.length > 0 || (after && 'pattern' in after)) {
    throw placeholderError(
      image.name,
      'latest_checksum_url of a pointer has one, at the beginning of its last path segment',
    )
  }
  return { folder, pattern, suffix: after?.text ?? '' }
}

function newestOf(pointed: readonly Pointed[]): Pointed | undefined {
  return [...pointed].sort((a, b) => compareFileNames(b.path, a.path))[0]
}

/** @throws UpdaterError DISCOVERY_UNSAFE_NAME */
function pathUrl(folder: string, path: string): string {
  const names = path.split('/')
  return names.reduce(
    (parent, name, index) => `${childUrl(parent, name)}${index < names.length - 1 ? '/' : ''}`,
    folder,
  )
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
  /** Plain names with slashes between them, at most four. */
  readonly path: string
  /** `YYYYMMDD`, if a date stands beside the path. */
  readonly version?: string | undefined
  /** Bytes, if a number stands beside the path. */
  readonly size?: number | undefined
}

const maxLines = 1000
const maxDepth = 4

/**
 * Reads a text that names files, one on each line with a date (`YYYY-MM-DD`) before it or a size behind it;
 * comments begin with `#`. Lines of another form, and paths that could lead elsewhere, name nothing. Never
 * throws.
 */
export function parsePointer(text: string): Pointed[] {
  return text
    .split('\n', maxLines)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line.length <= 1024)
    .flatMap((line) => pointedBy(line.split(/\s+/)) ?? [])
}

function pointedBy(words: readonly string[]): Pointed | undefined {
  const dates = words.filter((word) => /^\d{4}-\d\d-\d\d$/.test(word))
  const sizes = words.filter((word) => /^\d{1,15}$/.test(word))
  const [path, another] = words.filter((word) => !dates.includes(word) && !sizes.includes(word))
  if (path === undefined || another !== undefined || dates.length > 1 || sizes.length > 1) return undefined
  const names = path.split('/')
  if (names.length > maxDepth || !names.every(isSafeFileName)) return undefined
  const [size] = sizes
  return {
    path,
    version: findStamp(dates[0]?.replaceAll('-', '') ?? '')?.date,
    size: size === undefined ? undefined : Number(size),
  }
}
