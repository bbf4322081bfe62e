import type { Build } from '../image.ts'
import type { Matches } from './pattern.ts'
import { findStamp, stampsIn } from './stamp.ts'

/** Returns what the patterns of a URL, which stand for these texts, tell of the build that it leads to. */
export function toldBy(matches: Matches): Pick<Build, 'version' | 'date'> {
  const texts = [...matches.values()]
  const version = texts.map(ownVersion).findLast((one) => one !== undefined)
  const date = texts.map((text) => findStamp(text)?.date).findLast((one) => one !== undefined)
  return { version, date }
}

/** Returns what a text says that is known to be the version of a build: a day if it is one, else itself. */
export function statedVersion(text: string): Pick<Build, 'version' | 'date'> {
  const date = findStamp(text)?.date
  const own = ownVersion(text)
  const isName = /^[0-9a-z][0-9a-z.+~_-]{0,63}$/i.test(text)
  const version = own ?? (date === undefined && isName ? text : undefined)
  return date === undefined ? { version } : { version, date }
}

const dotted = /^[a-z_-]*(\d+(?:\.\d+)+[0-9a-z]*(?:[-+~_][0-9a-z.+~_-]*[0-9a-z])?)$/i
const fileName = /\.(?:img|raw|iso|qcow2|vhd|vdi|vmdk|tar|gz|xz|bz2|zst|zip)(?:\.|$)/i

/**
 * Returns the version that a distribution has given to a build: numbers with dots between them and what follows,
 * `4230.2.4`, without what comes before them, as in `v1.11.3` and `openEuler-24.03-LTS-SP4`. Returns undefined if the
 * text has none, or names the day of the build: `20260715.556894`, `9.8-20260526`. In `2023.12.20260831.0` the day is a
 * part of the version.
 */
export function ownVersion(text: string): string | undefined {
  const version = text.length > 64 || fileName.test(text) ? undefined : dotted.exec(text)?.[1]
  const namesDay = stampsIn(text).some(({ index }) => text[index - 1] !== '.')
  return namesDay ? undefined : version
}
