import pLimit from 'p-limit'
import { folderPrefix, kindOfKey } from '../naming.ts'
import type { Stale } from '../store.ts'
import type { S3Client } from './call.ts'
import { S3Error } from './failure.ts'
import { abortUpload } from './multipart.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

/** Listings asked for at once. */
const listingsAtOnce = 8

/**
 * Removes what runs that were killed left behind, and counts it. Uploads are listed under the whole
 * prefix, since a listing of uploads holds nothing else; objects folder by folder.
 */
export async function removeStale(
  client: S3Client,
  { prefix, folders, before }: Stale,
  signal: AbortSignal | undefined,
): Promise<number> {
  const base = folderPrefix(prefix)
  let removed = 0
  for await (const upload of pages(client, uploads, base, signal)) {
    const key = textOf(upload, 'Key') ?? ''
    const id = textOf(upload, 'UploadId')
    if (kindOfKey(key, prefix) === undefined || id === undefined) continue
    if (!isBefore(textOf(upload, 'Initiated'), before)) continue
    await abortUpload(client, key, id, signal)
    removed += 1
  }
  const limit = pLimit(listingsAtOnce)
  await Promise.all(
    [...new Set(folders)].map((folder) =>
      limit(async () => {
        for await (const object of pages(client, objects, `${base}${folder}/`, signal)) {
          const key = textOf(object, 'Key') ?? ''
          if (kindOfKey(key, prefix) !== 'staging') continue
          if (!isBefore(textOf(object, 'LastModified'), before)) continue
          await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
          removed += 1
        }
      }),
    ),
  )
  return removed
}

interface Listing {
  readonly what: string
  readonly query: Readonly<Record<string, string>>
  readonly entry: string
  /** What the next page is asked with, and the element of this page that holds it. */
  readonly markers: Readonly<Record<string, string>>
}

const uploads: Listing = {
  what: 'Listing unfinished uploads',
  query: { uploads: '' },
  entry: 'Upload',
  markers: { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' },
}

const objects: Listing = {
  what: 'Listing objects',
  query: { 'list-type': '2' },
  entry: 'Contents',
  markers: { 'continuation-token': 'NextContinuationToken' },
}

/** The entries of all pages; none where the server knows no such listing. */
async function* pages(
  client: S3Client,
  { what, query, entry, markers }: Listing,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<XmlNode> {
  let position: Record<string, string> = {}
  for (;;) {
    const asked = { ...query, prefix, ...position }
    const answer = await client.call({ what, method: 'GET', query: asked, signal }).catch(noListing)
    const node = answer === undefined ? undefined : parseXml(answer.text)?.node
    if (node === undefined) return
    yield* children(node, entry)
    const next = Object.entries(markers).map(
      ([name, element]) => [name, textOf(node, element) ?? ''] as const,
    )
    if (textOf(node, 'IsTruncated') !== 'true') return
    if (next.every(([name, value]) => (position[name] ?? '') === value)) return
    position = Object.fromEntries(next.filter(([, value]) => value !== ''))
  }
}

function noListing(error: unknown): undefined {
  if (error instanceof S3Error && [404, 405, 501].includes(error.status) && error.code === 'STORE_FAILED')
    return
  throw error
}

function isBefore(text: string | undefined, before: Date): boolean {
  return text !== undefined && Date.parse(text) < before.getTime()
}
