import pLimit from 'p-limit'
import { folderPrefix, kindOfKey } from '../naming.ts'
import type { ListedObject, Stale } from '../store.ts'
import type { S3Client } from './client.ts'
import { S3Error, strangeAnswer } from './errors.ts'
import { abortUpload } from './multipart.ts'
import { dateOf, removeObject } from './object.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

/** A kind of listing, which comes in pages. */
interface Listing {
  readonly what: string
  readonly query: Readonly<Record<string, string>>
  /** The root element of the answer. */
  readonly root: string
  readonly entry: string
  /** The parameters of the request for the next page, and the elements of this page that hold their values. */
  readonly markers: Readonly<Record<string, string>>
}

const uploads: Listing = {
  what: 'Listing unfinished uploads',
  query: { uploads: '' },
  root: 'ListMultipartUploadsResult',
  entry: 'Upload',
  markers: { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' },
}

const objects: Listing = {
  what: 'Listing objects',
  query: { 'list-type': '2' },
  root: 'ListBucketResult',
  entry: 'Contents',
  markers: { 'continuation-token': 'NextContinuationToken' },
}

/** @throws UpdaterError STORE_*, ABORTED */
export async function* listObjects(
  client: S3Client,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  for await (const entry of entries(client, objects, prefix, signal)) {
    yield {
      key: textOf(entry, 'Key') ?? '',
      size: Number(textOf(entry, 'Size')),
      lastModified: dateOf(textOf(entry, 'LastModified')),
    }
  }
}

/** Listings asked for at once. */
const listingsAtOnce = 32

/**
 * Removes what runs that were killed left behind, and counts it. Uploads are listed under the whole prefix, since a
 * listing of uploads holds nothing else; objects folder by folder.
 */
export async function removeStale(
  client: S3Client,
  stale: Stale,
  signal: AbortSignal | undefined,
): Promise<number> {
  const limit = pLimit(listingsAtOnce)
  const removed = await Promise.all([
    removeUploads(client, stale, signal),
    ...[...new Set(stale.folders)].map((folder) => limit(() => removeStaged(client, folder, stale, signal))),
  ])
  return removed.reduce((sum, count) => sum + count, 0)
}

async function removeUploads(
  client: S3Client,
  { prefix, before }: Stale,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0
  for await (const upload of entriesIfListed(client, uploads, folderPrefix(prefix), signal)) {
    const key = textOf(upload, 'Key') ?? ''
    const id = textOf(upload, 'UploadId')
    if (kindOfKey(key, prefix) === undefined || id === undefined) continue
    if (!isBefore(textOf(upload, 'Initiated'), before)) continue
    await abortUpload(client, key, id, signal)
    removed += 1
  }
  return removed
}

async function removeStaged(
  client: S3Client,
  folder: string,
  { prefix, before }: Stale,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0
  for await (const object of entriesIfListed(client, objects, `${folderPrefix(prefix)}${folder}/`, signal)) {
    const key = textOf(object, 'Key') ?? ''
    if (kindOfKey(key, prefix) !== 'staging') continue
    if (!isBefore(textOf(object, 'LastModified'), before)) continue
    await removeObject(client, key, signal)
    removed += 1
  }
  return removed
}

function isBefore(text: string | undefined, before: Date): boolean {
  const date = dateOf(text)
  return date !== undefined && date < before
}

/** Yields the entries of all pages; none if the server knows no such listing. */
async function* entriesIfListed(
  client: S3Client,
  listing: Listing,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<XmlNode> {
  try {
    yield* entries(client, listing, prefix, signal)
  } catch (error) {
    const isUnknown = error instanceof S3Error && error.code === 'STORE_FAILED'
    if (!isUnknown || ![200, 404, 405, 501].includes(error.status)) throw error
  }
}

/** @throws UpdaterError STORE_*, ABORTED */
async function* entries(
  client: S3Client,
  { what, query, root, entry, markers }: Listing,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<XmlNode> {
  let position: Record<string, string> = {}
  for (;;) {
    const asked = { ...query, prefix, ...position }
    const { status, text } = await client.call({ what, method: 'GET', query: asked, signal })
    const document = parseXml(text)
    if (document?.root !== root) throw strangeAnswer(client.asked(what), status)
    const { node } = document
    yield* children(node, entry)
    if (textOf(node, 'IsTruncated') !== 'true') return
    const next = Object.entries(markers).map(
      ([name, element]) => [name, textOf(node, element) ?? ''] as const,
    )
    if (next.every(([name, value]) => (position[name] ?? '') === value)) throw endless(client, what, status)
    position = Object.fromEntries(next.filter(([, value]) => value !== ''))
  }
}

/** An object that is not listed counts as missing: a listing that ends too early must not pass for a whole one. */
function endless({ host }: S3Client, what: string, status: number): S3Error {
  const message = `${what}: ${host} says that there is more, but not where it goes on`
  return new S3Error('STORE_FAILED', message, { status, remedy: 'Look at the logs of the object store' })
}
