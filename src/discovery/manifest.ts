import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import { type DigestAlgorithm, type Image, parseDigest, sameDigest } from '../image.ts'
import { type ChecksumEntry, type ListedFile, lookUpChecksum, parseChecksumFile } from './checksum-file.ts'
import { splitFileUrl } from './file-url.ts'
import { isSafeFileName } from './names.ts'
import type { ResolverContext } from './resolver.ts'
import { fetchVerified, type VerifiedText } from './signatures/check.ts'
import { compareStamps, findStamp } from './stamp.ts'

/** A distribution's checksum file. */
export interface Manifest extends Pick<VerifiedText, 'url' | 'trust'> {
  readonly entries: readonly ChecksumEntry[]
}

/**
 * Asks for a checksum file and reads it.
 * @param isFirst as for `fetchVerified`
 * @throws UpdaterError HTTP_*, SIGNATURE_*, CHECKSUM_MALFORMED if the file holds no checksum at all
 */
export async function fetchManifest(
  url: string,
  context: ResolverContext,
  isFirst = false,
): Promise<Manifest> {
  context.tell({ type: 'checksums-from', url: redactUrl(url) })
  const { text, trust } = await fetchVerified(url, context, isFirst)
  // Debian's JSON of a build is the only form that is not read line by line.
  const entries = /^\s*\{/.test(text)
    ? (await import('./documents.ts')).parseDebianBuild(text, url)
    : parseChecksumFile(text)
  if (entries.length > 0) return { url, entries, trust }
  throw noChecksum(url)
}

/** @returns CHECKSUM_MALFORMED */
export function noChecksum(url: string): UpdaterError {
  return new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} holds no checksum`, {
    remedy: 'Look at what the server sends there, often a page about an error',
  })
}

/**
 * Returns the file `name` with its checksum, in the algorithm of the image's catalogue entry if the manifest
 * has it. A file of its own beside the image (`<name>.sha256`) may tell the name of the build instead,
 * as openSUSE's do: `x-Cloud-Build18.7.qcow2` for `x-Cloud.qcow2`.
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS
 */
export function listedFile(name: string, { url, entries }: Manifest, image: Image): ListedFile {
  const [only = name, another] = new Set(entries.map((entry) => entry.name))
  const isBeside = another === undefined && splitFileUrl(url)?.name.startsWith(`${name}.`)
  const listed = isBeside && isBuildOf(name, only) ? entries.map((entry) => ({ ...entry, name })) : entries
  return { ...lookUpChecksum(listed, name, catalogueAlgorithm(image), url), name }
}

function isBuildOf(name: string, build: string): boolean {
  const extension = `.${extensionOf(name)}`
  const stem = name.slice(0, -extension.length)
  return build.startsWith(`${stem}-`) && build.endsWith(extension) && isSafeFileName(build)
}

/** The algorithm of the checksum that the catalogue has now. */
export function catalogueAlgorithm(image: Image): DigestAlgorithm | undefined {
  return parseDigest(image.versions[0]?.checksum ?? '')?.algorithm
}

/**
 * Returns the file under the dated name of its build. A name without a build stamp may be an alias (`…-latest.…`) that
 * moves on; the manifest may list the same bytes under a name that stays. Of several such names the newest counts.
 */
export function datedTwin(file: ListedFile, { entries }: Manifest): ListedFile {
  if (findStamp(file.name) !== undefined) return file
  const twins = entries.flatMap(({ name = '', digest, size }) => {
    const isTwin = sameDigest(digest, file.digest) && extensionOf(name) === extensionOf(file.name)
    const stamp = isTwin && isSafeFileName(name) ? findStamp(name) : undefined
    return stamp ? [{ name, digest, size, stamp }] : []
  })
  return twins.sort((a, b) => compareStamps(b.stamp, a.stamp))[0] ?? file
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
