import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import { type Digest, type DigestAlgorithm, digestAlgorithms, sameDigest } from '../image.ts'
import { checksumFileKey, kindOfKey } from './naming.ts'
import type { ObjectRecord, Store } from './store.ts'

/** The folder of one image on the mirror. */
export interface ImageFolder {
  /** With the prefix of all keys and a slash at the end. */
  readonly folder: string
  readonly keyPrefix: string
}

export interface Listed {
  /** Keys that are there for certain, whether a listing shows them already or not. */
  readonly stored?: readonly string[] | undefined
  /** Keys that are not to be listed any more: they are about to be removed. */
  readonly leaving?: readonly string[] | undefined
}

const asked = 8
/** Other runs may write at the same time: what is there is looked at again after each writing. */
const rounds = 4

/**
 * Lists the objects of a folder in files beside them, as `sha256sum -c` reads them: `SHA256SUMS`, and one for
 * each other algorithm in use. What is listed is the digest that was recorded when the object was stored, so
 * an object of other origin is not listed, and a distribution that publishes sha512 has a `SHA512SUMS`: no
 * byte is hashed twice. A file that is right already is left alone, and one without an entry is removed.
 *
 * Of several runs that write at once the last one looks again and finds what the others have stored.
 * @returns warnings: files of that name which somebody else has written, and which stay
 * @throws UpdaterError STORE_*, ABORTED
 */
export async function writeChecksumFiles(
  store: Store,
  place: ImageFolder,
  listed: Listed = {},
  signal?: AbortSignal,
): Promise<string[]> {
  const foreign = new Set<string>()
  for (let round = 0; round < rounds; round += 1) {
    const found = await look(store, place, listed, signal)
    const changes = await Promise.all(
      digestAlgorithms.map(async (algorithm) => {
        const key = checksumFileKey(place.folder, algorithm)
        const text = textOf(found.objects, algorithm)
        if (text === '' && !found.keys.has(key)) return false
        const current = await store.stat(key, signal)
        if (current !== undefined && current.record?.size !== current.size) {
          if (text !== '') foreign.add(key)
          return false
        }
        return text === '' ? drop(store, key, signal) : put(store, key, text, current?.record, signal)
      }),
    )
    if (!changes.includes(true)) break
  }
  return [...foreign].map((key) => `${key} is not the updater's own, and is left alone`)
}

interface Found {
  readonly keys: ReadonlySet<string>
  readonly objects: readonly { readonly name: string; readonly digest: Digest }[]
}

async function look(
  store: Store,
  { folder, keyPrefix }: ImageFolder,
  { stored = [], leaving = [] }: Listed,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const keys = new Set(stored)
  for await (const { key } of store.list(folder, signal)) keys.add(key)
  const limit = pLimit(asked)
  const finals = [...keys].filter((key) => kindOfKey(key, keyPrefix) === 'final' && !leaving.includes(key))
  const objects = await Promise.all(
    finals.map((key) =>
      limit(async () => {
        const object = await store.stat(key, signal)
        if (object?.record === undefined || object.record.size !== object.size) return []
        return [{ name: key.slice(folder.length), digest: object.record.digest }]
      }),
    ),
  )
  return { keys, objects: objects.flat() }
}

function textOf(objects: Found['objects'], algorithm: DigestAlgorithm): string {
  return objects
    .filter(({ digest }) => digest.algorithm === algorithm)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, digest }) => `${digest.hex}  ${name}\n`)
    .join('')
}

async function drop(store: Store, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  await store.remove(key, signal)
  return true
}

/** Stores the text unless it is there already. */
async function put(
  store: Store,
  key: string,
  text: string,
  current: ObjectRecord | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const digest: Digest = { algorithm: 'sha256', hex: createHash('sha256').update(text).digest('hex') }
  if (current !== undefined && sameDigest(current.digest, digest)) return false
  const record = { digest, source: digest, size: Buffer.byteLength(text) }
  const intent = { contentType: 'text/plain; charset=utf-8', size: record.size, record, signal }
  const upload = await store.begin(key, intent)
  try {
    await upload.write(Buffer.from(text))
    await upload.complete(record)
  } catch (error) {
    await upload.abort()
    throw error
  }
  return true
}
