import { asUpdaterError, type ErrorCode, UpdaterError, type UpdaterErrorOptions } from '../../errors.ts'
import { isRetriable } from '../../http/policy.ts'
import type { OpenBody } from '../../http/transport.ts'
import { textOf, type XmlDocument } from './xml.ts'

/** What a request was for and whom it asked; the beginning and the end of every message. */
export interface Asked {
  /** E.g. `Storing part 3 of image/20260124-image.qcow2`. */
  readonly what: string
  readonly bucket: string
  readonly host: string
  /** The canned ACL that was sent. */
  readonly acl?: string | undefined
  /** Bytes of the body that was sent. */
  readonly size?: number
}

interface S3Answer {
  /** HTTP status; 200 if the error came inside of a success. */
  readonly status: number
  /** S3's own code, e.g. `NoSuchUpload`; undefined if the answer held none (HEAD, a proxy). */
  readonly s3Code?: string | undefined
  /** What may help: fresh credentials, or another attempt. */
  readonly cure?: 'renew' | 'repeat' | undefined
}

/** An `UpdaterError` that still knows what the object store answered. */
export class S3Error extends UpdaterError {
  readonly answer: S3Answer

  constructor(code: ErrorCode, message: string, answer: S3Answer, options: UpdaterErrorOptions) {
    super(code, message, options)
    this.answer = answer
  }
}

/** What an answer says beside its code, and whom it came from. */
interface Details extends Asked {
  /** ` (Code: message)`, or empty. */
  readonly message: string
  readonly region: string | undefined
  readonly serverTime: string | undefined
}

interface Meaning {
  /** S3's codes, and the statuses of answers without one. */
  readonly of: readonly (string | number)[]
  readonly code: ErrorCode
  /** The end of a sentence that began with what was asked. */
  readonly says: (details: Details) => string
  readonly remedy: string | ((asked: Asked) => string)
  readonly cure?: S3Answer['cure']
}

const meanings: readonly Meaning[] = [
  {
    of: ['InvalidAccessKeyId'],
    code: 'STORE_CREDENTIALS',
    says: ({ host }) => `${host} does not know the access key`,
    remedy: 'Check MINIO_ACCESS_KEY (--minio-access-key), and that it belongs to this server',
  },
  {
    of: ['SignatureDoesNotMatch', 401],
    code: 'STORE_CREDENTIALS',
    says: ({ host }) => `${host} refused the signature: the secret key is wrong`,
    remedy:
      'Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY (--minio-access-key, --minio-secret-key): some servers say the same of an unknown key',
  },
  {
    of: ['ExpiredToken', 'InvalidToken', 'TokenRefreshRequired'],
    code: 'STORE_CREDENTIALS',
    says: ({ host }) => `the credentials have expired or are not valid on ${host}`,
    remedy: 'Renew the credentials and run again',
    cure: 'renew',
  },
  {
    of: ['RequestTimeTooSkewed'],
    code: 'STORE_CREDENTIALS',
    says: ({ host, serverTime }) =>
      `this machine's clock differs too much from that of ${host}${serverTime === undefined ? '' : `, where it is ${serverTime}`}`,
    remedy: "Set this machine's clock (NTP)",
  },
  {
    of: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 403],
    code: 'STORE_DENIED',
    says: ({ bucket, host }) => `access to bucket ${bucket} on ${host} is denied`,
    remedy:
      'Give the key the right to list, read, write and delete in this bucket; some servers say the same of a missing one',
  },
  {
    of: ['NoSuchBucket'],
    code: 'STORE_BUCKET',
    says: ({ bucket, host }) => `bucket ${bucket} does not exist on ${host}`,
    remedy: 'Create it first, or name another one with --minio-bucket',
  },
  {
    of: ['InvalidBucketName'],
    code: 'STORE_BUCKET',
    says: ({ bucket, host }) => `${bucket} is not a valid bucket name on ${host}`,
    remedy: 'Name an existing bucket with --minio-bucket',
  },
  {
    of: [
      'AuthorizationHeaderMalformed',
      'PermanentRedirect',
      'TemporaryRedirect',
      'IllegalLocationConstraintException',
      301,
      307,
    ],
    code: 'STORE_FAILED',
    says: ({ bucket, host, region, message }) =>
      region === undefined
        ? `${host} serves bucket ${bucket} in another region or under another name${message}`
        : `${host} serves bucket ${bucket} in region ${region}`,
    remedy: 'Name the right region with --minio-region, and its server with --minio-server',
  },
  {
    of: ['AccessControlListNotSupported'],
    code: 'STORE_DENIED',
    says: ({ bucket, host }) => `bucket ${bucket} on ${host} takes no access control lists`,
    remedy: 'Send none with --acl "" and make the bucket readable by a policy',
  },
  {
    of: ['NotImplemented', 501],
    code: 'STORE_FAILED',
    says: ({ host, message }) => `${host} does not know what was asked of it${message}`,
    remedy: ({ acl }) =>
      acl === undefined
        ? 'Check --minio-server: many servers and proxies know only a part of S3'
        : 'Send no access control list with --acl "", which many servers do not know, and make the bucket readable by a policy',
  },
  {
    of: ['EntityTooLarge', 413],
    code: 'STORE_FAILED',
    says: ({ host, size = 0 }) => `${host}, or a proxy in front of it, takes no request of ${size} bytes`,
    remedy:
      "Raise the proxy's limit of a request's body (nginx: client_max_body_size, Apache: LimitRequestBody); parts are 5 MiB or more",
  },
  {
    of: ['QuotaExceeded', 'XMinioStorageFull'],
    code: 'STORE_FAILED',
    says: ({ bucket, host }) => `bucket ${bucket} on ${host} has no room left`,
    remedy: 'Remove old images from the mirror or have the quota raised',
  },
  {
    of: [
      'SlowDown',
      'InternalError',
      'ServiceUnavailable',
      'RequestTimeout',
      'OperationAborted',
      500,
      502,
      503,
      504,
    ],
    code: 'STORE_FAILED',
    says: ({ host, message }) => `${host} is overloaded or in trouble${message}`,
    remedy: 'Run again later; fewer --transfers ask less of it',
    cure: 'repeat',
  },
]

/** Returns the error that an answer stands for, or undefined for a success. */
export function failureOf(
  asked: Asked,
  { status, headers }: Pick<OpenBody, 'status' | 'headers'>,
  text: string,
  document: XmlDocument | undefined,
): S3Error | undefined {
  const node = document?.root === 'Error' ? document.node : undefined
  if (status < 300 && node === undefined) return undefined
  const s3Code = textOf(node, 'Code')
  const isOfProxy = status >= 500 || status === 413
  if (s3Code === undefined && text.trim() !== '' && !isOfProxy) return strangeAnswer(asked, status)
  const message = told(s3Code, textOf(node, 'Message'))
  const subject = [message, textOf(node, 'Header'), textOf(node, 'ArgumentName')].join(' ')
  const about = refusesAcl(asked, status, subject) ? 'AccessControlListNotSupported' : (s3Code ?? status)
  const meaning = meanings.find(({ of }) => of.includes(about))
  const region = textOf(node, 'Region') ?? headers['x-amz-bucket-region']
  const details = { ...asked, message, region, serverTime: textOf(node, 'ServerTime') }
  const says = meaning?.says(details) ?? `${asked.host} answered ${status}${message}`
  // HTTP has repeated what its status allows; the codes also come with a status of 200, 400 or 409.
  const cure = meaning?.cure === 'repeat' && isRetriable(status) ? undefined : meaning?.cure
  const { code = 'STORE_FAILED', remedy } = meaning ?? {}
  const advice = typeof remedy === 'function' ? remedy(asked) : remedy
  return new S3Error(code, `${asked.what}: ${says}`, { status, s3Code, cure }, { remedy: advice })
}

/** Some stores refuse an access control list by codes that they have for much else. */
function refusesAcl({ acl }: Asked, status: number, subject: string): boolean {
  const isRefused = status === 400 || status === 501
  return acl !== undefined && isRefused && /\bacls?\b|access control list/i.test(subject)
}

/** The error of an answer that is not what S3 answers. */
export function strangeAnswer({ what, host }: Asked, status: number): S3Error {
  const message = `${what}: ${host} did not answer as an S3 server does`
  const remedy = "Check --minio-server: it is the address of the object store's S3 interface"
  return new S3Error('STORE_FAILED', message, { status }, { remedy })
}

/**
 * The failure of HTTP to ask the server or, if a status is given, to read its answer to the end. What is not
 * HTTP's stays as it is.
 */
export function unreachable(asked: Asked, thrown: unknown, status?: number): UpdaterError {
  const cause = asUpdaterError(thrown)
  if (!cause.code.startsWith('HTTP_')) return cause
  const message = `${asked.what}: ${asked.host} cannot be reached (${cause.message})`
  const remedy = `Check --minio-server. ${cause.remedy ?? 'Check the network and the proxy settings'}`
  return status === undefined
    ? new UpdaterError('STORE_UNREACHABLE', message, { remedy, cause })
    : new S3Error('STORE_UNREACHABLE', message, { status, cure: 'repeat' }, { remedy, cause })
}

/** ` (Code: message)`: cut short, and without anything that looks like a signature or a digest of one. */
function told(code: string | undefined, message: string | undefined): string {
  const words = [code, message].filter((part) => part !== undefined && part !== '').join(': ')
  const safe = words.replace(/[A-Za-z0-9+/=]{40,}/g, '…').slice(0, 200)
  return safe === '' ? '' : ` (${safe})`
}
