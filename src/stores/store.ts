import type { HttpClient } from '../http/client.ts'
import type { Digest } from '../image.ts'
import type { AnyRow, ValuesOf } from '../option.ts'
import type { Memory } from '../state.ts'

/** What the updater records beside the bytes that it stores. */
export interface ObjectRecord {
  /** Digest of the stored bytes. */
  readonly digest: Digest
  /** Digest that the distribution published of the file they came from (equal to `digest` if not compressed). */
  readonly source: Digest
  /** Bytes stored. */
  readonly size: number
  /** When that file, or what proves its digest, was signed; absent: it was not, or nobody looked. */
  readonly signedAt?: Date | undefined
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly lastModified: Date | undefined
}

/** An object as the store knows it. */
export interface StoredObject extends ListedObject {
  /** What was recorded when it was stored; undefined for an object of other origin. */
  readonly record: ObjectRecord | undefined
}

/** What is known of an object before its first byte comes. */
export interface UploadIntent {
  /** Bytes that will be stored, if known: they set the size of the parts. */
  readonly size?: number | undefined
  readonly contentType: string
  /** The whole record, if it is known by now (an uncompressed source of known length and digest). */
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
   * @returns warnings of what could not be tidied up, though the object is there
   */
  complete(record: ObjectRecord): Promise<readonly string[]>
  /** Removes all traces, writes under way too, in bounded time. Never throws. */
  abort(): Promise<void>
}

/** Which leftovers of earlier runs are removed. Nothing is touched whose key is not of our making. */
export interface Stale {
  /** Before every key. */
  readonly prefix: string
  /** Shortnames (plain names): a bucket may hold a million objects of others, so no other folder is looked through. */
  readonly folders: readonly string[]
  /** Only what was begun before this time. */
  readonly before: Date
}

/** Where mirrored images lie. Every implementation passes the same contract suite. */
export interface Store {
  /** For messages, e.g. `bucket openstack-images on https://s3.example`. */
  readonly place: string
  /**
   * Proves that the store can be written to with the options that were given.
   * @throws UpdaterError STORE_CREDENTIALS, STORE_BUCKET, STORE_DENIED, STORE_UNREACHABLE, STORE_FAILED
   */
  ready(signal?: AbortSignal): Promise<void>
  stat(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>
  /** Returns an object's text, or undefined if there is none. @param limit bytes of it that are read at most */
  read(key: string, limit: number, signal?: AbortSignal): Promise<string | undefined>
  begin(key: string, intent: UploadIntent): Promise<Upload>
  /**
   * Lists the visible objects whose keys begin with the prefix (empty, or segments that each end with a slash), in
   * no order. One that comes or goes meanwhile may be missing.
   */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>
  /** Removes an object together with its record. One that is gone is as good as removed. */
  remove(key: string, signal?: AbortSignal): Promise<void>
  /**
   * Removes what earlier runs left unfinished, and returns how much: uploads and probes under the prefix, and
   * temporary objects in the given folders under it.
   */
  abortStale(stale: Stale, signal?: AbortSignal): Promise<number>
}

/** What a store may remember, and whom it tells what an operator has to look at. */
export interface Surroundings {
  readonly memory?: Memory | undefined
  readonly warn?: ((message: string) => void) | undefined
}

/**
 * A kind of store. It is light, since every run loads it: the store itself is loaded by `open`.
 * A new one is a folder with this and with the store, one line in `kinds.ts`, and a row in the contract suite.
 */
export interface StoreKind<Options, Rows extends readonly AnyRow[] = readonly AnyRow[]> {
  /** Its rows of the table of options. */
  readonly options: Rows
  /** The option that makes a mirror one of this kind. Absent: the default kind. */
  readonly chosenBy?: string | undefined
  /** Makes the options of a mirror of the values of its rows. @throws UpdaterError CONFIGURATION */
  read(values: ValuesOf<Rows>): Options
  /** The names of the options that say where the store is. */
  readonly placeOptions: readonly string[]
  /** The names of the options that say where users find what is stored. */
  readonly publicOptions: readonly string[]
  /** What must never be printed. */
  secrets(options: Options): readonly string[]
  /** Returns what the store puts before every key, in front of the operator's own prefix. @throws UpdaterError CONFIGURATION */
  keyPrefix(options: Options): string
  /** Returns what public URLs begin with unless the operator names another base. @throws UpdaterError CONFIGURATION */
  publicBase(options: Options): string
  /** What to do if a public URL answers this status to a reader without credentials. */
  readonly advice: Readonly<Record<number, string>>
  /** @throws UpdaterError CONFIGURATION, STORE_CREDENTIALS */
  open(options: Options, http: HttpClient, around?: Surroundings): Promise<Store>
}
