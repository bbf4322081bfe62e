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
  /** Keys that are there for certain, even if no listing shows them yet. */
  readonly stored?: readonly string[] | undefined
  /** Keys that are about to be removed: they are left out. */
  readonly leaving?: readonly string[] | undefined
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
  listed: Listed = {},
  signal?: AbortSignal,
): Promise<string[]> {
  for (let round = 1; ; round += 1) {
    const found = await look(store, place, listed, signal)
    const files = await Promise.all(
      digestAlgorithms.map(async (algorithm) => {
        const key = checksumFileKey(place.folder, algorithm)
        return { key, state: await update(store, key, textOf(found.objects, algorithm), found, signal) }
      }),
    )
    if (round < rounds && files.some(({ state }) => state === 'changed')) continue
    const foreign = files.filter(({ state }) => state === 'foreign')
    return foreign.map(({ key }) => `${key} is not the updater's own, and is left alone`)
  }
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

/** Brings one file up to date, and removes it where its text is empty. A foreign one stays. */
async function update(
  store: Store,
  key: string,
  text: string,
  { keys }: Found,
  signal: AbortSignal | undefined,
): Promise<'right' | 'changed' | 'foreign'> {
  if (text === '' && !keys.has(key)) return 'right'
  const current = await store.stat(key, signal)
  const isForeign = current !== undefined && current.record?.size !== current.size
  if (isForeign) return text === '' ? 'right' : 'foreign'
  if (text === '') {
    await store.remove(key, signal)
    return 'changed'
  }
  const digest: Digest = { algorithm: 'sha256', hex: createHash('sha256').update(text).digest('hex') }
  if (current?.record !== undefined && sameDigest(current.record.digest, digest)) return 'right'
  await put(store, key, text, { digest, source: digest, size: Buffer.byteLength(text) }, signal)
  return 'changed'
}

async function put(
  store: Store,
  key: string,
  text: string,
  record: ObjectRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  const contentType = 'text/plain; charset=utf-8'
  const upload = await store.begin(key, { contentType, size: record.size, record, signal })
  try {
    await upload.write(Buffer.from(text))
    await upload.complete(record)
  } catch (error) {
    await upload.abort()
    throw error
  }
}
