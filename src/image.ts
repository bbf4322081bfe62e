/** The values that flow through the program. All of them are plain and immutable. */

/**
 * The digest algorithms that a catalogue can hold, by the schema of OpenStack Image Manager. What is published in
 * another one is not read: `update` would write what `validate` and Image Manager refuse.
 */
export const digestAlgorithms = ['sha512', 'sha256', 'sha1', 'md5'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

/** A digest: `hex` is lower case. Written in catalogues as `algorithm:hex`. */
export interface Digest {
  readonly algorithm: DigestAlgorithm
  readonly hex: string
}

/** Image formats of OpenStack Image Manager's schema. */
export const imageFormats = ['aki', 'ari', 'ami', 'raw', 'iso', 'vhd', 'vdi', 'qcow2', 'vmdk'] as const
export type ImageFormat = (typeof imageFormats)[number]

/** One entry of an image's `versions` list, as far as the updater reads it. */
export interface ImageVersion {
  readonly version?: string | undefined
  /** `YYYY-MM-DD` (or another text that the catalogue has instead). */
  readonly buildDate?: string | undefined
  /** As it stands in the catalogue: `algorithm:hex`, of what is at `mirrorUrl`, or at `url` if there is none. */
  readonly checksum?: string | undefined
  readonly url?: string | undefined
  readonly mirrorUrl?: string | undefined
}

/** One image definition of a catalogue file. */
export interface Image {
  readonly file: string
  /** Position in the file's `images` list, from 0. */
  readonly index: number
  /** Where the definition starts. From 1. */
  readonly line: number
  readonly column: number
  readonly name: string
  readonly shortname: string | undefined
  readonly enable: boolean
  readonly format: ImageFormat
  /** GiB. */
  readonly minDisk: number | undefined
  readonly latestUrl: string | undefined
  readonly latestChecksumUrl: string | undefined
  readonly osDistro: string | undefined
  readonly osVersion: string | undefined
  readonly architecture: string | undefined
  /** How often the operator promises a new build, e.g. `quarterly`. */
  readonly replaceFrequency?: string | undefined
  /** N of `uuid_validity: last-N` if the image is `multi: true`: versions that Image Manager keeps. */
  readonly lastVersions?: number | undefined
  readonly versions: readonly ImageVersion[]
}

/** How the distribution packs the file that it publishes; in a `tar` archive one file is the image. */
export const compressions = [
  'tar.gz',
  'tar.xz',
  'tar.bz2',
  'tar.zst',
  'tar',
  'gz',
  'xz',
  'bz2',
  'zst',
  'zip',
] as const
export type Compression = (typeof compressions)[number]

/** How far the digest of a build can be trusted. */
export type Trust = 'signed' | 'checksum' | 'first-use'

/** Who made a good signature, and when. */
export interface Signer {
  /** Of the primary key, lower case. */
  readonly fingerprint: string
  /** When it was made, as it says of itself; absent: nothing tells. What names claim is held to it. */
  readonly signedAt?: Date | undefined
  /** When the key, or the subkey that signed, ends; absent: never, as far as the key tells. */
  readonly keyEnds?: Date | undefined
}

/** A signature of a file's own bytes that is good but for these, which have not come yet. */
export interface FileSignature {
  /** Of the hash that is signed, by its name in `node:crypto`. */
  readonly algorithm: string
  /** What is hashed behind the file's bytes. */
  readonly trailer: Uint8Array
  /** Who claims to have made it. */
  readonly signer: Signer
  /**
   * @param hash of the file's bytes and the trailer
   * @throws UpdaterError SIGNATURE_BAD if it is not the one that was signed
   */
  readonly prove: (hash: Uint8Array) => Promise<void>
}

/** A file that an image is made of, as it lies on a server. */
export interface SourceFile {
  readonly url: string
  /** Of the bytes at `url`, still compressed. `undefined`: none is published. */
  readonly digest: Digest | undefined
  /** Bytes at `url`, if the manifest says so. */
  readonly size?: number | undefined
  readonly compression?: Compression | undefined
  /** Of what comes out of a packed file, if that is known beforehand. */
  readonly content?: Digest | undefined
  /** Of the bytes at `url`, if its distribution signs the image itself; a transfer verifies it. */
  readonly signature?: FileSignature | undefined
  /** When what proves the digest, or the file itself, was signed; absent: nothing signed tells. */
  readonly signedAt?: Date | undefined
}

/**
 * The newest build of an image, as its distribution publishes it. `url` is the build's own: never a placeholder,
 * a dated name if the distribution has one.
 */
export interface Build extends SourceFile {
  /** Name of the resolver that found it. */
  readonly resolver: string
  /** The distribution's own, e.g. `4230.2.4`. Absent: its builds are counted by days, and the date is the version. */
  readonly version?: string | undefined
  /**
   * `YYYYMMDD`, if the names of the build or its signature tell it (`dates.ts`); else the file's Last-Modified is asked
   * (`dateOf`).
   */
  readonly date?: string | undefined
  /** `first-use`: no digest is published, and `url` names the version. */
  readonly trust: Trust
  /** With `signed`: by whom. */
  readonly signer?: Signer | undefined
}

/** An image on the mirror. */
export interface StoredImage {
  /** Key in the bucket, or path below the mirror's folder. */
  readonly key: string
  /** Its public URL. */
  readonly url: string
  /** Bytes. */
  readonly size: number
  /** Of the stored bytes. */
  readonly digest: Digest
  /** Of the file that it was made of. */
  readonly source: Digest
}

/** The values of `versions[0]` that an update writes. `mirrorUrl: null` removes the key. */
export interface VersionValues {
  readonly version: string
  /** `YYYY-MM-DD`, written as a YAML date. */
  readonly buildDate: string
  readonly checksum: string
  readonly url: string
  readonly mirrorUrl: string | null
}

/** The day of a version's build, `YYYYMMDD`: the version itself where it is a day, else `build_date`. */
export function dateOfVersion({ version = '', buildDate = '' }: ImageVersion): string | undefined {
  return [version, buildDate.replaceAll('-', '')].find((text) => /^\d{8}$/.test(text))
}

export function formatDigest(digest: Digest): string {
  return `${digest.algorithm}:${digest.hex}`
}

/** Hexadecimal digits of a digest. */
export const hexLengths: Readonly<Record<DigestAlgorithm, number>> = {
  sha512: 128,
  sha256: 64,
  sha1: 40,
  md5: 32,
}

/** Returns undefined if the text is not `algorithm:hex` with a known algorithm and its length. */
export function parseDigest(text: string): Digest | undefined {
  const [algorithm, hex, rest] = text.toLowerCase().split(':')
  if (rest !== undefined || hex === undefined || algorithm === undefined) return undefined
  const known = digestAlgorithms.find((candidate) => candidate === algorithm)
  if (known === undefined || !/^[0-9a-f]+$/.test(hex) || hex.length !== hexLengths[known]) return undefined
  return { algorithm: known, hex }
}

/** The one algorithm whose hexadecimal digest has this many digits, among those in use for images. */
export function algorithmOfHexLength(length: number): DigestAlgorithm | undefined {
  return digestAlgorithms.find((algorithm) => hexLengths[algorithm] === length)
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.algorithm === b.algorithm && a.hex === b.hex
}
