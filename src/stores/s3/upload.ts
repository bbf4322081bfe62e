import { randomBytes } from 'node:crypto'
import pLimit from 'p-limit'
import { asUpdaterError, UpdaterError } from '../../errors.ts'
import { sleep } from '../../http/abort.ts'
import { stagingKey } from '../naming.ts'
import type { ObjectRecord, StoredObject, Upload, UploadIntent } from '../store.ts'
import type { S3Client } from './call.ts'
import { S3Error } from './failure.ts'
import { copySource, type Multipart, removal, startMultipart } from './multipart.ts'
import { copyRanges, planParts } from './parts.ts'
import { recordHeaders, sameRecord } from './record.ts'

export interface UploadContext {
  readonly client: S3Client
  /** Canned ACL; empty: none is sent. */
  readonly acl: string
  /** Milliseconds before the second look at an object that should be there; each further one waits twice as long. */
  readonly pause: number
  stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>
}

/**
 * S3 fixes an object's metadata when its upload begins. Where the record is known by then, the parts go
 * to the key itself. Where it is not, they go to a private staging key; once complete they are copied on
 * the server to the key, with the record, and the staging object is deleted; a server that copies no
 * ranges is asked for one copy of the whole. (A copy onto itself would
 * show the object without its record for a while, and on Swift would leave all segments of the first
 * upload behind.) What an abort cannot remove, because the store is out of reach, `abortStale` removes
 * one day.
 */
export async function beginUpload(
  context: UploadContext,
  key: string,
  intent: UploadIntent,
): Promise<Upload> {
  const { record, size } = intent
  const { client } = context
  const ending = new AbortController()
  const signal = intent.signal === undefined ? ending.signal : AbortSignal.any([intent.signal, ending.signal])
  const plan = planParts(record?.size ?? size)
  const announced = record !== undefined
  const target = announced ? key : stagingKey(key, randomBytes(6).toString('hex'))
  const multipart = await startMultipart(
    client,
    target,
    announced ? visibleHeaders(context, intent, record) : { 'content-type': intent.contentType },
    signal,
  )
  let parts = 0
  let written = 0
  const pending = new Set<Promise<void>>()
  let copying: Multipart | undefined

  async function publish(final: ObjectRecord): Promise<void> {
    try {
      await publishInParts(final)
    } catch (error) {
      if (!(error instanceof S3Error && error.status === 501)) throw error
      await copying?.abort().catch(() => undefined)
      copying = undefined
      await copyWhole(context, { from: target, key, headers: visibleHeaders(context, intent, final) }, signal)
      await see(context, key, (object) => holds(object, final), undefined, signal)
    }
  }

  async function publishInParts(final: ObjectRecord): Promise<void> {
    copying = await startMultipart(client, key, visibleHeaders(context, intent, final), signal)
    if (final.size === 0) await copying.put(1, new Uint8Array(0))
    const { copy } = copying
    const limit = pLimit(copiesAtOnce)
    const copies = copyRanges(final.size).map((range, index) => limit(() => copy(index + 1, target, range)))
    for (const one of copies) pending.add(one)
    await Promise.all(copies)
    await settle(context, copying, key, (object) => holds(object, final), signal)
  }

  return {
    ...plan,
    write: async (part) => {
      if (part.length === 0) return
      parts += 1
      written += part.length
      const storing = multipart.put(parts, part)
      pending.add(storing)
      await storing.finally(() => pending.delete(storing))
    },
    complete: async (final) => {
      if (written !== final.size || (announced && !sameRecord(record, final))) {
        throw new UpdaterError('STORE_FAILED', `What was stored of ${key} is not what its record says`)
      }
      if (parts === 0) await multipart.put(1, new Uint8Array(0))
      const right = (object: StoredObject) => (announced ? holds(object, final) : object.size === final.size)
      await settle(context, multipart, target, right, signal)
      if (announced) return []
      await publish(final)
      return removeObject(client, target).then(
        () => [],
        (error: unknown) => [leftover(target, error)],
      )
    },
    abort: async () => {
      ending.abort()
      await Promise.allSettled(pending)
      await Promise.allSettled([multipart.abort(), copying?.abort()])
      if (!announced) await removeObject(client, target).catch(() => undefined)
    },
  }
}

function visibleHeaders(
  { acl }: UploadContext,
  { contentType }: UploadIntent,
  record: ObjectRecord,
): Record<string, string> {
  return {
    'content-type': contentType,
    ...(acl === '' ? {} : { 'x-amz-acl': acl }),
    ...recordHeaders(record),
  }
}

function holds(object: StoredObject, record: ObjectRecord): boolean {
  return object.size === record.size && object.record !== undefined && sameRecord(object.record, record)
}

/** Ranges that the server copies at once. */
const copiesAtOnce = 4

/** Looks at an object that should be there before it counts as missing. */
const looks = 4

/**
 * Completes the upload. The object itself decides whether that went well: the answer may be lost, and a
 * repeated request then finds no upload any more.
 */
async function settle(
  context: UploadContext,
  multipart: Multipart,
  key: string,
  right: (object: StoredObject) => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  let failure: unknown
  try {
    await multipart.complete()
  } catch (error) {
    if (!isDoubtful(error)) throw error
    failure = error
  }
  await see(context, key, right, failure, signal)
}

/** Waits until the object is there as it should be. @throws the failure, or STORE_FAILED, where it does not come */
async function see(
  { stat, pause }: UploadContext,
  key: string,
  right: (object: StoredObject) => boolean,
  failure: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let look = 1; ; look++) {
    const object = await stat(key, signal)
    if (object !== undefined && right(object)) return
    if (look === looks) throw failure ?? wrongObject(key, object)
    await sleep(pause * 2 ** (look - 1), signal)
  }
}

/** One copy on the server, which S3 allows up to 5 GiB. */
async function copyWhole(
  { client }: UploadContext,
  { from, key, headers }: { from: string; key: string; headers: Record<string, string> },
  signal: AbortSignal | undefined,
): Promise<void> {
  await client.call({
    what: `Copying ${key}`,
    method: 'PUT',
    key,
    headers: {
      ...headers,
      'x-amz-copy-source': copySource(client, from),
      'x-amz-metadata-directive': 'REPLACE',
    },
    signal,
  })
}

/** After these errors the object may be there all the same. */
function isDoubtful(error: unknown): boolean {
  if (!(error instanceof UpdaterError)) return false
  if (error.code === 'STORE_UNREACHABLE') return true
  return (
    error instanceof S3Error &&
    (error.status >= 500 || error.status === 200 || error.s3Code === 'NoSuchUpload')
  )
}

function wrongObject(key: string, object: StoredObject | undefined): UpdaterError {
  const found = object === undefined ? 'it is not there' : `it has ${object.size} bytes or another record`
  return new UpdaterError('STORE_FAILED', `${key} was stored, but ${found}`, {
    remedy: 'Check whether something else writes to the mirror at the same time, then run again',
  })
}

async function removeObject(client: S3Client, key: string): Promise<void> {
  await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal: removal() })
}

/** The image itself is published by then. */
function leftover(key: string, error: unknown): string {
  return `The temporary object ${key} could not be removed and is left to a later run: ${asUpdaterError(error).message}`
}
