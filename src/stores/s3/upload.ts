import { randomBytes } from 'node:crypto'
import pLimit from 'p-limit'
import { asUpdaterError, UpdaterError } from '../../errors.ts'
import { retry } from '../../http/retry.ts'
import { stagingKey } from '../naming.ts'
import type { ObjectRecord, StoredObject, Upload, UploadIntent } from '../store.ts'
import type { S3Client } from './client.ts'
import { S3Error } from './errors.ts'
import { copyRanges, Multipart, planParts, removal } from './multipart.ts'
import { copyObject, recordHeaders, removeObject, sameRecord, statObject } from './object.ts'

/** Ranges that the server copies at once. */
const copiesAtOnce = 4

/** Looks at an object that should be there before it counts as missing. */
const looks = 4

/** What every step of one upload needs. */
interface UploadContext {
  readonly client: S3Client
  readonly key: string
  readonly intent: UploadIntent
  /** Ends every request of the upload, when the run or the upload is aborted. */
  readonly signal: AbortSignal
}

/** Begins an upload to the key itself or, where the record is not known yet, to a staging key. */
export async function beginUpload(client: S3Client, key: string, intent: UploadIntent): Promise<Upload> {
  const ending = new AbortController()
  const signal = intent.signal === undefined ? ending.signal : AbortSignal.any([intent.signal, ending.signal])
  const context = { client, key, intent, signal }
  const { record } = intent
  if (record !== undefined) {
    const parts = await Multipart.begin(client, key, publicHeaders(context, record), signal)
    return new S3Upload(context, ending, { key, parts })
  }
  const staging = stagingKey(key, randomBytes(6).toString('hex'))
  const parts = await Multipart.begin(client, staging, { 'content-type': intent.contentType }, signal)
  return new S3Upload(context, ending, { key: staging, parts })
}

class S3Upload implements Upload {
  readonly partSize: number
  readonly concurrency: number
  readonly #context: UploadContext
  readonly #ending: AbortController
  /** Where the parts go. */
  readonly #target: { readonly key: string; readonly parts: Multipart }
  /** The copy of the staging object to the key, once it has begun. */
  #copy: Multipart | undefined
  #written = 0

  constructor(
    context: UploadContext,
    ending: AbortController,
    target: { readonly key: string; readonly parts: Multipart },
  ) {
    const { record, size } = context.intent
    const { partSize, concurrency } = planParts(record?.size ?? size)
    this.partSize = partSize
    this.concurrency = concurrency
    this.#context = context
    this.#ending = ending
    this.#target = target
  }

  async write(part: Uint8Array): Promise<void> {
    if (part.length === 0) return
    this.#written += part.length
    await this.#target.parts.put(part)
  }

  async complete(record: ObjectRecord): Promise<readonly string[]> {
    const { key, intent } = this.#context
    const { record: announced } = intent
    if (this.#written !== record.size || (announced !== undefined && !sameRecord(announced, record))) {
      throw new UpdaterError('STORE_FAILED', `What was stored of ${key} is not what its record says`)
    }
    const { parts } = this.#target
    if (announced !== undefined) {
      await settle(this.#context, parts, key, (object) => holds(object, record))
      return []
    }
    await settle(this.#context, parts, this.#target.key, (object) => object.size === record.size)
    await this.#publish(record)
    return this.#removeStaging()
  }

  async abort(): Promise<void> {
    this.#ending.abort()
    await Promise.allSettled([this.#target.parts.abort(), this.#copy?.abort()])
    if (this.#isStaged) await this.#removeStaging()
  }

  get #isStaged(): boolean {
    return this.#target.key !== this.#context.key
  }

  /** Copies the staging object to the key, with its record: in ranges, or at once where the server copies none. */
  async #publish(record: ObjectRecord): Promise<void> {
    const { client, key, signal } = this.#context
    const from = this.#target.key
    const headers = publicHeaders(this.#context, record)
    const copy = await Multipart.begin(client, key, headers, signal)
    this.#copy = copy
    try {
      const limit = pLimit(copiesAtOnce)
      await Promise.all(copyRanges(record.size).map((range) => limit(() => copy.copy(from, range))))
      await settle(this.#context, copy, key, (object) => holds(object, record))
    } catch (error) {
      if (!(error instanceof S3Error && error.status === 501)) throw error
      await copy.abort().catch(() => undefined)
      await copyObject(client, { from, key, headers }, signal)
      await see(this.#context, key, (object) => holds(object, record))
    }
  }

  /** @returns a warning where that fails: the image itself is published by then */
  async #removeStaging(): Promise<string[]> {
    const { key } = this.#target
    try {
      await removeObject(this.#context.client, key, removal())
      return []
    } catch (error) {
      const why = asUpdaterError(error).message
      return [`The temporary object ${key} could not be removed and is left to a later run: ${why}`]
    }
  }
}

/** The headers of an object that users see. */
function publicHeaders({ client, intent }: UploadContext, record: ObjectRecord): Record<string, string> {
  return {
    'content-type': intent.contentType,
    ...(client.acl === '' ? {} : { 'x-amz-acl': client.acl }),
    ...recordHeaders(record),
  }
}

function holds(object: StoredObject, record: ObjectRecord): boolean {
  return object.size === record.size && object.record !== undefined && sameRecord(object.record, record)
}

/**
 * Completes a multipart upload. The object itself decides whether that went well: the answer may be lost, and a
 * repeated request then finds no upload any more.
 */
async function settle(
  context: UploadContext,
  parts: Multipart,
  key: string,
  isRight: (object: StoredObject) => boolean,
): Promise<void> {
  const doubt = await parts.complete().catch((error: unknown) => {
    if (!isDoubtful(error)) throw error
    return error
  })
  await see(context, key, isRight, doubt)
}

/**
 * Waits until the object is there as it should be.
 * @throws the doubt, or STORE_FAILED, if it does not come
 */
async function see(
  { client, signal }: UploadContext,
  key: string,
  isRight: (object: StoredObject) => boolean,
  doubt?: unknown,
): Promise<void> {
  const pauseAfter = (error: UpdaterError, number: number) =>
    error instanceof WrongObject && number + 1 < looks ? client.pause * 2 ** number : undefined
  const look = async () => {
    const object = await statObject(client, key, signal)
    if (object === undefined || !isRight(object)) throw new WrongObject(key, object)
  }
  await retry({ pauseAfter, signal }, look).catch((error: unknown) => {
    throw error instanceof WrongObject ? (doubt ?? error) : error
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

class WrongObject extends UpdaterError {
  constructor(key: string, object: StoredObject | undefined) {
    const found = object === undefined ? 'it is not there' : `it has ${object.size} bytes or another record`
    super('STORE_FAILED', `${key} was stored, but ${found}`, {
      remedy: 'Check whether something else writes to the mirror at the same time, then run again',
    })
  }
}
