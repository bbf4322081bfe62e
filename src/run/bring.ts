import { asUpdaterError, UpdaterError } from '../errors.ts'
import { abortedError } from '../http/abort.ts'
import { retry } from '../http/retry.ts'
import { type Digest, formatDigest, type SourceFile, type StoredImage, sameDigest } from '../image.ts'
import type { MirrorOutcome } from '../report/schemas.ts'
import { type Address, keyPrefixOf } from '../stores/kinds.ts'
import { checkPublic, findPublic, verifyFull } from '../stores/public.ts'
import type { ObjectRecord, Store, StoredObject, Upload } from '../stores/store.ts'
import { Inspector } from '../transfer/inspect.ts'
import type { Run, Task } from './run.ts'

/** A file whose bytes must have this digest. */
export type KnownFile = SourceFile & { readonly digest: Digest }

/** An image that was transferred in this run. */
export interface Brought extends StoredImage {
  /** Its first bytes. */
  readonly head: Uint8Array
  readonly seconds: number
}

/** What became of an image that the catalogue names. */
type Kept = MirrorOutcome & { readonly status: 'present' | 'stored' | 'would-store' }

/** How often a transfer that ended with this error starts again from scratch. */
const restarts: Partial<Record<UpdaterError['code'], number>> = {
  DIGEST_MISMATCH: 1,
  DECOMPRESSION_FAILED: 1,
  HTTP_TRUNCATED: 3,
}

/**
 * Sees to it that an image that the catalogue names is on the mirror. An object without a record of ours is accepted,
 * so that a mirror which another tool has filled is not filled again.
 * @param looked the object, if it was looked for already
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, PUBLIC_*, ABORTED
 */
export async function keepOnMirror(
  task: Task,
  file: KnownFile,
  address: Address,
  looked?: Promise<StoredObject | undefined>,
): Promise<Kept> {
  const { run, tell } = task
  const { key: object } = address
  if (run.settings.dryRun) {
    return { status: (await seemsPresent(task, file, address)) ? 'present' : 'would-store', object }
  }
  const found = await (looked ?? lookAt(object, run))
  if (found !== undefined && (found.record === undefined || isFrom(found, file.digest))) {
    return { status: 'present', object }
  }
  tell({ type: 'mirror-missing', object, reason: found === undefined ? 'absent' : 'other-bytes' })
  const { size: bytes, seconds } = await bring(task, file, address)
  return { status: 'stored', object, bytes, seconds }
}

/** @throws UpdaterError STORE_*, ABORTED */
export function lookAt(key: string, run: Run): Promise<StoredObject | undefined> {
  return run.checking(() => storeOf(run).stat(key, run.signal))
}

/** Does the record of the object say that it is made of the file with this digest? */
export function isFrom({ record, size }: StoredObject, digest: Digest): boolean {
  return record !== undefined && record.size === size && sameDigest(record.source, digest)
}

/**
 * Brings a file to its address on the mirror: transfers it, verifies every byte, and proves that its public URL
 * answers. Whatever lies there is replaced.
 * @param file without a digest: that of the bytes that come is computed (`source`)
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, PUBLIC_*, ABORTED
 */
export function bring(task: Task, file: SourceFile, address: Address): Promise<Brought> {
  const { run, tell } = task
  const { signal } = run
  const begin = awaitTurn(task, file)
  return run.transferring(async () => {
    begin()
    const started = performance.now()
    const left = { ...restarts }
    const pauseAfter = (error: UpdaterError) => {
      const restartsLeft = left[error.code] ?? 0
      if (restartsLeft === 0 || signal.aborted) return undefined
      left[error.code] = restartsLeft - 1
      tell({ type: 'transfer-retry', error })
      return 0
    }
    const brought = await retry({ pauseAfter, signal }, () => transferOnce(task, file, address, started))
    await run.checking(() => provePublic(task, brought))
    return brought
  })
}

/** Milliseconds. */
const longWait = 1000

/**
 * Tells that a file is to be transferred. The size of one that has to wait is asked, so that it can be said how much is
 * left of all. Returns what ends that.
 */
function awaitTurn({ run, tell }: Task, { url, size }: SourceFile): () => void {
  tell({ type: 'transfer-due', size })
  if (size !== undefined) return () => {}
  let isWaiting = true
  const ask = async () => {
    const facts = await run.checking(() => run.http.facts(url, { signal: run.signal }))
    if (isWaiting) tell({ type: 'transfer-due', size: facts.size })
  }
  // Whatever is wrong is told by the transfer.
  const timer = setTimeout(() => void ask().catch(() => undefined), longWait).unref()
  return () => {
    isWaiting = false
    clearTimeout(timer)
  }
}

/** Nothing is named in the catalogue that a user of the cloud could not fetch. */
export async function provePublic(
  { run, tell }: Task,
  { url, size, digest, source, head }: StoredImage & { readonly head?: Uint8Array },
): Promise<void> {
  const { settings, http, signal } = run
  if (!settings.checkPublic) return
  const record: ObjectRecord = { digest, source, size }
  await checkPublic(url, { size, head, record }, http, signal)
  if (settings.verify === 'full') await verifyFull(url, record, http, signal)
  tell({ type: 'public', url })
}

/**
 * Streams the file to the store in one pass. The object becomes visible only after every byte has been
 * verified; on any failure the upload is aborted and nothing of it stays.
 */
async function transferOnce(
  { image, run, tell }: Task,
  { url, digest: expected, compression }: SourceFile,
  address: Address,
  started: number,
): Promise<Brought> {
  const { settings, http, signal } = run
  const store = storeOf(run)
  const { transfer } = await import('../transfer/transfer.ts')
  const source = await http.download(url, { signal, connections: settings.connections })
  const size = compression === undefined ? source.facts.size : undefined
  const known = size !== undefined && expected !== undefined
  let upload: Upload
  try {
    upload = await store.begin(address.key, {
      size,
      contentType: 'application/octet-stream',
      record: known ? { digest: expected, source: expected, size } : undefined,
      signal,
    })
  } catch (error) {
    await source.discard()
    throw error
  }
  tell({ type: 'transfer-start', url, object: address.key, size: source.facts.size })
  try {
    const { inspection, head, ...transferred } = await transfer({
      source,
      expected,
      compression,
      format: image.format,
      upload,
      inspector: new Inspector(image.format, {
        minDisk: image.minDisk,
        strict: settings.strict,
        maxVirtualSize: settings.maxImageSize,
        allowUnknownRaw: settings.allowUnknownRaw,
      }),
      maxSize: settings.maxImageSize,
      signal,
      onProgress: (progress) => tell({ type: 'transfer-progress', ...progress, size: source.facts.size }),
    })
    const record = { digest: transferred.digest, source: transferred.source, size: transferred.size }
    const doubts = await upload.complete(record)
    const seconds = (performance.now() - started) / 1000
    for (const message of doubts) tell({ type: 'warning', message })
    tell({ type: 'transfer-end', object: address.key, bytes: record.size, seconds })
    for (const message of inspection?.warnings ?? []) tell({ type: 'warning', message })
    return { ...address, ...record, head, seconds }
  } catch (error) {
    await upload.abort()
    throw error
  }
}

/** What a dry run, which asks no store, can tell of an object that the catalogue names. */
async function seemsPresent({ run, tell }: Task, { digest }: KnownFile, { url }: Address): Promise<boolean> {
  const { settings, http, signal, checking } = run
  if (!settings.checkPublic) return true
  try {
    const found = await checking(() => findPublic(url, http, signal))
    if ('turnedAway' in found) return false
    return found.sourceChecksum === undefined || found.sourceChecksum === formatDigest(digest)
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code !== 'PUBLIC_UNREADABLE') throw error
    tell({ type: 'warning', message: `${error.message}: a dry run cannot tell whether it is there` })
    return true
  }
}

function storeOf({ store }: Run): Store {
  if (store === undefined) throw new UpdaterError('INTERNAL', 'This run has no mirror to store on')
  return store
}

/**
 * Brings the checksum files beside objects of one folder up to date. If the store takes none, that is a warning, and
 * no failure of the image.
 * @param folder with the prefix of all keys and a slash at the end
 * @param stored keys that are there for certain
 * @returns warnings
 * @throws UpdaterError ABORTED
 */
export async function writeSums(
  { store, settings, checking, signal }: Run,
  folder: string,
  stored: readonly string[],
): Promise<readonly string[]> {
  if (store === undefined || !settings.checksumFiles) return []
  try {
    const { writeChecksumFiles } = await import('../stores/checksum-files.ts')
    const keyPrefix = keyPrefixOf(settings.mirror)
    return await checking(() => writeChecksumFiles(store, { folder, keyPrefix, stored }, signal))
  } catch (error) {
    if (signal.aborted) throw abortedError(signal)
    const why = asUpdaterError(error).message
    return [
      `The checksums beside the images in ${folder} could not be written (--no-checksum-files writes none): ${why}`,
    ]
  }
}
