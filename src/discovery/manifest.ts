import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { Trust } from '../image.ts'
import { type ChecksumEntry, parseChecksumFile } from './checksum-file.ts'
import type { ResolverContext } from './resolver.ts'

/** A distribution's checksum file. */
export interface Manifest {
  readonly url: string
  readonly entries: readonly ChecksumEntry[]
  readonly trust: Trust
}

/**
 * Asks for a checksum file, verifies what signs it, and reads it. Every checksum file comes in through here.
 * @throws UpdaterError HTTP_*, SIGNATURE_*, CHECKSUM_MALFORMED where the file holds no checksum at all
 */
export async function fetchManifest(url: string, context: ResolverContext): Promise<Manifest> {
  context.tell({ type: 'checksums-from', url: redactUrl(url) })
  const answer = await context.http.text(url, { signal: context.signal })
  const { text, trust, warnings } = (await context.verify?.({ url, bytes: answer.bytes })) ?? {
    text: answer.text,
    trust: 'checksum' as const,
    warnings: [],
  }
  for (const message of warnings) context.tell({ type: 'warning', message })
  const entries = parseChecksumFile(text)
  if (entries.length > 0) return { url, entries, trust }
  throw new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} holds no checksum`, {
    remedy: 'Look at what the server sends there, often a page about an error',
  })
}
