import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import { type Digest, digestAlgorithms, sameDigest } from '../image.ts'
import { checksumFileKey, kindOfKey } from './naming.ts'
import type { Store } from './store.ts'

/** The folder of one image on the mirror. */
export interface ImageFolder {
  /** With the prefix of all keys and a slash at the end. */
  readonly folder: string
  readonly keyPrefix: string
  /** Keys that are there for certain, even if no listing shows them yet. */
  readonly stored?: readonly string[]
  /** Keys that are about to be removed: they are left out. */
  readonly leaving?: readonly string[]
}

/** Objects asked for at once. */
const asked = 8
/** Other runs may write at the same time: the folder is looked at again after each writing. */
const rounds = 4

/**
 * Lists the objects of a folder in files beside them, as `sha256sum -c` reads them: `SHA256SUMS`, and one for each
 * other algorithm in use. The digests are those recorded when the objects were stored: no byte is hashed twice, a
 * distribution that publishes sha512 has a `SHA512SUMS`, and an object of other origin is not listed. A file that is
 * right already is left alone, and one without an entry is removed.
 *
 * If several runs write at once, the last one looks again and finds what the others have stored.
 * @returns warnings of files of that name which somebody else has written, and which stay
 * @throws UpdaterError STORE_*, ABORTED
 */
export async function writeChecksumFiles(
  store: Store,
  place: ImageFolder,
  signal?: AbortSignal,
): Promise<string[]> {
  for (let round = 1; ; round += 1) {
    const { keys, objects } = await look(store, place, signal)
    const files = await Promise.all(
      digestAlgorithms.map(async (algorithm) => {
        const key = checksumFileKey(place.folder, algorithm)
        const text = objects
          .filter(({ digest }) => digest.algorithm === algorithm)
          .map(({ name, digest }) => `${digest.hex}  ${name}\n`)
          .join('')
        const isNone = text === '' && !keys.has(key)
        return { key, state: isNone ? 'right' : await update(store, key, text, signal) }
      }),
    )
    if (round < rounds && files.some(({ state }) => state === 'changed')) continue
    const foreign = files.filter(({ state }) => state === 'foreign')
    return foreign.map(({ key }) => `${key} is not the updater's own, and is left alone`)
  }
}

/** Returns all keys, and the objects of ours with a record, in order. */
async function look(store: Store, place: ImageFolder, signal: AbortSignal | undefined) {
  const { folder, keyPrefix, stored = [], leaving = [] } = place
  const keys = new Set(stored)
  for await (const { key } of store.list(folder, signal)) keys.add(key)
  const finals = [...keys].filter((key) => kindOfKey(key, keyPrefix) === 'final' && !leaving.includes(key))
  const objects = await pLimit(asked).map(finals.sort(), async (key) => {
    const object = await store.stat(key, signal)
    if (object?.record === undefined || object.record.size !== object.size) return []
    return { name: key.slice(folder.length), digest: object.record.digest }
  })
  return { keys, objects: objects.flat() }
}

/** Brings one file up to date, and removes it if its text is empty. A foreign one stays. */
async function update(
  store: Store,
  key: string,
  text: string,
  signal: AbortSignal | undefined,
): Promise<'right' | 'changed' | 'foreign'> {
  const current = await store.stat(key, signal)
  const isForeign = current !== undefined && current.record?.size !== current.size
  if (isForeign) return text === '' ? 'right' : 'foreign'
  if (text === '') {
    await store.remove(key, signal)
    return 'changed'
  }
  const digest: Digest = { algorithm: 'sha256', hex: createHash('sha256').update(text).digest('hex') }
  if (current?.record !== undefined && sameDigest(current.record.digest, digest)) return 'right'
  const record = { digest, source: digest, size: Buffer.byteLength(text) }
  const upload = await store.begin(key, { contentType: 'text/plain; charset=utf-8', record, signal })
  try {
    await upload.write(Buffer.from(text))
    await upload.complete(record)
    return 'changed'
  } catch (error) {
    await upload.abort()
    throw error
  }
}
