import { isWeak } from '../discovery/checksum-file.ts'
import type { RecordedDigests } from '../discovery/standing.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { abortedError } from '../http/abort.ts'
import { retry } from '../http/retry.ts'
import {
  type Digest,
  type DigestAlgorithm,
  hexLengths,
  type SourceFile,
  type StoredImage,
  sameDigest,
} from '../image.ts'
import type { MirrorOutcome } from '../report/schemas.ts'
import { type Address, keyPrefixOf } from '../stores/kinds.ts'
import { sidecarKey } from '../stores/naming.ts'
import { checkPublic, verifyFull } from '../stores/public.ts'
import { readSidecar, writeSidecar } from '../stores/sidecar.ts'
import type { ObjectRecord, Store } from '../stores/store.ts'
import { sharedObject } from './named.ts'
import { findRecorded, isMadeOf, isRecordedOf, type Looked, recordedOf } from './recorded.ts'
import type { Run, Task } from './run.ts'
import { send } from './send.ts'

/** A file that is to lie on the mirror. */
export interface WantedFile extends SourceFile {
  /** Of the digest by which the catalogue names what comes out of a packed file. Default: sha256. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** An image that was transferred in this run. */
export interface Brought extends StoredImage {
  /** Its first bytes. */
  readonly head: Uint8Array
  readonly seconds: number
  /** The digest by which the catalogue names it. */
  readonly name: Digest
}

/** What became of an image that the catalogue names. */
export interface Kept {
  readonly mirror: MirrorOutcome & { readonly status: 'present' | 'stored' | 'would-store' }
  /** The digest by which the catalogue has to name it, if the one that it has is that of the packed file. */
  readonly name?: Digest | undefined
}

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
  file: WantedFile,
  address: Address,
  looked?: Looked,
): Promise<Kept> {
  const { run, tell } = task
  const { key: object } = address
  if (run.settings.dryRun) {
    const found = await seemsPresent(task, file, address)
    const status = found === undefined ? 'would-store' : 'present'
    return { mirror: { status, object }, name: renamed(found ?? [], file) }
  }
  const found = looked ?? (await lookAt(object, run, file))
  const recorded = recordedOf(found)
  if (found.object !== undefined && (found.object.record === undefined || isMadeOf(recorded, file))) {
    const name = renamed(recorded, file)
    await vouch(task, address, found, { ...file, content: name ?? file.content })
    return { mirror: { status: 'present', object }, name }
  }
  if (found.object !== undefined) return replaceOnMirror(task, file, address)
  tell({ type: 'mirror-missing', object, reason: 'absent' })
  return bringNamed(task, file, address)
}

/**
 * Brings an image that the catalogue names in place of other bytes. Those stay until every new one has been verified.
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, PUBLIC_*, ABORTED
 */
export function replaceOnMirror(task: Task, file: WantedFile, address: Address): Promise<Kept> {
  task.tell({ type: 'mirror-missing', object: address.key, reason: 'other-bytes' })
  return bringNamed(task, file, address)
}

async function bringNamed(task: Task, file: WantedFile, address: Address): Promise<Kept> {
  const { key: object, size: bytes, seconds, name } = await bring(task, file, address)
  const isRenamed = file.content !== undefined && !sameDigest(name, file.content)
  return { mirror: { status: 'stored', object, bytes, seconds }, name: isRenamed ? name : undefined }
}

/** The digest of the content, if the catalogue has that of the packed file instead. */
function renamed(recorded: readonly RecordedDigests[], { digest, content }: SourceFile): Digest | undefined {
  if (digest !== undefined || content === undefined) return undefined
  return recorded.find(
    ({ source, digest: stored }) => sameDigest(source, content) && !sameDigest(stored, content),
  )?.digest
}

/** Looks at an object, and for a packed file at what is beside it. @throws UpdaterError STORE_*, ABORTED */
export function lookAt(
  key: string,
  run: Run,
  { compression }: Pick<SourceFile, 'compression'>,
): Promise<Looked> {
  const store = storeOf(run)
  return run.checking(async (signal) => {
    const [object, sidecar] = await Promise.all([
      store.stat(key, signal),
      compression === undefined ? undefined : readSidecar(store, key, signal),
    ])
    return { object, sidecar }
  })
}

/**
 * Sees to it that the sidecar beside an object that was made of a packed file names both, so that the next run, and
 * whoever reads the mirror, can tell. A store that does not take it costs a warning.
 * @param file its `content` is what the catalogue has
 * @throws UpdaterError ABORTED
 */
export async function vouch(
  { run, tell }: Task,
  { key }: Address,
  { object, sidecar }: Looked,
  { compression, content, digest, ...file }: WantedFile,
): Promise<void> {
  const size = object?.size
  const isNamed = content !== undefined && sidecar !== undefined && sameDigest(sidecar.digest, content)
  const source = digest ?? (isNamed ? sidecar.source : object?.record?.source)
  if (compression === undefined || content === undefined || source === undefined || size === undefined) return
  if (isNamed && sameDigest(sidecar.source, source) && sidecar.size === size) return
  if (run.named.has(sidecarKey(key))) {
    return tell({ type: 'warning', message: `The catalogue names ${sidecarKey(key)}, which is left alone` })
  }
  try {
    // The signature of an image is proven by its transfer alone, which has it in the object's record.
    const own = file.signature === undefined ? file.signedAt : undefined
    const signedAt = object?.record?.signedAt ?? own
    const record = { digest: content, source, size, signedAt }
    const message = await run.checking((signal) => writeSidecar(storeOf(run), key, record, signal))
    if (message !== undefined) tell({ type: 'warning', message })
  } catch (error) {
    if (run.signal.aborted) throw abortedError(run.signal)
    const why = asUpdaterError(error).message
    tell({
      type: 'warning',
      message: `Of which packed file ${key} was made could not be written beside it: ${why}`,
    })
  }
}

/**
 * Brings a file to its address on the mirror: transfers it, verifies every byte, and proves that its public URL
 * answers. Whatever lies there is replaced, but for what the catalogue names by other bytes.
 * @param file without a digest: that of the bytes that come is computed (`source`)
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, SIGNATURE_BAD, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, PUBLIC_*, ABORTED,
 * CATALOG_TYPE
 */
export async function bring(task: Task, file: WantedFile, address: Address): Promise<Brought> {
  const { run } = task
  await assertReplaceable(task, file, address)
  await run.readers.assertAny()
  const begin = awaitTurn(task, file)
  return run.transferring(async () => {
    begin()
    const started = performance.now()
    const brought = await retry(restarting(task), () => transferOnce(task, file, address, started))
    const { key, size, name: content, source: digest } = brought
    const record = { ...brought, signedAt: file.signedAt }
    const object = { key, size, lastModified: undefined, record }
    await vouch(task, address, { object, sidecar: undefined }, { ...file, content, digest })
    await provePublic(task, brought)
    return brought
  })
}

/** A transfer whose bytes were wrong or too few starts again from scratch, some times. */
export function restarting({
  run: { signal },
  tell,
}: Pick<Task, 'tell'> & { readonly run: Pick<Run, 'signal'> }) {
  const left = { ...restarts }
  const pauseAfter = (error: UpdaterError) => {
    const restartsLeft = left[error.code] ?? 0
    if (restartsLeft === 0 || signal.aborted) return undefined
    left[error.code] = restartsLeft - 1
    tell({ type: 'transfer-retry', error })
    return 0
  }
  return { pauseAfter, signal }
}

/** @throws UpdaterError CATALOG_TYPE if the catalogue names what lies there, and it is not made of this file */
async function assertReplaceable({ run }: Task, file: WantedFile, { key }: Address): Promise<void> {
  const [other] = run.named.others(key, file)
  if (other === undefined) return
  const { object } = await lookAt(key, run, file)
  if (object !== undefined && !isRecordedOf(object, file)) throw sharedObject(key, other)
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
    const facts = await run.checking((signal) => run.http.facts(url, { signal }))
    if (isWaiting) tell({ type: 'transfer-due', size: facts.size })
  }
  // Whatever is wrong is told by the transfer.
  const timer = setTimeout(() => void ask().catch(() => undefined), longWait).unref()
  return () => {
    isWaiting = false
    clearTimeout(timer)
  }
}

/** The digest of stored bytes has an algorithm of which nobody can make other bytes. */
function strong(algorithm: DigestAlgorithm = 'sha256'): DigestAlgorithm {
  return isWeak({ algorithm }) ? 'sha256' : algorithm
}

/** The digest by which the catalogue names a file on the mirror, if it is known before the file is there. */
export function nameOf({ digest, content, compression, algorithm }: WantedFile): Digest | undefined {
  if (compression === undefined) return digest
  return content?.algorithm === strong(algorithm) ? content : undefined
}

/** Stands for that digest, to find out beforehand whether the catalogue can be edited, where only the transfer tells it. */
export function standInOf({ algorithm }: WantedFile): Digest {
  const known = strong(algorithm)
  return { algorithm: known, hex: '0'.repeat(hexLengths[known]) }
}

/** Nothing is named in the catalogue that a user of the cloud could not fetch. */
export async function provePublic(
  { run, tell }: Task,
  { url, size, digest, source, head }: StoredImage & { readonly head?: Uint8Array },
): Promise<void> {
  const { settings, http, signal } = run
  if (!settings.checkPublic) return
  const record: ObjectRecord = { digest, source, size }
  await run.checking((either) => checkPublic(url, { size, head, record }, http, either))
  if (settings.verify === 'full') await verifyFull(url, record, http, signal)
  tell({ type: 'public', url })
}

/**
 * Streams the file to the store in one pass. The object becomes visible only after every byte has been
 * verified; on any failure the upload is aborted and nothing of it stays.
 */
async function transferOnce(
  task: Task,
  file: WantedFile,
  address: Address,
  started: number,
): Promise<Brought> {
  const { digest: expected, compression, content, algorithm, signedAt } = file
  const store = storeOf(task.run)
  const sent = await send(
    task,
    { ...file, algorithm: strong(algorithm) },
    address.key,
    (announced, signal) => {
      const size = compression === undefined ? announced : undefined
      const known = size !== undefined && expected !== undefined
      return store.begin(address.key, {
        size,
        contentType: 'application/octet-stream',
        record: known ? { digest: expected, source: expected, size, signedAt } : undefined,
        signal,
      })
    },
  )
  const { digest, source, size, sources, head } = sent
  const seconds = (performance.now() - started) / 1000
  const isContent = content !== undefined && content.algorithm === algorithm
  const isPacked = isContent && expected === undefined && sources.some((one) => sameDigest(one, content))
  const name = isContent && !isPacked ? content : digest
  return { ...address, digest, source, size, head, seconds, name }
}

/**
 * What a dry run, which asks no store, can tell of an object that the catalogue names: what is recorded of it, or
 * undefined if it is not there.
 */
async function seemsPresent(
  { run, tell }: Task,
  file: WantedFile,
  { url }: Address,
): Promise<readonly RecordedDigests[] | undefined> {
  const { settings, http, checking } = run
  if (!settings.checkPublic) return []
  try {
    const { answer, recorded } = await checking((signal) => findRecorded(url, file, http, signal))
    if ('turnedAway' in answer) return undefined
    const isRight = answer.sourceChecksum === undefined || isMadeOf(recorded, file)
    return isRight ? recorded : undefined
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code !== 'PUBLIC_UNREADABLE') throw error
    tell({ type: 'warning', message: `${error.message}: a dry run cannot tell whether it is there` })
    return []
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
  { store, settings, named, checking, signal }: Run,
  folder: string,
  stored: readonly string[],
): Promise<readonly string[]> {
  if (store === undefined || !settings.checksumFiles) return []
  try {
    const { writeChecksumFiles } = await import('../stores/checksum-files.ts')
    const keyPrefix = keyPrefixOf(settings.mirror)
    return await checking((either) => writeChecksumFiles(store, { folder, keyPrefix, stored, named }, either))
  } catch (error) {
    if (signal.aborted) throw abortedError(signal)
    const why = asUpdaterError(error).message
    return [
      `The checksums beside the images in ${folder} could not be written (--no-checksum-files writes none): ${why}`,
    ]
  }
}
