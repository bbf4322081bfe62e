import type { Digest } from '../image.ts'

/** What the updater records beside the bytes that it stores. */
export interface ObjectRecord {
  /** Digest of the stored bytes. */
  readonly digest: Digest
  /** Digest that the distribution published of the file it came from (equal to `digest` if not compressed). */
  readonly source: Digest
  /** Bytes stored. */
  readonly size: number
}

/** What a listing tells of an object. */
export interface ListedObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly lastModified: Date | undefined
}

export interface StoredObject extends ListedObject {
  /** What was recorded at upload; `undefined` for an object of other origin. */
  readonly record: ObjectRecord | undefined
}

/** What is known before the first byte. A field that is unknown then is given at `complete`. */
export interface UploadIntent {
  /** Bytes that will be stored, where known: it sets the size of the parts. */
  readonly size?: number | undefined
  readonly contentType: string
  /** The full record, where it is known beforehand (an uncompressed source of known length). */
  readonly record?: ObjectRecord | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * An upload of which nothing is visible before `complete` has returned. Exactly one of `complete` and
 * `abort` ends it; `abort` may follow a failed `complete`.
 */
export interface Upload {
  /** Bytes of every part but the last. */
  readonly partSize: number
  /** How many `write` calls may be outstanding; the caller holds no more parts than that. */
  readonly concurrency: number
  /**
   * Stores the next part (parts are numbered by call order). The buffer must not change until the
   * promise is settled.
   */
  write(part: Uint8Array): Promise<void>
  /**
   * Makes the object visible, with its record. The caller has verified every byte.
   * @returns warnings: what could not be tidied up, though the object is there
   */
  complete(record: ObjectRecord): Promise<readonly string[]>
  /** Removes all traces, writes under way too, in bounded time. Never throws. */
  abort(): Promise<void>
}

/** Which leftovers of earlier runs count. Nothing is touched whose key is not of our making. */
export interface Stale {
  /** Before every key. */
  readonly prefix: string
  /** Shortnames (plain names): a bucket may hold a million objects of others, so no other folder is looked through. */
  readonly folders: readonly string[]
  /** Only what was begun before. */
  readonly before: Date
}

/** Where mirrored images lie. Every implementation passes the same contract suite. */
export interface Store {
  /** For messages, e.g. `bucket openstack-images on https://s3.example`. */
  readonly place: string
  /**
   * Can this store be written to with what we were given?
   * @throws UpdaterError STORE_CREDENTIALS, STORE_BUCKET, STORE_DENIED, STORE_UNREACHABLE, STORE_FAILED
   */
  ready(signal?: AbortSignal): Promise<void>
  stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>
  begin(key: string, intent: UploadIntent): Promise<Upload>
  /**
   * The visible objects whose keys begin with the prefix (empty, or segments that each end with a slash), in
   * no order. One that comes or goes meanwhile may be missing.
   */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>
  /** Removes an object together with its record. One that is gone is as good as removed. */
  remove(key: string, signal?: AbortSignal): Promise<void>
  /**
   * Removes what earlier runs left unfinished, and returns how much: uploads under the prefix, and temporary
   * objects in the given folders under it.
   */
  abortStale(stale: Stale, signal?: AbortSignal): Promise<number>
  close(): Promise<void>
}
