import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { Trust } from '../image.ts'
import { type ChecksumEntry, parseChecksumFile } from './checksum-file.ts'
import type { ResolverContext } from './resolver.ts'
import { checkSignature } from './signatures/check.ts'
import { withoutFrame } from './signatures/clearsigned.ts'

/** A distribution's checksum file. */
export interface Manifest {
  readonly url: string
  readonly entries: readonly ChecksumEntry[]
  readonly trust: Trust
}

/** A text of a distribution, after who signed it has been looked at. */
export interface VerifiedText {
  readonly url: string
  /** With `signed`, only what the signature covers. */
  readonly text: string
  readonly trust: 'signed' | 'checksum'
}

/**
 * Fetches a text that a build or its checksum is read from, and verifies its signature. All such texts come in through
 * here, except listings.
 * @param isFirst nothing was asked of this server before: a signature is asked for meanwhile, by a connection of its
 * own. Later, to open that one would take longer than to wait for the text's.
 * @throws UpdaterError HTTP_*, SIGNATURE_*
 */
export async function fetchVerified(
  url: string,
  context: ResolverContext,
  isFirst = false,
): Promise<VerifiedText> {
  const { http, signal, signatures } = context
  const answer = http.text(url, { signal })
  if (!isFirst) await answer
  if (signatures === undefined) {
    return { url, text: withoutFrame((await answer).text, url), trust: 'checksum' }
  }
  const { resolver, release } = context
  const { text, trust, warnings } = await checkSignature(
    {
      url,
      bytes: answer.then(({ bytes }) => bytes),
      distribution: resolver.name,
      signature: resolver.signature,
      release,
      signal,
    },
    signatures,
  )
  for (const message of warnings) context.tell({ type: 'warning', message })
  return { url, text, trust }
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
