import type { Store } from '../store.ts'
import { S3Client, type S3ClientOptions } from './client.ts'
import { listFirst, listObjects, readObject, removeObject, removeStale, statObject } from './objects.ts'
import { beginUpload } from './upload.ts'

/**
 * A bucket of an S3 server (AWS, Ceph RGW, OpenStack Swift, MinIO, …), asked path style. No two of these servers agree
 * on more than a part of S3, so that our protocol rests on what all of them do: multipart uploads, HEAD, listings.
 *
 * **Record.** The digest of an object's bytes, the digest that the distribution published, and the size are its
 * metadata `checksum`, `source-checksum` and `size`. An object without all three is of other origin. ETags say
 * nothing: they differ between servers, and between the interfaces of one server.
 *
 * **Upload.** Every object, small or empty too, is a multipart upload, since nothing of one is visible before it is
 * completed. The metadata and the ACL of an object are fixed when its upload begins, which decides where the parts go:
 * - The record is known (an uncompressed image of known size and digest): to the key itself, with the record.
 * - It is not: to the staging key `KEY.RANDOM.upload`, private and without a record. Once that is complete, it is
 *   copied on the server to the key, with the record, and deleted. The copy is a multipart upload of ranges; a server
 *   that copies no ranges (501) is asked for one copy of the whole. A copy of an object onto itself would show it
 *   without its record for a while, and on Swift would leave all segments of the first upload behind.
 *
 * **Settle.** The answer to the completion may be lost, and its repetition then finds no upload any more (404). So the
 * object itself decides: it is looked at until it is there with the right size and record, a few times, since a
 * listing or a HEAD may lag behind. Only then the upload counts as complete. If-None-Match is of no use: a server in
 * two refuses or ignores it.
 *
 * **Abort.** It ends the requests on their way, removes the multipart uploads and the staging object, and takes no
 * longer than the removal's own limit. What was there under the key stays as it was. An abort while an upload is
 * being begun waits for its id, since an upload whose id nobody knows stays.
 *
 * **Stale.** What an abort could not remove, because the program was killed or the store out of reach, a later run
 * removes once it is a day old: staging objects whose keys are of our making, in the folders of its images, and the
 * multipart uploads to such keys, or to others if this machine remembers that it began them (begun.ts). Nothing else in
 * the bucket is touched; an upload that has the key of an image, and that we don't know, is told.
 *
 * See upload.ts for the upload, multipart.ts for its parts, objects.ts for records, listings and leftovers,
 * client.ts for the signed requests and their repetition, errors.ts for what the answers mean.
 */
export function createS3Store(options: S3ClientOptions): Store {
  const client = new S3Client(options)
  return {
    place: `bucket ${options.bucket} on ${options.endpoint.origin}`,
    ready: async (signal) => {
      await listFirst(client, 'Looking at the bucket', '', signal)
    },
    stat: (key, signal) => statObject(client, key, signal),
    read: (key, limit, signal) => readObject(client, key, limit, signal),
    begin: (key, intent) => beginUpload(client, key, intent),
    list: (prefix, signal) => listObjects(client, prefix, signal),
    remove: (key, signal) => removeObject(client, key, signal),
    abortStale: (stale, signal) => removeStale(client, stale, signal),
  }
}
