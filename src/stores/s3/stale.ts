import pLimit from 'p-limit'
import { folderPrefix, kindOfKey } from '../naming.ts'
import type { Stale } from '../store.ts'
import type { S3Client } from './call.ts'
import { entriesIfListed, objects, uploads } from './list.ts'
import { abortUpload } from './multipart.ts'
import { textOf } from './xml.ts'

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
  for await (const upload of entriesIfListed(client, uploads, base, signal)) {
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
        for await (const object of entriesIfListed(client, objects, `${base}${folder}/`, signal)) {
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

function isBefore(text: string | undefined, before: Date): boolean {
  return text !== undefined && Date.parse(text) < before.getTime()
}
