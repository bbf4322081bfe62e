import { folderPrefix, kindOfKey } from '../naming.ts'
import type { S3Client } from './call.ts'
import { S3Error } from './failure.ts'
import { abortUpload } from './multipart.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

/**
 * Removes what runs that were killed left under the prefix, and counts it: uploads begun, and staging
 * objects written, before `before`. Whatever has no key of ours stays.
 */
export async function removeStale(
  client: S3Client,
  prefix: string,
  before: Date,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0
  for await (const upload of pages(client, uploads, prefix, signal)) {
    const key = textOf(upload, 'Key') ?? ''
    const id = textOf(upload, 'UploadId')
    if (kindOfKey(key, prefix) === undefined || id === undefined) continue
    if (!isBefore(textOf(upload, 'Initiated'), before)) continue
    await abortUpload(client, key, id, signal)
    removed += 1
  }
  for await (const object of pages(client, objects, prefix, signal)) {
    const key = textOf(object, 'Key') ?? ''
    if (kindOfKey(key, prefix) !== 'staging' || !isBefore(textOf(object, 'LastModified'), before)) continue
    await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
    removed += 1
  }
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
    const asked = { ...query, prefix: folderPrefix(prefix), ...position }
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
