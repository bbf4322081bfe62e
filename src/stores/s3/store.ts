import type { Store, StoredObject } from '../store.ts'
import { createS3Client, defaultPause, type S3Client, type S3Options } from './call.ts'
import { S3Error, strangeAnswer } from './failure.ts'
import { listObjects } from './list.ts'
import { recordOf } from './record.ts'
import { removeStale } from './stale.ts'
import { beginUpload } from './upload.ts'
import { children, parseXml, textOf, type XmlNode } from './xml.ts'

export type { S3Options } from './call.ts'

/** A bucket of an S3 server (AWS, Ceph RGW, OpenStack Swift, MinIO, …), asked path style. */
export function createS3Store(options: S3Options): Store {
  const { endpoint, bucket, acl, pause = defaultPause } = options
  const client = createS3Client(options)
  const stat = (key: string, signal?: AbortSignal) => statObject(client, key, signal)
  return {
    place: `bucket ${bucket} on ${endpoint.origin}`,
    ready: async (signal) => {
      await listFirst(client, 'Looking at the bucket', undefined, signal)
    },
    stat,
    begin: (key, intent) => beginUpload({ client, acl, pause, stat }, key, intent),
    list: (prefix, signal) => listObjects(client, prefix, signal),
    remove: (key, signal) => removeObject(client, key, signal),
    abortStale: (stale, signal) => removeStale(client, stale, signal),
    close: async () => {},
  }
}

/** The first key of the bucket, or of those that begin with `prefix`: the cheapest answer that explains itself. */
async function listFirst(
  client: S3Client,
  what: string,
  prefix: string | undefined,
  signal: AbortSignal | undefined,
): Promise<XmlNode> {
  const query = { 'max-keys': '1', ...(prefix === undefined ? {} : { prefix }) }
  const { status, text } = await client.call({ what, method: 'GET', query, signal })
  const document = parseXml(text)
  if (document?.root !== 'ListBucketResult') throw strangeAnswer({ ...client, what }, status)
  return document.node
}

/** S3 says nothing of one that is gone; Swift does. */
async function removeObject(client: S3Client, key: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
  } catch (error) {
    if (!(error instanceof S3Error && error.s3Code === 'NoSuchKey')) throw error
  }
}

async function statObject(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const what = `Looking at ${key}`
  try {
    const { headers } = await client.call({ what, method: 'HEAD', key, signal })
    const modified = new Date(headers['last-modified'] ?? Number.NaN)
    return {
      key,
      size: Number(headers['content-length']),
      lastModified: Number.isNaN(modified.getTime()) ? undefined : modified,
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
 * The answer to a HEAD has no body to tell a missing object from a private one, or from wrong
 * credentials: a listing has.
 */
async function isListed(client: S3Client, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  const found = await listFirst(client, `Looking for ${key}`, key, signal)
  return children(found, 'Contents').some((entry) => textOf(entry, 'Key') === key)
}
