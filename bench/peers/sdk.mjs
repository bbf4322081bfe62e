/**
 * sdk.mjs URL ALGORITHM HEX ENDPOINT: downloads, hashes and uploads in one pass by the AWS SDK's helper for
 * multipart uploads, which is told to upload parts as large and as many at once as image-updater does.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:http'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'

const { planParts } = await import(new URL('../../dist/stores/s3/multipart.js', import.meta.url).href)
const [, , url = '', algorithm = '', expected = '', endpoint = ''] = process.argv
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'bench-access-key', secretAccessKey: 'bench-secret-key' },
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
})
// As over https, and as image-updater does on a loopback address: the parts are not hashed once more.
client.middlewareStack.add(
  (next) => (args) => {
    const { headers } = /** @type {{ headers: Record<string, string> }} */ (args.request)
    headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
    return next(args)
  },
  { step: 'build' },
)
const hash = createHash(algorithm)
const [body] = await once(get(url), 'response')
const { partSize, concurrency } = planParts(Number(body.headers['content-length']))
const hashed = new PassThrough()
const upload = new Upload({
  client,
  params: { Bucket: 'bucket', Key: 'peer', Body: hashed },
  partSize,
  queueSize: concurrency,
})
await Promise.all([
  upload.done(),
  pipeline(
    body,
    async function* (chunks) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        yield chunk
      }
    },
    hashed,
  ),
])
if (hash.digest('hex') !== expected) throw new Error('the digest differs')
