import { asUpdaterError, type ErrorCode, UpdaterError, type UpdaterErrorOptions } from '../../errors.ts'
import { isRetriable } from '../../http/policy.ts'
import { parseXml, textOf } from './xml.ts'

/** What a request was for and whom it asked; the beginning and the end of every message. */
export interface Asked {
  /** E.g. `Storing part 3 of image/20260124-image.qcow2`. */
  readonly what: string
  readonly bucket: string
  readonly host: string
}

/** An answer of the object store. */
export interface S3Reply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

interface S3Answer {
  /** HTTP status; 200 where the error came inside of a success. */
  readonly status: number
  /** S3's own code, e.g. `NoSuchUpload`; `undefined` where the answer held none (HEAD, a proxy). */
  readonly s3Code?: string | undefined
}

/** An `UpdaterError` that still knows what the object store answered. */
export class S3Error extends UpdaterError {
  readonly status: number
  readonly s3Code: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    { status, s3Code, ...options }: S3Answer & UpdaterErrorOptions,
  ) {
    super(code, message, options)
    this.status = status
    this.s3Code = s3Code
  }

  /** Fresh credentials may help. */
  get isExpiry(): boolean {
    return expiring.has(this.s3Code ?? '')
  }

  /**
   * Another attempt may help: the answer broke off, or its code says so. HTTP has repeated those whose status says
   * so; the codes also come with a status of 200, 400 or 409.
   */
  get isPassing(): boolean {
    if (this.code === 'STORE_UNREACHABLE') return true
    return passing.has(this.s3Code ?? '') && !isRetriable(this.status)
  }
}

const expiring: ReadonlySet<string> = new Set(['ExpiredToken', 'TokenRefreshRequired'])

const passing: ReadonlySet<string> = new Set([
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
])

interface Meaning {
  readonly code: ErrorCode
  /** The end of a sentence that began with what was asked. */
  readonly says: (asked: Asked, details: Details) => string
  readonly remedy: string
}

/** What an answer says beside its code. */
interface Details {
  /** ` (Code: message)`, or empty. */
  readonly message: string
  readonly region?: string | undefined
  readonly serverTime?: string | undefined
}

const wrongKey: Meaning = {
  code: 'STORE_CREDENTIALS',
  says: ({ host }) => `${host} does not know the access key`,
  remedy: 'Check MINIO_ACCESS_KEY (--minio-access-key), and that it belongs to this server',
}
const wrongSecret: Meaning = {
  code: 'STORE_CREDENTIALS',
  says: ({ host }) => `${host} refused the signature: the secret key is wrong`,
  remedy:
    'Check MINIO_ACCESS_KEY and MINIO_SECRET_KEY (--minio-access-key, --minio-secret-key): some servers say the same of an unknown key',
}
const expired: Meaning = {
  code: 'STORE_CREDENTIALS',
  says: ({ host }) => `the credentials have expired or are not valid on ${host}`,
  remedy: 'Renew the credentials and run again',
}
const skewed: Meaning = {
  code: 'STORE_CREDENTIALS',
  says: ({ host }, { serverTime }) =>
    `this machine's clock differs too much from that of ${host}${serverTime === undefined ? '' : `, where it is ${serverTime}`}`,
  remedy: "Set this machine's clock (NTP)",
}
const denied: Meaning = {
  code: 'STORE_DENIED',
  says: ({ bucket, host }) => `access to bucket ${bucket} on ${host} is denied`,
  remedy:
    'Give the key the right to list, read, write and delete in this bucket; some servers say the same of a missing one',
}
const noBucket: Meaning = {
  code: 'STORE_BUCKET',
  says: ({ bucket, host }) => `bucket ${bucket} does not exist on ${host}`,
  remedy: 'Create it first, or name another one with --minio-bucket',
}
const badBucket: Meaning = {
  code: 'STORE_BUCKET',
  says: ({ bucket, host }) => `${bucket} is not a valid bucket name on ${host}`,
  remedy: 'Name an existing bucket with --minio-bucket',
}
const wrongRegion: Meaning = {
  code: 'STORE_FAILED',
  says: ({ bucket, host }, { region, message }) =>
    region === undefined
      ? `${host} serves bucket ${bucket} in another region or under another name${message}`
      : `${host} serves bucket ${bucket} in region ${region}`,
  remedy: 'Name the right region with --minio-region, and its server with --minio-server',
}
const noAcl: Meaning = {
  code: 'STORE_DENIED',
  says: ({ bucket, host }) => `bucket ${bucket} on ${host} takes no access control lists`,
  remedy: 'Send none with --acl "" and make the bucket readable by a policy',
}
const quota: Meaning = {
  code: 'STORE_FAILED',
  says: ({ bucket, host }) => `bucket ${bucket} on ${host} has no room left`,
  remedy: 'Remove old images from the mirror or have the quota raised',
}
const busy: Meaning = {
  code: 'STORE_FAILED',
  says: ({ host }, { message }) => `${host} is overloaded or in trouble${message}`,
  remedy: 'Run again later; fewer --transfers ask less of it',
}
const notS3: Meaning = {
  code: 'STORE_FAILED',
  says: ({ host }) => `${host} did not answer as an S3 server does`,
  remedy: "Check --minio-server: it is the address of the object store's S3 interface",
}

const meanings: Readonly<Record<string, Meaning>> = {
  InvalidAccessKeyId: wrongKey,
  SignatureDoesNotMatch: wrongSecret,
  ExpiredToken: expired,
  InvalidToken: expired,
  TokenRefreshRequired: expired,
  RequestTimeTooSkewed: skewed,
  AccessDenied: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  NoSuchBucket: noBucket,
  InvalidBucketName: badBucket,
  AuthorizationHeaderMalformed: wrongRegion,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  AccessControlListNotSupported: noAcl,
  QuotaExceeded: quota,
  XMinioStorageFull: quota,
  SlowDown: busy,
  InternalError: busy,
  ServiceUnavailable: busy,
  RequestTimeout: busy,
  OperationAborted: busy,
}

/** For answers without a code of S3's. */
const meaningOfStatus: Readonly<Record<number, Meaning>> = {
  301: wrongRegion,
  307: wrongRegion,
  401: wrongSecret,
  403: denied,
  500: busy,
  502: busy,
  503: busy,
  504: busy,
}

/** Returns the error that an answer stands for, or undefined for a success. */
export function failureOf(asked: Asked, { status, headers, text }: S3Reply): S3Error | undefined {
  const document = parseXml(text)
  const node = document?.root === 'Error' ? document.node : undefined
  if (status < 300 && node === undefined) return undefined
  const s3Code = textOf(node, 'Code')
  const details = {
    message: told(s3Code, textOf(node, 'Message')),
    region: textOf(node, 'Region') ?? headers['x-amz-bucket-region'],
    serverTime: textOf(node, 'ServerTime'),
  }
  const meaning = meaningFor(s3Code, status, text)
  const says = meaning?.says(asked, details) ?? `${asked.host} answered ${status}${details.message}`
  return new S3Error(meaning?.code ?? 'STORE_FAILED', `${asked.what}: ${says}`, {
    status,
    s3Code,
    remedy: meaning?.remedy,
  })
}

/** An answer whose status is a success, but which is not what S3 answers. */
export function strangeAnswer(asked: Asked, status: number): S3Error {
  const { code, says, remedy } = notS3
  return new S3Error(code, `${asked.what}: ${says(asked, { message: '' })}`, { status, remedy })
}

/**
 * The failure of HTTP to ask the server, or, where there is a status, to read its answer to the end. What is not
 * HTTP's stays as it is.
 */
export function unreachable(asked: Asked, thrown: unknown, status?: number): UpdaterError {
  const cause = asUpdaterError(thrown)
  if (!cause.code.startsWith('HTTP_')) return cause
  const message = `${asked.what}: ${asked.host} cannot be reached (${cause.message})`
  const remedy = `Check --minio-server. ${cause.remedy ?? 'Check the network and the proxy settings'}`
  return status === undefined
    ? new UpdaterError('STORE_UNREACHABLE', message, { remedy, cause })
    : new S3Error('STORE_UNREACHABLE', message, { status, remedy, cause })
}

function meaningFor(s3Code: string | undefined, status: number, text: string): Meaning | undefined {
  if (s3Code !== undefined) return meanings[s3Code]
  if (text.trim() !== '' && status < 500) return notS3
  return meaningOfStatus[status]
}

/** ` (Code: message)`: cut short, and without anything that looks like a signature or a digest of one. */
function told(code: string | undefined, message: string | undefined): string {
  const words = [code, message].filter((part) => part !== undefined && part !== '').join(': ')
  const safe = words.replace(/[A-Za-z0-9+/=]{40,}/g, '…').slice(0, 200)
  return safe === '' ? '' : ` (${safe})`
}
