import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import { algorithmOfHexLength, type Digest, type DigestAlgorithm, digestAlgorithms } from '../image.ts'
import { compareNatural } from '../natural-order.ts'
import { shortened } from './names.ts'

export interface ChecksumEntry {
  /** As it stands in the file, without `*` or `./`. `undefined`: the file is nothing but this digest. */
  readonly name: string | undefined
  readonly digest: Digest
  /** Bytes, if a comment of the file says so. */
  readonly size?: number | undefined
}

/** A file that a manifest lists. */
export type ListedFile = ChecksumEntry & { readonly name: string }

/** A digest of an algorithm that no catalogue can hold. */
export interface UnusableEntry extends Pick<ChecksumEntry, 'name'> {
  /** E.g. `SHA-384`. */
  readonly algorithm: string
}

export interface ChecksumFile {
  readonly entries: readonly ChecksumEntry[]
  readonly unusable: readonly UnusableEntry[]
}

/**
 * Reads a checksum file line by line: GNU (`hex  name`, `hex *name`, `hex name`), BSD (`SHA256 (name) = hex`)
 * with `# name: N bytes` comments, sections (`# SHA512 HASH` above GNU lines), or one bare digest. GNU lines
 * outside of sections have the algorithm that the file's name tells, else that of their length. Lines of no such form
 * give no entry. Never throws, linear in the length of `text`.
 */
export function parseChecksumFile(text: string, fileName = ''): ChecksumFile {
  const fromFile = otherAlgorithm(fileName)
  const ofFile: Section = fromFile === undefined ? undefined : { other: fromFile }
  const bare = hashOf(text.trim(), ofFile)
  if (bare !== undefined) return sorted([entryOf(undefined, bare) ?? []].flat())
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.trimEnd())
  const sizes = sizesIn(lines)
  let section: Section = ofFile
  const entries = lines.flatMap((line) => {
    section = sectionOf(line) ?? section
    const entry = line.startsWith('#') ? undefined : (bsdEntry(line) ?? gnuEntry(line, section))
    if (entry === undefined || !('digest' in entry)) return entry ?? []
    return { ...entry, size: sizes.get(entry.name ?? '') }
  })
  return sorted(entries)
}

type AnyEntry = ChecksumEntry | UnusableEntry

function sorted(all: readonly AnyEntry[]): ChecksumFile {
  return {
    entries: all.flatMap((entry) => ('digest' in entry ? entry : [])),
    unusable: all.flatMap((entry) => ('digest' in entry ? [] : entry)),
  }
}

/**
 * The algorithm that the name of a checksum file tells, if it is none of those in use for images: `B2SUMS`,
 * `x.img.b2sum`, `SHA3-256SUMS`. Its digests may be as long as those of an algorithm that is.
 */
function otherAlgorithm(fileName: string): string | undefined {
  const [, label] =
    /(?:^|[._-])(b2|b3|blake2[bs]?|blake3|sha3(?:-?\d{3})?|sha-?512[-_]\d{3}|sm3|ripemd-?160|rmd160|whirlpool)(?:sums?)?(?:\.(?:txt|asc))*$/i.exec(
      fileName,
    ) ?? []
  return label === undefined ? undefined : label.replace(/^b(?=\d)/i, 'BLAKE').toUpperCase()
}

/** Digests of algorithms that have a length of their own. */
const otherLengths = new Map([
  [96, 'SHA-384'],
  [56, 'SHA-224'],
])

/**
 * The one digest that a checksum file has for `name`, as `preferredDigest` chooses it.
 * @param source URL of the checksum file, for messages
 * @param named the entries of that file, if they name it in another way
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS
 */
export function lookUpChecksum(
  entries: readonly ChecksumEntry[],
  name: string,
  preferred: DigestAlgorithm | undefined,
  source: string,
  named: readonly ChecksumEntry[] = entries.filter(
    (entry) => entry.name === name || entry.name === undefined,
  ),
): ChecksumEntry {
  const ofSomething = named.filter(({ digest }) => !isOfNothing(digest))
  const listed = ofSomething.length > 0 ? ofSomething : named
  const byAlgorithm = new Map(listed.map((entry) => [entry.digest.algorithm, entry]))
  if (listed.some(({ digest }) => byAlgorithm.get(digest.algorithm)?.digest.hex !== digest.hex)) {
    throw ambiguous(name, source, listed)
  }
  const digests = [...byAlgorithm.values()].map(({ digest }) => digest)
  const digest = preferredDigest(digests, preferred)
  const chosen = digest && byAlgorithm.get(digest.algorithm)
  if (chosen === undefined) throw notListed(entries, name, source)
  return chosen
}

/**
 * The digest of the `preferred` algorithm if it is there (MD5 and SHA-1 only if there is nothing
 * better), else the strongest. That of nothing only if there is no other.
 */
export function preferredDigest(
  all: readonly Digest[],
  preferred: DigestAlgorithm | undefined,
): Digest | undefined {
  const ofSomething = all.filter((digest) => !isOfNothing(digest))
  const digests = ofSomething.length > 0 ? ofSomething : all
  const of = (algorithm: DigestAlgorithm) => digests.find((digest) => digest.algorithm === algorithm)
  const strongest = digestAlgorithms.map(of).find((digest) => digest !== undefined)
  const asked = preferred === undefined ? undefined : of(preferred)
  return asked === undefined || isWeak(asked) ? strongest : asked
}

/** A digest, or the name of its algorithm if no catalogue can hold it. */
type Hash = Digest | { readonly other: string }

/** The algorithm that the lines below are of. `undefined`: that of their length. */
type Section = DigestAlgorithm | { readonly other: string } | undefined

function hashOf(hex: string, section: Section): Hash | undefined {
  if (hex.length < 32 || hex.length > 128 || !/^[0-9a-f]+$/i.test(hex)) return undefined
  if (typeof section === 'object') return section
  const algorithm = algorithmOfHexLength(hex.length)
  const other = otherLengths.get(hex.length)
  if (section === undefined && other !== undefined) return { other }
  const isOfSection = section === undefined || section === algorithm
  return algorithm !== undefined && isOfSection ? { algorithm, hex: hex.toLowerCase() } : undefined
}

function gnuEntry(line: string, section: Section): AnyEntry | undefined {
  // GNU puts a backslash in front where it has escaped the name.
  const isEscaped = line.startsWith('\\')
  const start = isEscaped ? 1 : 0
  const end = line.slice(0, 130).search(/[ \t]/)
  const hash = end === -1 ? undefined : hashOf(line.slice(start, end), section)
  if (hash === undefined) return undefined
  const marked = line.slice(end + 1)
  const name = marked.startsWith('*') ? marked.slice(1) : marked.trimStart()
  return entryOf(isEscaped ? name.replaceAll('\\\\', '\\') : name, hash)
}

function bsdEntry(line: string): AnyEntry | undefined {
  const open = line.slice(0, 16).indexOf('(')
  const equals = line.lastIndexOf('=')
  const before = line.slice(0, equals).trimEnd()
  if (open === -1 || !before.endsWith(')')) return undefined
  const label = line.slice(0, open).trim()
  const hash = hashOf(line.slice(equals + 1).trimStart(), algorithmOf(label) ?? { other: label })
  return hash === undefined ? undefined : entryOf(before.slice(open + 1, -1), hash)
}

function entryOf(written: string | undefined, hash: Hash): AnyEntry | undefined {
  const name = written?.startsWith('./') ? written.slice(2) : written
  if (name === '') return undefined
  return 'other' in hash ? { name, algorithm: hash.other } : { name, digest: hash }
}

/** `SHA256`, `SHA2-256`, `sha-256`, … */
function algorithmOf(label: string): DigestAlgorithm | undefined {
  const plain = label.trim().toLowerCase()
  return digestAlgorithms.find((algorithm) => algorithm === plain.replace(/^sha2?-/, 'sha'))
}

/** `# SHA512 HASH`, as Flatcar and Gentoo head the parts of their `.DIGESTS`. */
function sectionOf(comment: string): Section {
  const label = /^#\s?(\S{1,16}) HASH$/i.exec(comment)?.[1]
  return label === undefined ? undefined : (algorithmOf(label) ?? { other: label })
}

/** `# name: N bytes`, as CentOS, Rocky and Fedora write it above a BSD line; two for one name give none. */
function sizesIn(lines: readonly string[]): ReadonlyMap<string, number | undefined> {
  const sizes = new Map<string, number | undefined>()
  for (const line of lines) {
    const colon = line.startsWith('#') ? line.lastIndexOf(': ') : -1
    const digits = /^(\d{1,15}) bytes$/.exec(line.slice(colon + 2))?.[1]
    if (colon === -1 || digits === undefined) continue
    const name = line.slice(1, colon).trimStart()
    const size = Number(digits)
    sizes.set(name, sizes.has(name) && sizes.get(name) !== size ? undefined : size)
  }
  return sizes
}

/** The first digits of the digests of an empty input. */
const ofNothing =
  /^(?:cf83e1357eefb8bdf1542850d66d8007|38b060a751ac96384cd9327eb1b1e36a|e3b0c44298fc1c149afbf4c8996fb924|d14a028c2a3a2bc9476102bb288234c4|da39a3ee5e6b4b0d3255bfef95601890|d41d8cd98f00b204e9800998ecf8427e)/

/**
 * Is it the digest of an empty input? Then it says nothing of an image: a distribution hashed a file that it had read
 * to its end before, as Garden Linux does for every file.
 */
export function isOfNothing({ hex }: Digest): boolean {
  return ofNothing.test(hex)
}

/** Can bytes be made that have another file's digest of this algorithm? */
export function isWeak({ algorithm }: Pick<Digest, 'algorithm'>): boolean {
  return algorithm === 'md5' || algorithm === 'sha1'
}

/** @returns CHECKSUM_AMBIGUOUS */
export function ambiguous(name: string, source: string, listed: readonly ChecksumEntry[]): UpdaterError {
  const names = new Set(listed.map((entry) => entry.name ?? name))
  const as = names.size > 1 ? `: it lists ${[...names].slice(0, 5).map(shortened).join(', ')}` : ''
  return new UpdaterError(
    'CHECKSUM_AMBIGUOUS',
    `${redactUrl(source)} has two different checksums for ${shortened(name)}${as}`,
    {
      remedy:
        names.size > 1
          ? 'Name the checksum file of the folder of the image as latest_checksum_url'
          : 'Wait until the distribution has put its checksum file right',
    },
  )
}

function notListed(entries: readonly ChecksumEntry[], name: string, source: string): UpdaterError {
  const near = nearNames(entries, name)
  const instead = near.length === 0 ? '' : `; it lists ${near.map(shortened).join(', ')}`
  return new UpdaterError(
    'CHECKSUM_NOT_LISTED',
    `${redactUrl(source)} has no checksum for ${shortened(name)}${instead}`,
    {
      remedy:
        'Check latest_url and latest_checksum_url of the image: the distribution may have renamed its files',
    },
  )
}

/** @returns CHECKSUM_MALFORMED */
export function unusableChecksum({ algorithm }: UnusableEntry, source: string): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_MALFORMED',
    `${redactUrl(source)} has ${shortened(algorithm)} checksums, which no catalogue can hold`,
    {
      remedy: `Name a checksum file with SHA-512 or SHA-256 as latest_checksum_url: OpenStack Image Manager takes ${digestAlgorithms.join(', ')}`,
    },
  )
}

/** The name without the folders in front of it. */
export function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
}

/** The few listed names whose last part shares the longest beginning with `name`, else the first few. */
function nearNames(entries: readonly ChecksumEntry[], name: string): string[] {
  const names = [...new Set(entries.flatMap((entry) => entry.name ?? []))].filter(
    ({ length }) => length <= 255,
  )
  const shared = (other: string) => [...other].findIndex((character, at) => character !== name[at])
  const near = names
    .map((other) => ({ other, base: baseName(other) }))
    .map(({ other, base }) => ({ other, length: shared(base) === -1 ? base.length : shared(base) }))
    .filter(({ length }) => length > 3)
    .sort((a, b) => b.length - a.length || compareNatural(a.other, b.other))
    .map(({ other }) => other)
  return (near.length > 0 ? near : names).slice(0, 3)
}
