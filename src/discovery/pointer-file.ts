import { isSafeFileName } from './names.ts'
import { findStamp } from './stamp.ts'

/** What a pointer names. */
export interface Pointed {
  /** Plain names with slashes between them, at most four. */
  readonly path: string
  /** `YYYYMMDD`, where a date stands beside the path. */
  readonly version?: string | undefined
  /** Bytes, where a number stands beside the path. */
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
