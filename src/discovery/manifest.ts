import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { Trust } from '../image.ts'
import { type ChecksumEntry, parseChecksumFile } from './checksum-file.ts'
import type { ResolverContext } from './resolver.ts'
import { fetchVerified } from './signatures/check.ts'

/** A distribution's checksum file. */
export interface Manifest {
  readonly url: string
  readonly entries: readonly ChecksumEntry[]
  readonly trust: Trust
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
  const entries = /^\s*\{/.test(text) ? await readJson(text, url) : parseChecksumFile(text)
  if (entries.length > 0) return { url, entries, trust }
  throw noChecksum(url)
}

/** Debian's JSON of a build, the only form that is not read line by line. */
async function readJson(text: string, url: string): Promise<ChecksumEntry[]> {
  const { parseDebianBuild } = await import('./build-documents.ts')
  return parseDebianBuild(text, url)
}

/** @returns CHECKSUM_MALFORMED */
export function noChecksum(url: string): UpdaterError {
  return new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} holds no checksum`, {
    remedy: 'Look at what the server sends there, often a page about an error',
  })
}
