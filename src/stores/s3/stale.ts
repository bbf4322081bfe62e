import pLimit from 'p-limit'
import { folderPrefix, kindOfKey } from '../naming.ts'
import type { Stale } from '../store.ts'
import type { S3Client } from './call.ts'
import { entriesIfListed, objects, uploads } from './list.ts'
import { abortUpload } from './multipart.ts'
import { textOf } from './xml.ts'

/** Listings asked for at once. */
const listingsAtOnce = 32

/**
 * Removes what runs that were killed left behind, and counts it. Uploads are listed under the whole
 * prefix, since a listing of uploads holds nothing else; objects folder by folder.
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
    await client.call({ what: `Removing ${key}`, method: 'DELETE', key, signal })
    removed += 1
  }
  return removed
}

function isBefore(text: string | undefined, before: Date): boolean {
  return text !== undefined && Date.parse(text) < before.getTime()
}
