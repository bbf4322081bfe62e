import type { ListedObject } from '../store.ts'
import type { S3Client } from './call.ts'
import { S3Error, strangeAnswer } from './failure.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

/** A kind of listing that comes in pages. */
export interface Listing {
  readonly what: string
  readonly query: Readonly<Record<string, string>>
  /** The element that the answer is. */
  readonly root: string
  readonly entry: string
  /** What the next page is asked with, and the element of this page that holds it. */
  readonly markers: Readonly<Record<string, string>>
}

export const uploads: Listing = {
  what: 'Listing unfinished uploads',
  query: { uploads: '' },
  root: 'ListMultipartUploadsResult',
  entry: 'Upload',
  markers: { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' },
}

export const objects: Listing = {
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
    const modified = new Date(textOf(entry, 'LastModified') ?? Number.NaN)
    yield {
      key: textOf(entry, 'Key') ?? '',
      size: Number(textOf(entry, 'Size')),
      lastModified: Number.isNaN(modified.getTime()) ? undefined : modified,
    }
  }
}

/** The entries of all pages; none where the server knows no such listing. */
export async function* entriesIfListed(
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
    if (document?.root !== root) throw strangeAnswer({ ...client, what }, status)
    const { node } = document
    yield* children(node, entry)
    const next = Object.entries(markers).map(
      ([name, element]) => [name, textOf(node, element) ?? ''] as const,
    )
    if (textOf(node, 'IsTruncated') !== 'true') return
    if (next.every(([name, value]) => (position[name] ?? '') === value)) throw endless(client, what, status)
    position = Object.fromEntries(next.filter(([, value]) => value !== ''))
  }
}

/** What is not on a list is taken for not there: one that ends too early must not pass for a whole one. */
function endless({ host }: S3Client, what: string, status: number): S3Error {
  const message = `${what}: ${host} says that there is more, but not where it goes on`
  return new S3Error('STORE_FAILED', message, 'Look at the logs of the object store', status)
}
