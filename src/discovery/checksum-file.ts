import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import { algorithmOfHexLength, type Digest, type DigestAlgorithm, digestAlgorithms } from '../image.ts'
import { shortened } from './names.ts'
import { compareNatural } from './natural-order.ts'

export interface ChecksumEntry {
  /** As it stands in the file, without `*` or `./`. `undefined`: the file is nothing but this digest. */
  readonly name: string | undefined
  readonly digest: Digest
  /** Bytes, if a comment of the file says so. */
  readonly size?: number | undefined
}

/** A file that a manifest lists. */
export type ListedFile = ChecksumEntry & { readonly name: string }

/**
 * Reads a checksum file line by line: GNU (`hex  name`, `hex *name`, `hex name`), BSD (`SHA256 (name) = hex`)
 * with `# name: N bytes` comments, sections (`# SHA512 HASH` above GNU lines), or one bare digest. GNU lines
 * outside of sections have the algorithm of their length. Lines of no such form give no entry. Never throws,
 * linear in the length of `text`.
 */
export function parseChecksumFile(text: string): ChecksumEntry[] {
  const bare = digestOf(text.trim())
  if (bare !== undefined) return [{ name: undefined, digest: bare }]
  const lines = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.trimEnd())
  const sizes = sizesIn(lines)
  let section: Section
  return lines.flatMap((line) => {
    section = sectionOf(line) ?? section
    const entry = line.startsWith('#') ? undefined : (bsdEntry(line) ?? gnuEntry(line, section))
    return entry === undefined ? [] : { ...entry, size: sizes.get(entry.name) }
  })
}

/**
 * The one digest that a checksum file has for `name`, as `preferredDigest` chooses it.
 * @param source URL of the checksum file, for messages
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS
 */
export function lookUpChecksum(
  entries: readonly ChecksumEntry[],
  name: string,
  preferred: DigestAlgorithm | undefined,
  source: string,
): ChecksumEntry {
  const named = entries.filter((entry) => entry.name === name || entry.name === undefined)
  const ofSomething = named.filter(({ digest }) => !isOfNothing(digest))
  const listed = ofSomething.length > 0 ? ofSomething : named
  const byAlgorithm = new Map(listed.map((entry) => [entry.digest.algorithm, entry]))
  if (listed.some(({ digest }) => byAlgorithm.get(digest.algorithm)?.digest.hex !== digest.hex)) {
    throw ambiguous(name, source)
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

/** `undefined`: outside of sections; `unknown`: a section of an algorithm that is not in use for images. */
type Section = DigestAlgorithm | 'unknown' | undefined

function digestOf(hex: string): Digest | undefined {
  const algorithm = hex.length > 128 ? undefined : algorithmOfHexLength(hex.length)
  return algorithm && /^[0-9a-f]+$/i.test(hex) ? { algorithm, hex: hex.toLowerCase() } : undefined
}

function gnuEntry(line: string, section: Section): ListedFile | undefined {
  const end = line.slice(0, 129).search(/[ \t]/)
  const digest = end === -1 ? undefined : digestOf(line.slice(0, end))
  if (digest === undefined || (section !== undefined && section !== digest.algorithm)) return undefined
  const marked = line.slice(end + 1)
  const name = marked.startsWith('*') ? marked.slice(1) : marked.trimStart()
  return entryOf(name, digest)
}

function bsdEntry(line: string): ListedFile | undefined {
  const open = line.slice(0, 16).indexOf('(')
  const equals = line.lastIndexOf('=')
  const before = line.slice(0, equals).trimEnd()
  if (open === -1 || !before.endsWith(')')) return undefined
  const digest = digestOf(line.slice(equals + 1).trimStart())
  if (digest === undefined || algorithmOf(line.slice(0, open)) !== digest.algorithm) return undefined
  return entryOf(before.slice(open + 1, -1), digest)
}

function entryOf(written: string, digest: Digest): ListedFile | undefined {
  const name = written.startsWith('./') ? written.slice(2) : written
  return name === '' ? undefined : { name, digest }
}

/** `SHA256`, `SHA2-256`, `sha-256`, … */
function algorithmOf(label: string): DigestAlgorithm | undefined {
  const plain = label.trim().toLowerCase()
  return digestAlgorithms.find((algorithm) => algorithm === plain.replace(/^sha2?-/, 'sha'))
}

/** `# SHA512 HASH`, as Flatcar and Gentoo head the parts of their `.DIGESTS`. */
function sectionOf(comment: string): Section {
  const label = /^#\s?(\S{1,16}) HASH$/i.exec(comment)?.[1]
  return label === undefined ? undefined : (algorithmOf(label) ?? 'unknown')
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
export function isWeak({ algorithm }: Digest): boolean {
  return algorithm === 'md5' || algorithm === 'sha1'
}

function ambiguous(name: string, source: string): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_AMBIGUOUS',
    `${redactUrl(source)} has two different checksums for ${shortened(name)}`,
    { remedy: 'Wait until the distribution has put its checksum file right' },
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

/** The few listed names that share the longest beginning with `name`. */
function nearNames(entries: readonly ChecksumEntry[], name: string): string[] {
  const names = [...new Set(entries.flatMap((entry) => entry.name ?? []))]
  const shared = (other: string) => [...other].findIndex((character, at) => character !== name[at])
  return names
    .filter((other) => other.length <= 255)
    .map((other) => ({ other, length: shared(other) === -1 ? other.length : shared(other) }))
    .filter(({ length }) => length > 3)
    .sort((a, b) => b.length - a.length || compareNatural(a.other, b.other))
    .slice(0, 3)
    .map(({ other }) => other)
}
