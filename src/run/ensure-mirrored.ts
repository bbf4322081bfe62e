import { UpdaterError } from '../errors.ts'
import { type Digest, formatDigest, type SourceFile } from '../image.ts'
import type { MirrorOutcome } from '../report/schemas.ts'
import { checkPublic, findPublic, type PublicObject, verifyFull } from '../stores/public.ts'
import type { ObjectRecord, Store, StoredObject, Upload } from '../stores/store.ts'
import { createInspector } from '../transfer/inspect.ts'
import type { Transferred } from '../transfer/transfer.ts'
import type { Place, Task } from './context.ts'

/** A build whose bytes shall lie on the mirror under the name of its version. */
type Unverified = Omit<SourceFile, 'digest'>

/** The same, with the digest that its bytes must have. */
type Wanted = Unverified & { readonly digest: Digest }

/** How often a transfer that ended with this error starts again from scratch. */
const restarts: Partial<Record<UpdaterError['code'], number>> = {
  DIGEST_MISMATCH: 1,
  DECOMPRESSION_FAILED: 1,
  HTTP_TRUNCATED: 3,
}

/** Is the object what `digest` stands for, by what was recorded when it was stored? */
export function holds(object: StoredObject, digest: Digest): boolean {
  const { record } = object
  return (
    record !== undefined &&
    record.size === object.size &&
    record.source.algorithm === digest.algorithm &&
    record.source.hex === digest.hex
  )
}

/**
 * Sees to it that the build's verified bytes are on the mirror and that their public URL answers.
 * An object that the catalogue names already (`named`) is accepted without a record of ours, so that a
 * mirror filled by another tool is not sent again; one that it shall name is not.
 * @param looked what lies there, where it was looked for already
 * @throws UpdaterError HTTP_*, DIGEST_MISMATCH, DECOMPRESSION_FAILED, IMAGE_*, STORE_*, PUBLIC_*, ABORTED
 */
export async function ensureMirrored(
  task: Task,
  wanted: Wanted,
  place: Place,
  named: boolean,
  looked?: Promise<StoredObject | undefined>,
): Promise<MirrorOutcome> {
  const { run, step } = task
  const { object } = place
  if (run.settings.dryRun) {
    return { status: named && (await seemsPresent(task, wanted, place)) ? 'present' : 'would-store', object }
  }
  const store = storeOf(task)
  const stored = await (looked ?? run.checking(() => store.stat(object, run.signal)))
  if (stored !== undefined && (holds(stored, wanted.digest) || (named && stored.record === undefined))) {
    if (named) return { status: 'present', object }
    step({ type: 'mirror-present', object })
    await assurePublic(task, place, stored)
    return { status: 'present', object }
  }
  step({ type: 'mirror-missing', object, reason: stored === undefined ? 'absent' : 'other-bytes' })
  return (await run.transferring(() => bring(task, wanted, place))).outcome
}

/**
 * Brings a build of which no digest is published, and says the digest of the bytes that came. Whatever lies
 * at its place is replaced: nothing tells whether it is this build.
 * @throws as `ensureMirrored`
 */
export async function mirrorFirstUse(task: Task, wanted: Unverified, place: Place): Promise<Brought> {
  return task.run.transferring(() => bring(task, { ...wanted, digest: undefined }, place))
}

/**
 * Does this build answer at its place on a mirror that somebody else fills? The recorded digest decides,
 * else the size of an uncompressed file; where neither is told, it is not taken for the build.
 * @throws UpdaterError PUBLIC_UNREADABLE where the mirror's answer says neither yes nor no, HTTP_*, ABORTED
 */
export async function answers({ run, step }: Task, wanted: Wanted, place: Place): Promise<boolean> {
  const found = await run.checking(() => findPublic(place.url, run.http, run.signal))
  if ('turnedAway' in found) return false
  const isBuild = await run.checking(() => isOf(found, wanted, run))
  if (!isBuild) step({ type: 'warning', message: `${place.url} is not the newest build, and is not named` })
  return isBuild
}

async function isOf(found: PublicObject, wanted: Wanted, run: Task['run']): Promise<boolean> {
  if (found.sourceChecksum !== undefined) return found.sourceChecksum === formatDigest(wanted.digest)
  if (wanted.compression !== undefined) return false
  const size = wanted.size ?? (await run.http.facts(wanted.url, { signal: run.signal })).size
  return size !== undefined && size === found.size
}

/** What a dry run, which asks no store, can tell of an object that the catalogue names already. */
async function seemsPresent({ run, step }: Task, wanted: Wanted, place: Place): Promise<boolean> {
  if (!run.settings.checkPublic) return true
  try {
    const found = await run.checking(() => findPublic(place.url, run.http, run.signal))
    if ('turnedAway' in found) return false
    return found.sourceChecksum === undefined || found.sourceChecksum === formatDigest(wanted.digest)
  } catch (error) {
    if (!(error instanceof UpdaterError) || error.code !== 'PUBLIC_UNREADABLE') throw error
    step({ type: 'warning', message: `${error.message}: a dry run cannot tell whether it is there` })
    return true
  }
}

function storeOf({ run }: Task): Store {
  if (run.store === undefined) throw new UpdaterError('INTERNAL', 'This run has no mirror to store on')
  return run.store
}

/** Nothing is named in the catalogue that a user of the cloud could not fetch. */
async function assurePublic(
  { run, step }: Task,
  place: Place,
  stored: { size: number; record?: ObjectRecord | undefined },
  head?: Uint8Array,
): Promise<void> {
  if (!run.settings.checkPublic) return
  await checkPublic(place.url, { size: stored.size, head, record: stored.record }, run.http, run.signal)
  if (run.settings.verify === 'full' && stored.record !== undefined) {
    await verifyFull(place.url, stored.record, run.http, run.signal)
  }
  step({ type: 'public', url: place.url })
}

interface Brought {
  readonly outcome: MirrorOutcome
  /** Of the build's file as it came. */
  readonly digest: Digest
}

type Brings = Unverified & { readonly digest: Digest | undefined }

async function bring(task: Task, wanted: Brings, place: Place): Promise<Brought> {
  const { run, step } = task
  const started = performance.now()
  const { transferred, record } = await transferWithRestarts(task, wanted, place.object)
  const seconds = (performance.now() - started) / 1000
  const bytes = transferred.size
  step({ type: 'transfer-end', object: place.object, bytes, seconds })
  for (const message of transferred.facts?.warnings ?? []) step({ type: 'warning', message })
  await run.checking(() => assurePublic(task, place, { size: bytes, record }, transferred.head))
  return {
    outcome: { status: 'stored', object: place.object, bytes, seconds },
    digest: record.source,
  }
}

interface Stored {
  readonly transferred: Transferred
  readonly record: ObjectRecord
}

async function transferWithRestarts(task: Task, wanted: Brings, object: string): Promise<Stored> {
  const spent = new Map<UpdaterError['code'], number>()
  for (;;) {
    try {
      return await transferOnce(task, wanted, object)
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error
      const used = spent.get(error.code) ?? 0
      if (task.run.signal.aborted || used >= (restarts[error.code] ?? 0)) throw error
      spent.set(error.code, used + 1)
      task.step({ type: 'transfer-retry', error })
    }
  }
}

/**
 * Streams the file to the store in one pass. The object becomes visible only after every byte has been
 * verified; on any failure the upload is aborted and nothing of it stays.
 */
async function transferOnce(task: Task, wanted: Brings, object: string): Promise<Stored> {
  const { image, run, step } = task
  const store = storeOf(task)
  const { transfer } = await import('../transfer/transfer.ts')
  const { signal } = run
  const source = await run.http.download(wanted.url, { signal, connections: run.settings.connections })
  const { digest } = wanted
  const size = wanted.compression === undefined ? source.facts.size : undefined
  let upload: Upload
  try {
    upload = await store.begin(object, {
      size,
      contentType: 'application/octet-stream',
      record: size === undefined || digest === undefined ? undefined : { digest, source: digest, size },
      signal,
    })
  } catch (error) {
    await source.discard()
    throw error
  }
  step({ type: 'transfer-start', url: wanted.url, object, size: source.facts.size })
  try {
    const transferred = await transfer({
      source,
      expected: digest,
      compression: wanted.compression,
      format: image.format,
      upload,
      inspector: createInspector(image.format, {
        minDisk: image.minDisk,
        strict: run.settings.strict,
        maxVirtualSize: run.settings.maxImageSize,
      }),
      maxSize: run.settings.maxImageSize,
      signal,
      onProgress: (progress) => step({ type: 'transfer-progress', ...progress, size: source.facts.size }),
    })
    const record = { digest: transferred.digest, source: transferred.source, size: transferred.size }
    const warnings = await upload.complete(record)
    for (const message of warnings) step({ type: 'warning', message })
    return { transferred, record }
  } catch (error) {
    await upload.abort()
    throw error
  }
}
