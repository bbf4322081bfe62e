import pLimit from 'p-limit'
import { digestAlgorithms } from '../image.ts'
import { checksumFileKey, kindOfKey } from './naming.ts'
import type { Store } from './store.ts'
import { storeText } from './text-object.ts'

/** The folder of one image on the mirror. */
export interface ImageFolder {
  /** With the prefix of all keys and a slash at the end. */
  readonly folder: string
  readonly keyPrefix: string
  /** Keys that are there for certain, even if no listing shows them yet. */
  readonly stored?: readonly string[]
  /** Keys that are about to be removed: they are left out. */
  readonly leaving?: readonly string[]
  /** What the catalogue names: such a file is an image to it, and is left alone. */
  readonly named?: Pick<ReadonlySet<string>, 'has'>
}

/** Objects asked for at once. */
const asked = 8
/** Other runs may write at the same time: the folder is looked at again after each writing. */
const rounds = 4
const contentType = 'text/plain; charset=utf-8'

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
        if (text === '' && !keys.has(key)) return { key, state: 'right' }
        if (place.named?.has(key)) return { key, state: 'foreign' }
        return { key, state: await storeText(store, key, text, contentType, signal) }
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
