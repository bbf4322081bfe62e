import { redactUrl } from '../http/url.ts'
import { compareFileNames, compareNatural, isPrerelease } from '../natural-order.ts'
import { isSafeFileName, shortened } from './names.ts'
import type { ResolverContext } from './resolver.ts'
import { compareStamps, findStamp, isoDate, type Stamp, withoutStamps } from './stamp.ts'

/** A listing, a manifest or a document that was read, and the name in it that was taken. */
export interface Taken {
  /** URL of what was read. */
  readonly source: string
  readonly name: string
  /** The names in it that the image's URLs do not match. */
  readonly others: readonly string[]
  /**
   * What the image's URLs say of the name, patterns included. A number that stands there tells the release: a name with
   * another one is of another release.
   */
  readonly form: string
  readonly imageName: string
}

/** Warns if the source lists a build that looks newer than the one that was taken. */
export function tellNearMiss(taken: Taken, tell: ResolverContext['tell']): void {
  const { source, name, imageName } = taken
  const missed = nearMiss(taken)
  if (missed === undefined) return
  const message = `${redactUrl(source)} lists ${shortened(missed)}, which looks newer than ${shortened(name)}, but the URLs of ${imageName} do not lead to it: the distribution may have changed its names`
  tell({ type: 'warning', message })
}

/**
 * Returns the newest name of the kind of the one that was taken, of the same release, and newer by its own date or
 * version. A variant is no near miss: its name has other words (`-ext4`, `-LVM`), and it is there for builds that are
 * not newer, too, or is newer by less than a distribution needs for all its variants.
 */
export function nearMiss({ name, others, form }: Omit<Taken, 'source' | 'imageName'>): string | undefined {
  const taken = partsOf(name)
  const fixed = fixedNumbers(form, taken)
  if (taken.stamp === undefined && fixed.release + fixed.revision >= taken.numbers.length) return undefined
  const ofKind = others
    .filter((other) => other.length <= maxPathLength && other.endsWith(taken.extension))
    .map(partsOf)
    .filter((other) => other.extension === taken.extension && other.architecture === taken.architecture)
  const notNewer = ofKind.filter((one) => !isNewer(one, taken, fixed))
  const variantWords = new Set(notNewer.map((one) => one.words.join()))
  const isVariant = (other: Parts) => variantWords.has(other.words.join())
  return ofKind
    .filter((other) => isNewer(other, taken, fixed) && isSameImage(other, taken))
    .filter((other) => other.words.join() === taken.words.join() || !isVariant(other))
    .map((other) => other.name)
    .filter((other) => other.split('/').every(isSafeFileName))
    .sort(compareFileNames)
    .at(-1)
}

/** How many numbers of a name the image's URLs fix: at its beginning that is its release, at its end a revision. */
interface Fixed {
  readonly release: number
  readonly revision: number
}

function fixedNumbers(form: string, { numbers }: Parts): Fixed {
  const text = form
    .replace(/\[[^\]]*\]|\\[a-z]|\.(?=[*+])/gi, (part) => (/\d|[dw.]/.test(part) ? anyNumber : ' '))
    .replace(/\{[\d,]*\}|[()?+*|^$]/g, ' ')
    .replaceAll('\\', '')
  const written = partsOf(text).numbers
  const differs = (number: string | undefined, other: string | undefined) => number !== other
  const release = written.findIndex((number, index) => differs(number, numbers[index]))
  if (release === -1) return { release: written.length, revision: 0 }
  const revision = written.toReversed().findIndex((number, index) => differs(number, numbers.at(-1 - index)))
  return { release, revision }
}

/** Characters: whoever fills a listing cannot make a longer name cost time. */
const maxPathLength = 2048

/** Stands for what a pattern may match. */
const anyNumber = '\0'

const extension = /\.[a-z][a-z0-9]*(?:\.(?:xz|gz|bz2|zst|zip))?$/i

const architectures =
  /(?<![a-z0-9])(?:x86[-_]64(?:[-_]v\d)?|amd64(?:v\d)?|x64|i[3-6]86|aarch64|arm64|armhf|armv\d[a-z]*|ppc64(?:le|el)?|s390x|riscv64|loong(?:arch)?64)(?![a-z0-9])/gi

/** What tells a commit or a build, and no order. */
const hashes = /(?<![a-z0-9])(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}(?![a-z0-9])/gi

/** What a name consists of. */
interface Parts {
  readonly name: string
  /** With the ending of the packing: `.img.bz2`. */
  readonly extension: string
  /** All of them, in their order. */
  readonly architecture: string
  /** In lower case, sorted. */
  readonly words: readonly string[]
  readonly stamp: Stamp | undefined
  /** Those beside the stamp. */
  readonly numbers: readonly string[]
}

function partsOf(name: string): Parts {
  const ending = extension.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - ending.length)
  const rest = withoutStamps(stem.replace(architectures, ' ').replace(hashes, ' '))
  return {
    name,
    extension: ending,
    architecture: (stem.match(architectures) ?? []).join(' ').toLowerCase(),
    words: (rest.toLowerCase().match(/[a-z]+/g) ?? []).sort(),
    stamp: findStamp(stem),
    numbers: rest.match(/[\d\0]+/g) ?? [],
  }
}

/** Do both names tell an architecture, and not the same one? */
export function isForOther(one: string, other: string): boolean {
  const [a, b] = [partsOf(one).architecture, partsOf(other).architecture]
  return a !== '' && b !== '' && a !== b
}

function isNewer(one: Parts, taken: Parts, { release, revision }: Fixed): boolean {
  const length = Math.max(one.numbers.length, taken.numbers.length)
  const position = Array.from({ length }).findIndex((_, index) => one.numbers[index] !== taken.numbers[index])
  if (position !== -1 && position < release) return false
  const order = compareNatural(one.numbers[position] ?? '', taken.numbers[position] ?? '')
  if (one.stamp !== undefined && taken.stamp !== undefined) {
    const isRevision = position < taken.numbers.length && position >= taken.numbers.length - revision
    return order >= 0 && !isRevision && compareStamps(one.stamp, taken.stamp) > 0
  }
  return one.stamp === undefined && taken.stamp === undefined && order > 0
}

/** Words of what a distribution offers beside its image, or before it is finished. */
const variants =
  /^(?:ext|xfs|zfs|ufs|btrfs|lvm|opennebula|backports|nightly|daily|weekly|testing|unstable|edge|rolling|debug|tiny|minimal|metal|nocloud|aws|ec|amazonec|azure|gcp|gce|oci|vagrant|vmware|container|uki|live|desktop|lts)$/

/** Days within which a distribution makes all variants of a build. */
const variantDays = 30

/** May it be another build of the image, and not of a variant or of something else? */
function isSameImage(one: Parts, taken: Parts): boolean {
  if (isPrerelease(one.name) && !isPrerelease(taken.name)) return false
  const added = without(one.words, taken.words)
  const removed = without(taken.words, one.words)
  if ([...added, ...removed].some((word) => variants.test(word))) return false
  const shared = one.words.length - added.length
  if (shared * 2 < Math.max(one.words.length, taken.words.length)) return false
  return added.length === 0 || !isSoonAfter(taken.stamp, one.stamp)
}

function without(words: readonly string[], others: readonly string[]): readonly string[] {
  return words.filter((word) => !others.includes(word))
}

function isSoonAfter(before: Stamp | undefined, after: Stamp | undefined): boolean {
  if (before === undefined || after === undefined) return false
  const time = ({ date }: Stamp) => Date.parse(isoDate(date))
  return time(after) - time(before) < variantDays * 24 * 60 * 60 * 1000
}
