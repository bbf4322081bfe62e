import { formatDigest, parseDigest, sameDigest } from '../../image.ts'
import { encodePath } from '../naming.ts'
import type { ObjectRecord, StoredObject } from '../store.ts'
import type { S3Client } from './client.ts'
import { S3Error, strangeAnswer } from './errors.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

/** The record as headers, of the request that begins an object and of a HEAD's answer. */
export function recordHeaders({ digest, source, size }: ObjectRecord): Record<string, string> {
  return {
    'x-amz-meta-checksum': formatDigest(digest),
    'x-amz-meta-source-checksum': formatDigest(source),
    'x-amz-meta-size': String(size),
  }
}

/** Returns undefined if the metadata is not whole: the object is of other origin. */
function recordOf(headers: Readonly<Record<string, string>>): ObjectRecord | undefined {
  const digest = parseDigest(headers['x-amz-meta-checksum'] ?? '')
  const source = parseDigest(headers['x-amz-meta-source-checksum'] ?? '')
  const size = Number(headers['x-amz-meta-size'] || Number.NaN)
  if (digest === undefined || source === undefined || !Number.isSafeInteger(size)) return undefined
  return { digest, source, size }
}

export function sameRecord(a: ObjectRecord, b: ObjectRecord): boolean {
  return a.size === b.size && sameDigest(a.digest, b.digest) && sameDigest(a.source, b.source)
}

export async function statObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  try {
    const { headers } = await client.call({ what: `Looking at ${key}`, method: 'HEAD', key, signal })
    return {
      key,
      size: Number(headers['content-length']),
      lastModified: dateOf(headers['last-modified']),
      record: recordOf(headers),
    }
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    if (error.status === 404) return undefined
    if (await isListed(client, key, signal)) throw error
    return undefined
  }
}

/**
 * The answer to a HEAD has no body to tell a missing object from a private one, or from wrong credentials: a listing
 * has.
 */
async function isListed(client: S3Client, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  const found = await listFirst(client, `Looking for ${key}`, key, signal)
  return children(found, 'Contents').some((entry) => textOf(entry, 'Key') === key)
}

/** Lists the first key that begins with the prefix: the cheapest request whose failure explains itself. */
export async function listFirst(
  client: S3Client,
  what: string,
  prefix: string | undefined,
  signal: AbortSignal | undefined,
): Promise<XmlNode> {
  const query = { 'max-keys': '1', ...(prefix === undefined ? {} : { prefix }) }
  const { status, text } = await client.call({ what, method: 'GET', query, signal })
  const document = parseXml(text)
  if (document?.root !== 'ListBucketResult') throw strangeAnswer(client.asked(what), status)
  return document.node
}

/** Removes an object. S3 says nothing of one that is gone, but Swift does. */
export async function removeObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
  } catch (error) {
    if (!(error instanceof S3Error && error.s3Code === 'NoSuchKey')) throw error
  }
}

/** Copies an object on the server in one request, which S3 allows up to 5 GiB. */
export async function copyObject(
  client: S3Client,
  { from, key, headers }: { from: string; key: string; headers: Readonly<Record<string, string>> },
  signal: AbortSignal | undefined,
): Promise<void> {
  const copy = {
    'x-amz-copy-source': copySource(client, from),
    'x-amz-metadata-directive': 'REPLACE',
  }
  await client.call({ what: `Copying ${key}`, method: 'PUT', key, headers: { ...headers, ...copy }, signal })
}

/** How a copy names the object that it is made of. */
export function copySource({ bucket }: S3Client, key: string): string {
  return `/${bucket}/${encodePath(key)}`
}

/** Returns undefined for what is no date. */
export function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
