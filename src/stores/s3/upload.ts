import { randomBytes } from 'node:crypto'
import pLimit from 'p-limit'
import { asUpdaterError, UpdaterError } from '../../errors.ts'
import { sleep } from '../../http/abort.ts'
import { encodePath, stagingKey } from '../naming.ts'
import type { ObjectRecord, StoredObject, Upload, UploadIntent } from '../store.ts'
import type { S3Client } from './client.ts'
import { S3Error } from './errors.ts'
import { copyRanges, Multipart, type PartPlan, planParts, removalSignal } from './multipart.ts'
import { recordHeaders, removeObject, sameRecord, statObject } from './objects.ts'

/** Ranges that the server copies at once. */
const copiesAtOnce = 4

/** How often an object that should be there is looked at before it counts as missing. */
const looks = 4

/** An upload that has begun. */
interface Begun {
  readonly client: S3Client
  readonly key: string
  readonly intent: UploadIntent
  /** Ends every request of the upload when the run or the upload is aborted. */
  readonly signal: AbortSignal
  readonly ending: AbortController
  /** Where the parts go: the key itself or, if the record is not known yet, a staging key. */
  readonly target: string
  readonly parts: Multipart
}

export async function beginUpload(client: S3Client, key: string, intent: UploadIntent): Promise<Upload> {
  const ending = new AbortController()
  const signal = intent.signal === undefined ? ending.signal : AbortSignal.any([intent.signal, ending.signal])
  const { record, contentType } = intent
  const plan = planParts(record?.size ?? intent.size)
  const target = record === undefined ? stagingKey(key, randomBytes(6).toString('hex')) : key
  const headers =
    record === undefined
      ? { 'content-type': contentType }
      : publicHeaders(client.options.acl, intent.contentType, record)
  const parts = await Multipart.begin(client, target, headers, signal)
  return new S3Upload({ client, key, intent, signal, ending, target, parts }, plan)
}

class S3Upload implements Upload {
  readonly partSize: number
  readonly concurrency: number
  readonly #begun: Begun
  /** The copy of the staging object to the key, once it has begun. */
  #copy: Multipart | undefined
  #written = 0

  constructor(begun: Begun, { partSize, concurrency }: PartPlan) {
    this.partSize = partSize
    this.concurrency = concurrency
    this.#begun = begun
  }

  async write(part: Uint8Array): Promise<void> {
    if (part.length === 0) return
    this.#written += part.length
    await this.#begun.parts.add('Storing', { body: part })
  }

  async complete(record: ObjectRecord): Promise<readonly string[]> {
    const { key, intent, target, parts } = this.#begun
    const { record: announced } = intent
    if (this.#written !== record.size || (announced !== undefined && !sameRecord(announced, record))) {
      throw new UpdaterError('STORE_FAILED', `What was stored of ${key} is not what its record says`)
    }
    if (announced !== undefined) {
      await this.#settle(parts, key, hasRecord(record))
      return []
    }
    await this.#settle(parts, target, (object) => object.size === record.size)
    await this.#publish(record)
    return this.#removeStaging()
  }

  async abort(): Promise<void> {
    const { ending, parts, target, key, client } = this.#begun
    ending.abort()
    const removal = removalSignal(client)
    await Promise.allSettled([parts.abort(removal), this.#copy?.abort(removal)])
    if (target !== key) await this.#removeStaging(removal)
  }

  /**
   * Copies the staging object to the key, with its record: in ranges or, if the server copies none, in one request,
   * which S3 allows up to 5 GiB.
   */
  async #publish(record: ObjectRecord): Promise<void> {
    const { client, key, intent, signal, target } = this.#begun
    const headers = publicHeaders(client.options.acl, intent.contentType, record)
    const source = { 'x-amz-copy-source': `/${client.options.bucket}/${encodePath(target)}` }
    const copy = await Multipart.begin(client, key, headers, signal)
    this.#copy = copy
    const copyRange = (range: string) =>
      copy.add('Copying', { headers: { ...source, 'x-amz-copy-source-range': range } })
    try {
      const limit = pLimit(copiesAtOnce)
      await Promise.all(copyRanges(record.size).map((range) => limit(copyRange, range)))
      await this.#settle(copy, key, hasRecord(record))
    } catch (error) {
      if (!(error instanceof S3Error && error.answer.status === 501)) throw error
      await copy.abort().catch(() => undefined)
      const whole = { ...headers, ...source, 'x-amz-metadata-directive': 'REPLACE' }
      await client.call({ what: `Copying ${key}`, method: 'PUT', key, headers: whole, signal })
      await this.#see(key, hasRecord(record))
    }
  }

  /**
   * Completes a multipart upload. The object itself decides whether that went well: the answer may be lost, and a
   * repeated request then finds no upload any more.
   */
  async #settle(parts: Multipart, key: string, isRight: IsRight): Promise<void> {
    const doubt = await parts.complete().catch((error: unknown) => {
      if (!isDoubtful(error)) throw error
      return error
    })
    await this.#see(key, isRight, doubt)
  }

  /**
   * Waits until the object is there as it should be.
   * @throws the doubt, or STORE_FAILED, if it does not come
   */
  async #see(key: string, isRight: IsRight, doubt?: unknown): Promise<void> {
    const { client, signal } = this.#begun
    for (let number = 1; ; number += 1) {
      const object = await statObject(client, key, signal)
      if (object !== undefined && isRight(object)) return
      if (number === looks) throw doubt ?? wrongObject(key, object)
      await sleep(client.options.pause * 2 ** (number - 1), signal)
    }
  }

  /** @returns a warning if that fails: the image itself is published by then */
  async #removeStaging(removal = removalSignal(this.#begun.client)): Promise<string[]> {
    const { client, target } = this.#begun
    try {
      await removeObject(client, target, removal)
      return []
    } catch (error) {
      const why = asUpdaterError(error).message
      return [`The temporary object ${target} could not be removed and is left to a later run: ${why}`]
    }
  }
}

/** The headers of an object that users see. */
function publicHeaders(acl: string, contentType: string, record: ObjectRecord): Record<string, string> {
  const access: Record<string, string> = acl === '' ? {} : { 'x-amz-acl': acl }
  return { 'content-type': contentType, ...access, ...recordHeaders(record) }
}

type IsRight = (object: StoredObject) => boolean

function hasRecord(expected: ObjectRecord): IsRight {
  return ({ size, record }) => size === expected.size && record !== undefined && sameRecord(record, expected)
}

/** After these errors the object may be there all the same. */
function isDoubtful(error: unknown): boolean {
  if (error instanceof UpdaterError && error.code === 'STORE_UNREACHABLE') return true
  if (!(error instanceof S3Error)) return false
  const { status, s3Code } = error.answer
  return status >= 500 || status === 200 || s3Code === 'NoSuchUpload'
}

function wrongObject(key: string, object: StoredObject | undefined): UpdaterError {
  const found = object === undefined ? 'it is not there' : `it has ${object.size} bytes or another record`
  return new UpdaterError('STORE_FAILED', `${key} was stored, but ${found}`, {
    remedy: 'Check whether something else writes to the mirror at the same time, then run again',
  })
}
