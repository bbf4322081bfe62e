import { UpdaterError } from '../../errors.ts'
import { anyText, mirrors, option, parseUrl, plainPath, text, WrongValue, written } from '../../option.ts'
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

const server = written('host', (text) => {
  parseServer(text)
  return text
})

const bucket = written('bucket', (text) => {
  splitBucket(text)
  return text
})

const region = written('region', (text) => {
  if (/^[A-Za-z0-9_.-]{1,64}$/.test(text)) return text
  throw new WrongValue('is not the name of a region', 'Give a name such as us-east-1')
})

const acl = anyText('acl', (text) => {
  if (/^[a-z-]{0,64}$/.test(text)) return text
  throw new WrongValue('is not a canned ACL', "Give one such as public-read or private, or '' for none")
})

const mirrorRow = { commands: mirrors, group: 'Mirror' } as const

export const s3Options = [
  option('minio-server', server, {
    default: 'swift.services.a.regiocloud.tech',
    env: 'MINIO_SERVER',
    ...mirrorRow,
    help: 'object store: HOST[:PORT] or a URL (http://… for plain HTTP)',
  }),
  option('minio-bucket', bucket, {
    default: 'openstack-images',
    env: 'MINIO_BUCKET',
    ...mirrorRow,
    help: 'its bucket',
  }),
  option('minio-region', region, {
    default: 'us-east-1',
    env: 'MINIO_REGION',
    ...mirrorRow,
    help: 'its region',
  }),
  option('minio-access-key', text('key'), {
    env: 'MINIO_ACCESS_KEY',
    secret: 'identity',
    ...mirrorRow,
    help: 'else the usual places of AWS',
  }),
  option('minio-secret-key', text('key'), {
    env: 'MINIO_SECRET_KEY',
    secret: true,
    ...mirrorRow,
    help: 'better in the variable: ps shows flags',
  }),
  option('swift-prefix', anyText('path', plainPath), {
    default: 'swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/',
    env: 'SWIFT_PREFIX',
    ...mirrorRow,
    help: 'path between server and bucket in public URLs',
  }),
  option('acl', acl, {
    default: 'public-read',
    ...mirrorRow,
    help: "canned ACL of uploaded objects, '' for none",
  }),
] as const

const openUp =
  'Let everyone read: by the ACL public-read of the objects (--acl, the default), where the store heeds it, else by a policy or read ACL (.r:*) of the bucket; --no-check-public is for private mirrors'

export const s3: StoreKind<S3Options, typeof s3Options> = {
  options: s3Options,
  read({ minioServer: server, minioBucket: bucket, minioRegion: region, swiftPrefix, acl, ...keys }) {
    const { minioAccessKey: accessKey, minioSecretKey: secretKey } = keys
    assertPair(accessKey, secretKey)
    return { server, bucket, region, swiftPrefix, accessKey, secretKey, acl }
  },
  placeOptions: ['minio-server', 'minio-bucket'],
  publicOptions: ['swift-prefix'],
  secrets: ({ secretKey }) => (secretKey === undefined ? [] : [secretKey]),
  keyPrefix: (options) => bucketOf(options).prefix,
  publicBase(options) {
    const { bucket, prefix } = bucketOf(options)
    return below(endpointOf(options).origin, options.swiftPrefix, bucket, prefix)
  },
  advice: {
    401: 'On Swift the read ACL of the container decides: swift post -r ".r:*" BUCKET, and the same for BUCKET+segments; on Ceph that of each object, which --acl public-read gives to new ones alone: aws s3api put-object-acl, or remove the object. --no-check-public is for private mirrors',
    403: openUp,
    404: `Check --swift-prefix and --mirror-base-url. ${openUp}`,
    409: 'Set the read ACL .r:* on the container with +segments after the name of the bucket too: on Swift the bytes of a large object lie there',
  },
  async open(options, http, { memory, warn } = {}) {
    const [{ createS3Store }, { credentialsFrom }] = await Promise.all([
      import('./store.ts'),
      import('./credentials.ts'),
    ])
    const { region, acl } = options
    const { bucket } = bucketOf(options)
    const credentials = credentialsFrom(options, http.policy.credentialsTimeout)
    return createS3Store({
      endpoint: endpointOf(options),
      bucket,
      region,
      credentials,
      acl,
      http,
      memory,
      warn,
    })
  },
}

function endpointOf({ server }: S3Options): URL {
  return checked('server', () => parseServer(server))
}

function bucketOf({ bucket }: S3Options): { readonly bucket: string; readonly prefix: string } {
  return checked('bucket', () => splitBucket(bucket))
}

/** What a program that uses the library gives is checked here. @throws UpdaterError CONFIGURATION */
function checked<Value>(name: string, parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error
    const { message, remedy } = error
    throw new UpdaterError('CONFIGURATION', `The ${name} of the mirror ${message}`, { remedy })
  }
}

function assertPair(accessKey: string | undefined, secretKey: string | undefined): void {
  if ((accessKey === undefined) === (secretKey === undefined)) return
  const [given, missing, option, variable] =
    secretKey === undefined
      ? ['an access key', 'no secret key', '--minio-secret-key', 'MINIO_SECRET_KEY']
      : ['a secret key', 'no access key', '--minio-access-key', 'MINIO_ACCESS_KEY']
  throw new UpdaterError('CONFIGURATION', `There is ${given} for the mirror but ${missing}`, {
    remedy: `Set ${variable} or ${option} too, or neither of the two to use AWS's usual places`,
  })
}

/** `osism/openstack-images` → bucket `osism`, prefix `openstack-images/`. @throws WrongValue */
export function splitBucket(text: string): { readonly bucket: string; readonly prefix: string } {
  const [bucket = '', ...rest] = segmentsOf(text)
  if (text.startsWith('/') || !/^[A-Za-z0-9][A-Za-z0-9._:-]{1,254}$/.test(bucket)) {
    throw new WrongValue('is not the name of a bucket', 'Give BUCKET or BUCKET/PREFIX')
  }
  return { bucket, prefix: folderPrefix(plainPath(rest.join('/'))) }
}

/** Parses `HOST[:PORT]` (https), `https://HOST[:PORT]` or `http://HOST[:PORT]`. @throws WrongValue */
export function parseServer(text: string): URL {
  const remedy = 'Give HOST, HOST:PORT, or a URL that begins with https:// or http://'
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`, remedy)
  if (url.pathname === '/') return url
  throw new WrongValue('has a path', 'Name the server alone; the path of public URLs is --swift-prefix')
}
