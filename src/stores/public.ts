import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno } from '../files.ts'
import { readStart } from '../http/answer.ts'
import type { Download, HttpClient } from '../http/client.ts'
import { HttpError, statusOf } from '../http/failure.ts'
import { retry } from '../http/retry.ts'
import type { OpenBody } from '../http/transport.ts'
import { redactUrl } from '../http/url.ts'
import { formatDigest } from '../image.ts'
import { adviceOn, publicOptions } from './kinds.ts'
import { openPublicFile } from './public-file.ts'
import { parseMoment } from './record.ts'
import type { ObjectRecord } from './store.ts'

/** What a public URL must answer with. A field that is undefined is not compared. */
export interface Expected {
  /** Bytes of the whole object. */
  readonly size?: number | undefined
  /** Its first bytes. */
  readonly head?: Uint8Array | undefined
  /** Given for an object that is known to be stored: a 404 may pass, and the digest that the URL tells must agree. */
  readonly record?: ObjectRecord | undefined
}

/** Bytes of an object that are asked for. */
const headSize = 512
/** Milliseconds before each further look at a URL that does not show a stored object yet. */
const patience = [250, 1000]

/**
 * Asks the URL as OpenStack will: without credentials. A ranged GET, since Swift answers HEAD with 200
 * for an object whose segments nobody may read.
 * @throws UpdaterError PUBLIC_UNREADABLE, PUBLIC_MISMATCH, ABORTED
 */
export async function checkPublic(
  url: string,
  expected: Expected,
  http: HttpClient,
  signal?: AbortSignal,
): Promise<void> {
  // An object that was stored may need a moment to show.
  const pauseAfter = (error: UpdaterError, number: number) =>
    expected.record !== undefined && statusOf(error) === 404 ? patience[number] : undefined
  const found = await retry({ pauseAfter, signal }, async () => {
    const answer = await findPublic(url, http, signal)
    if ('turnedAway' in answer) throw refused(url, answer.turnedAway)
    return answer
  })
  const mismatch = compare(found, expected)
  if (mismatch === undefined) return
  throw new UpdaterError('PUBLIC_MISMATCH', `${redactUrl(url)} is not the stored image: ${mismatch}`, {
    remedy: `Check that ${publicOptions.join(' or ')} leads to the stored images, and that no cache in between is stale`,
  })
}

/**
 * Downloads the whole object and hashes it.
 * @throws UpdaterError PUBLIC_UNREADABLE, PUBLIC_MISMATCH, ABORTED
 */
export async function verifyFull(
  url: string,
  { digest, size }: Pick<ObjectRecord, 'digest' | 'size'>,
  http: HttpClient,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash(digest.algorithm)
  let received = 0
  try {
    const { body } = await readPublic(url, http, signal)
    for await (const chunk of body) {
      received += chunk.length
      hash.update(chunk)
      if (received > size) break
    }
  } catch (error) {
    throw unreadable(url, error)
  }
  const hex = hash.digest('hex')
  const found = received > size ? 'more' : `${received} bytes with ${formatDigest({ ...digest, hex })}`
  if (received === size && hex === digest.hex) return
  throw new UpdaterError(
    'PUBLIC_MISMATCH',
    `${redactUrl(url)} is not the stored image: expected ${size} bytes with ${formatDigest(digest)}, found ${found}`,
    { remedy: 'Remove the object from the mirror and run again' },
  )
}

/** An object as its public URL shows it. */
export interface PublicObject {
  /** Bytes. */
  readonly size: number | undefined
  /** Its first bytes. */
  readonly head: Uint8Array
  /** `algorithm:hex` of the stored bytes, as the updater records it. */
  readonly checksum: string | undefined
  /** `algorithm:hex` that the distribution published, as the updater records it. */
  readonly sourceChecksum: string | undefined
  /** When that was signed, as the updater records it. */
  readonly signedAt?: Date | undefined
}

/** An object, or the status with which a reader without credentials was turned away. */
export type PublicAnswer = PublicObject | { readonly turnedAway: 401 | 403 | 404 | 410 }

/**
 * Asks a public URL what is there. Many object stores answer 403 or 401 for an object that is missing.
 * @throws UpdaterError PUBLIC_UNREADABLE if the answer says neither that it is there nor that it is not, ABORTED
 */
export async function findPublic(url: string, http: HttpClient, signal?: AbortSignal): Promise<PublicAnswer> {
  try {
    if (url.startsWith('file:')) return await lookAtFile(url, http)
    const headers = { range: `bytes=0-${headSize - 1}` }
    const answer = await http.send('GET', url, { headers, signal })
    const { status } = answer
    if (status === 200 || status === 206) return await look(answer)
    await answer.discard()
    if (status === 401 || status === 403 || status === 404 || status === 410) return { turnedAway: status }
    throw refused(url, status)
  } catch (error) {
    throw unreadable(url, error)
  }
}

function compare(found: PublicObject, { size, head, record }: Expected): string | undefined {
  if (size !== undefined && found.size !== size) {
    return `expected ${size} bytes, found ${found.size ?? 'an unknown number of'} bytes`
  }
  const length = Math.min(head?.length ?? 0, headSize)
  if (head !== undefined && Buffer.compare(head.subarray(0, length), found.head.subarray(0, length)) !== 0) {
    return `its first ${length} bytes differ`
  }
  const fitting = record === undefined ? found.checksum : formatDigest(record.digest)
  const isOther = found.checksum !== undefined && found.checksum !== fitting
  return isOther ? 'it carries the checksum of another image' : undefined
}

async function look(answer: OpenBody): Promise<PublicObject> {
  const { status, headers } = answer
  const total = /^bytes 0-\d+\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  const length = status === 206 ? total : headers['content-length']
  const head = await readStart(answer, headSize)
  return {
    size: length === undefined ? undefined : Number(length),
    head,
    checksum: headers['x-amz-meta-checksum'] ?? headers['x-object-meta-checksum'],
    sourceChecksum: headers['x-amz-meta-source-checksum'] ?? headers['x-object-meta-source-checksum'],
    signedAt: parseMoment(headers['x-amz-meta-signed'] ?? headers['x-object-meta-signed'] ?? ''),
  }
}

async function lookAtFile(url: string, { fileRoots }: HttpClient): Promise<PublicAnswer> {
  const file = await openPublicFile(url, fileRoots)
  if (file === undefined) return { turnedAway: 404 }
  try {
    const { size } = await file.stat()
    return { size, head: await startOf(file, headSize), checksum: undefined, sourceChecksum: undefined }
  } finally {
    await file.close()
  }
}

async function startOf(file: FileHandle, limit: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, 0)
  return buffer.subarray(0, bytesRead)
}

/**
 * Returns the beginning of the text of a file of this machine, or undefined if it cannot be had.
 * @param roots folders below which it has to lie
 */
export async function readFileStart(
  url: string,
  limit: number,
  roots: readonly string[],
): Promise<string | undefined> {
  const file = await openPublicFile(url, roots).catch(() => undefined)
  const start = file && (await startOf(file, limit).catch(() => undefined))
  await file?.close()
  return start?.toString()
}

/** Returns the first bytes as text, or undefined if they cannot be had. @throws UpdaterError ABORTED */
export async function readPublicStart(
  url: string,
  limit: number,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    if (url.startsWith('file:')) return await readFileStart(url, limit, http.fileRoots)
    const answer = await http.send('GET', url, { signal })
    const start = await readStart(answer, limit)
    return answer.status === 200 ? start.toString() : undefined
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

/** A public file on its way. Whoever opened it reads it to the end or calls `discard`. */
interface OpenFile extends Pick<Download, 'body' | 'discard'> {
  /** Bytes that are announced. */
  readonly size?: number | undefined
}

/** Opens the file behind a public URL. @throws UpdaterError HTTP_*, PUBLIC_*, ABORTED, and what the file system throws */
export async function readPublic(
  url: string,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<OpenFile> {
  if (url.startsWith('file:')) {
    const file = await openPublicFile(url, http.fileRoots)
    if (file === undefined) throw refused(url, 404)
    const body = file.createReadStream({ signal, highWaterMark: 2 ** 20 })
    return { body, discard: async () => void body.destroy() }
  }
  const { facts, body, discard } = await http.download(url, { signal })
  return { size: facts.size, body, discard }
}

function refused(url: string, status: number): UpdaterError {
  const { protocol, host } = new URL(url)
  const remedy = adviceOn(status) ?? `Check what ${protocol}//${host} answers to a GET without credentials`
  return new HttpError(
    'PUBLIC_UNREADABLE',
    `${redactUrl(url)} answers ${status} to a reader without credentials`,
    { status, remedy },
  )
}

function unreadable(url: string, thrown: unknown): UpdaterError {
  const error = isErrno(thrown) ? fileError(url, thrown) : asUpdaterError(thrown)
  if (error.code === 'ABORTED' || error.code.startsWith('PUBLIC_') || error.code === 'INTERNAL') return error
  return new UpdaterError('PUBLIC_UNREADABLE', `The image cannot be read as users will: ${error.message}`, {
    remedy: `Check ${publicOptions.join(' and ')}${error.remedy === undefined ? '' : `. ${error.remedy}`}`,
    cause: error,
  })
}

function fileError(url: string, cause: NodeJS.ErrnoException): UpdaterError {
  const { why, remedy } = explainRefusal(cause)
  return new UpdaterError('STORE_FAILED', `${url} cannot be read: ${why}`, { remedy, cause })
}
