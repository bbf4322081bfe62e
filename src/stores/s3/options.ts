import { UpdaterError } from '../../errors.ts'
import { below, folderPrefix, segmentsOf } from '../naming.ts'
import type { StoreKind } from '../store.ts'

/** A bucket of an S3 server. */
export interface S3Options {
  /** `HOST[:PORT]` (https) or a URL; `http://…` for plain HTTP. */
  readonly server: string
  /** `bucket`, or `bucket/prefix`: what follows the first slash goes before every key. */
  readonly bucket: string
  readonly region: string
  /** Path between the server and the bucket in public URLs, e.g. `swift/v1/AUTH_…/`; may be empty. */
  readonly swiftPrefix: string
  /** Both or none; none: the AWS default chain (environment, profiles, instance metadata). */
  readonly accessKey?: string | undefined
  readonly secretKey?: string | undefined
  /** Canned ACL of uploaded objects, e.g. `public-read`; empty: none is sent. */
  readonly acl: string
}

const openUp =
  'Let everyone read: by the ACL public-read of the objects (--acl, the default), where the store heeds it, else by a policy or read ACL (.r:*) of the bucket; --no-check-public is for private mirrors'

export const s3: StoreKind<S3Options> = {
  placeOptions: ['minio-server', 'minio-bucket'],
  publicOptions: ['swift-prefix'],
  keyPrefix: ({ bucket }) => splitBucket(bucket).prefix,
  publicBase({ server, bucket, swiftPrefix }) {
    const { bucket: name, prefix } = splitBucket(bucket)
    return below(parseServer(server).origin, swiftPrefix, name, prefix)
  },
  advice: {
    401: 'On Swift the read ACL of the container decides, not that of the objects: swift post -r ".r:*" BUCKET, and the same for BUCKET+segments; --no-check-public is for private mirrors',
    403: openUp,
    404: `Check --swift-prefix and --mirror-base-url. ${openUp}`,
    409: 'Set the read ACL .r:* on the container with +segments after the name of the bucket too: on Swift the bytes of a large object lie there',
  },
  async open({ server, bucket, region, acl, ...pair }, http) {
    const [{ createS3Store }, { credentialsFrom }] = await Promise.all([
      import('./store.ts'),
      import('./credentials.ts'),
    ])
    const credentials = credentialsFrom(pair)
    const { bucket: name } = splitBucket(bucket)
    return createS3Store({ endpoint: parseServer(server), bucket: name, region, credentials, acl, http })
  },
}

/**
 * `osism/openstack-images` → bucket `osism`, prefix `openstack-images/`.
 * @throws UpdaterError CONFIGURATION if no bucket is named
 */
export function splitBucket(text: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket, ...rest] = segmentsOf(text)
  if (bucket === undefined || !/^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/.test(bucket)) {
    throw new UpdaterError('CONFIGURATION', `"${text}" does not name a bucket`, {
      remedy: 'Give the name of an existing bucket with --minio-bucket',
    })
  }
  return { bucket, prefix: folderPrefix(rest.join('/')) }
}

/**
 * Parses `HOST[:PORT]` (https), `https://HOST[:PORT]` or `http://HOST[:PORT]`.
 * @throws UpdaterError CONFIGURATION
 */
export function parseServer(text: string): URL {
  const fail = (what: string) =>
    new UpdaterError('CONFIGURATION', `The address of the object store ${what}`, {
      remedy: 'Give it as HOST, HOST:PORT, https://HOST or http://HOST with --minio-server',
    })
  const written = text.trim()
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`
  if (/[\s\u0000-\u001f\u007f\\]/.test(full) || !URL.canParse(full)) throw fail('is not a host')
  const url = new URL(full)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw fail('is neither http nor https')
  if (url.username !== '' || url.password !== '') throw fail('holds a user name or a password')
  if (url.search !== '' || url.hash !== '') throw fail('holds a query or a fragment')
  if (url.pathname !== '/') throw fail(`holds a path, "${url.pathname}"`)
  return url
}
