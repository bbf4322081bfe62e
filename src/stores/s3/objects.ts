import pLimit from 'p-limit'
import { UpdaterError } from '../../errors.ts'
import { factsOf } from '../../http/answer.ts'
import { formatDigest, parseDigest, sameDigest } from '../../image.ts'
import { folderPrefix, kindOfKey, probePrefix } from '../naming.ts'
import { formatMoment, parseMoment } from '../record.ts'
import type { ListedObject, ObjectRecord, Stale, StoredObject } from '../store.ts'
import { type BegunUpload, begunUploads, forgetUpload, isUpload } from './begun.ts'
import type { S3Client, S3Reply } from './client.ts'
import { S3Error } from './errors.ts'
import { children, textOf } from './xml.ts'

/** The record as headers, of the request that begins an object and of a HEAD's answer. */
export function recordHeaders({ digest, source, size, signedAt }: ObjectRecord): Record<string, string> {
  return {
    'x-amz-meta-checksum': formatDigest(digest),
    'x-amz-meta-source-checksum': formatDigest(source),
    'x-amz-meta-size': String(size),
    ...(signedAt && { 'x-amz-meta-signed': formatMoment(signedAt) }),
  }
}

/** Returns undefined if the metadata is not whole: the object is of other origin. */
function recordOf(headers: Readonly<Record<string, string>>): ObjectRecord | undefined {
  const digest = parseDigest(headers['x-amz-meta-checksum'] ?? '')
  const source = parseDigest(headers['x-amz-meta-source-checksum'] ?? '')
  const size = Number(headers['x-amz-meta-size'] || Number.NaN)
  if (digest === undefined || source === undefined || !Number.isSafeInteger(size) || size < 0)
    return undefined
  const signedAt = parseMoment(headers['x-amz-meta-signed'] ?? '')
  return { digest, source, size, ...(signedAt && { signedAt }) }
}

export function sameRecord(a: ObjectRecord, b: ObjectRecord): boolean {
  return a.size === b.size && sameDigest(a.digest, b.digest) && sameDigest(a.source, b.source)
}

export async function statObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const asked = { what: `Looking at ${key}`, key, signal }
  try {
    return storedObject(key, await client.call({ ...asked, method: 'HEAD' }))
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
  }
  // The answer to a HEAD has no body to tell a missing object from a private one, from wrong credentials, or from a
  // proxy that refuses HEAD: a listing has, and then a GET.
  const found = await listFirst(client, `Looking for ${key}`, key, signal)
  if (!children(found, 'Contents').some((entry) => textOf(entry, 'Key') === key)) return undefined
  try {
    return storedObject(key, await client.call({ ...asked, method: 'GET', headers: { range: 'bytes=0-0' } }))
  } catch (error) {
    if (error instanceof S3Error && error.answer.status === 404) return undefined
    throw error
  }
}

function storedObject(key: string, { status, headers }: S3Reply): StoredObject {
  const { size = Number.NaN, lastModified } = factsOf({ url: key, status, headers })
  return { key, size, lastModified, record: recordOf(headers) }
}

/** Returns the beginning of an object; undefined also for an empty one, of which no range can be had. */
export async function readObject(
  client: S3Client,
  key: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const headers = { range: `bytes=0-${limit - 1}` }
    const asked = { what: `Reading ${key}`, key, headers, limit, signal }
    return (await client.call({ ...asked, method: 'GET' })).text
  } catch (error) {
    // Without the right to list, a missing object is answered by 403.
    const isNone = error instanceof S3Error && [403, 404, 416].includes(error.answer.status)
    if (!isNone) throw error
    return undefined
  }
}

/** Lists the first key that begins with the prefix: the cheapest request whose failure explains itself. */
export async function listFirst(client: S3Client, what: string, prefix: string, signal?: AbortSignal) {
  const query = { 'max-keys': '1', prefix }
  return (await client.call({ what, method: 'GET', query, root: objects.root, signal })).node
}

/** Removes an object. S3 does not fail if it is gone, but Swift does. */
export async function removeObject(client: S3Client, key: string, signal?: AbortSignal): Promise<void> {
  try {
    await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
  } catch (error) {
    if (!(error instanceof S3Error && error.answer.s3Code === 'NoSuchKey')) throw error
  }
}

/** Removes an upload. One that is gone is as good as aborted. @throws UpdaterError STORE_* */
export async function abortUpload(client: S3Client, key: string, uploadId: string, signal?: AbortSignal) {
  const what = `Aborting the upload of ${key}`
  try {
    await client.call({ what, method: 'DELETE', key, query: { uploadId }, signal })
  } catch (error) {
    if (!(error instanceof S3Error && error.answer.status === 404)) throw error
  }
}

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
export function listObjects(
  client: S3Client,
  prefix: string,
  signal?: AbortSignal,
): AsyncIterable<ListedObject> {
  return entries(client, objects, prefix, signal)
}

/** Listings asked for at once. */
const listingsAtOnce = 32

/**
 * Removes what runs that were killed left behind, and counts it. Uploads are listed under the whole prefix, since a
 * listing of uploads holds nothing else; objects folder by folder. The keys of temporary objects and probes are of no
 * other program; an upload to an object's own key may be of any, and is aborted only if this machine has begun it.
 */
export async function removeStale(client: S3Client, stale: Stale, signal?: AbortSignal): Promise<number> {
  const { folders, before } = stale
  const base = folderPrefix(stale.prefix)
  const limit = pLimit(listingsAtOnce)
  const removeObjects = async (under: string) => {
    let removed = 0
    for await (const { key, lastModified } of entriesIfListed(client, objects, under, signal)) {
      const kind = kindOfKey(key, base)
      if ((kind !== 'staging' && kind !== 'probe') || !isOlder(lastModified, before)) continue
      await removeObject(client, key, signal)
      removed += 1
    }
    return removed
  }
  const removed = await Promise.all([
    abortUploads(client, base, before, signal),
    removeObjects(probePrefix(base)),
    ...[...new Set(folders)].map((folder) => limit(() => removeObjects(`${base}${folder}/`))),
  ])
  return removed.reduce((sum, count) => sum + count, 0)
}

function isOlder(date: Date | undefined, before: Date): date is Date {
  return date !== undefined && date < before
}

async function abortUploads(client: S3Client, base: string, before: Date, signal?: AbortSignal) {
  const remembered = begunUploads(client)
  const listed = new Set<BegunUpload>()
  const foreign: string[] = []
  let removed = 0
  for await (const { key, uploadId, lastModified } of entriesIfListed(client, uploads, base, signal)) {
    const kind = kindOfKey(key, base)
    if (kind === undefined || uploadId === undefined || lastModified === undefined) continue
    const own = (await remembered).find((upload) => isUpload(upload, key, uploadId, lastModified))
    if (own !== undefined) listed.add(own)
    if (lastModified >= before) continue
    if (own === undefined && kind !== 'staging' && kind !== 'probe') {
      foreign.push(key)
      continue
    }
    await abortUpload(client, key, uploadId, signal)
    if (own !== undefined) await forgetUpload(client, own)
    removed += 1
  }
  const isGone = (upload: BegunUpload) =>
    upload.begun < before && upload.key.startsWith(base) && !listed.has(upload)
  for (const upload of (await remembered).filter(isGone)) await forgetUpload(client, upload)
  if (foreign.length > 0) client.options.warn?.(tellForeign(foreign))
  return removed
}

function tellForeign(keys: readonly string[]): string {
  const [first = ''] = keys
  const which =
    keys.length === 1
      ? `An unfinished upload of ${first} is`
      : `${keys.length} unfinished uploads (one of ${first}) are`
  return `${which} older than a day and left: this machine does not remember to have begun it, so it may be another program's. Abort what nobody needs, or let a rule of the bucket (AbortIncompleteMultipartUpload) do it.`
}

/** Yields the entries of all pages; none if the server knows no such listing. */
async function* entriesIfListed(client: S3Client, listing: Listing, prefix: string, signal?: AbortSignal) {
  try {
    yield* entries(client, listing, prefix, signal)
  } catch (error) {
    const isUnknown = error instanceof S3Error && error.code === 'STORE_FAILED'
    if (!isUnknown || ![200, 404, 405, 501].includes(error.answer.status)) throw error
  }
}

/**
 * Yields objects, or unfinished uploads, whose `lastModified` is when they began. An object that is not listed counts as
 * missing: a listing that does not come to its end must not pass for a whole one.
 */
async function* entries(client: S3Client, listing: Listing, prefix: string, signal?: AbortSignal) {
  const { what, query, root, entry, markers } = listing
  const { endpoint, http } = client.options
  const seen = new Set<string>()
  let position: Record<string, string> = {}
  for (;;) {
    seen.add(JSON.stringify(position))
    const asked = { ...query, prefix, ...position }
    const { node } = await client.call({ what, method: 'GET', query: asked, root, signal })
    for (const one of children(node, entry)) {
      yield {
        key: textOf(one, 'Key') ?? '',
        size: Number(textOf(one, 'Size')),
        lastModified: dateOf(textOf(one, 'LastModified') ?? textOf(one, 'Initiated')),
        uploadId: textOf(one, 'UploadId'),
      }
    }
    if (textOf(node, 'IsTruncated') !== 'true') return
    const next = Object.entries(markers).map(
      ([name, element]) => [name, textOf(node, element) ?? ''] as const,
    )
    position = Object.fromEntries(next.filter(([, value]) => value !== ''))
    const isSeen = seen.has(JSON.stringify(position))
    if (!isSeen && seen.size < http.policy.listPages) continue
    const why = isSeen
      ? 'that there is more, but not where it goes on'
      : `that ${seen.size} pages are not all`
    const remedy = 'Look at the logs of the object store'
    throw new UpdaterError('STORE_FAILED', `${what}: ${endpoint.host} says ${why}`, { remedy })
  }
}

/** Returns undefined for what is no date. */
function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
