import { type ErrorCode, UpdaterError } from '../../errors.ts'
import { parseXml, textOf, type XmlNode } from './xml.ts'

/** What a request was for and whom it asked; the beginning and the end of every message. */
export interface Asked {
  /** E.g. `Storing part 3 of image/20260124-image.qcow2`. */
  readonly what: string
  readonly bucket: string
  readonly host: string
}

/** An `UpdaterError` that still knows what the object store answered. */
export class S3Error extends UpdaterError {
  /** HTTP status; 200 where the error came inside of a success. */
  readonly status: number
  /** S3's own code, e.g. `NoSuchUpload`; `undefined` where the answer held none (HEAD, a proxy). */
  readonly s3Code: string | undefined

  constructor(code: ErrorCode, message: string, remedy: string | undefined, status: number, s3Code?: string) {
    super(code, message, remedy === undefined ? {} : { remedy })
    this.status = status
    this.s3Code = s3Code
  }
}

interface Meaning {
  readonly code: ErrorCode
  /** The end of a sentence that began with what was asked. */
  readonly says: (asked: Asked, answer: S3Answer) => string
  readonly remedy: string
}

/** What an answer says beside its code. */
interface S3Answer {
  readonly message: string
  readonly region: string | undefined
  readonly serverTime: string | undefined
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

/**
 * Worth another attempt, beyond those that HTTP makes for the status alone: these also come with a
 * status of 200, 400 or 409.
 */
export const passing: ReadonlySet<string> = new Set([
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
])

/** Fresh credentials may help, once. */
export const expiring: ReadonlySet<string> = new Set(['ExpiredToken', 'TokenRefreshRequired'])

/** The error that an answer stands for; `undefined`: a success. */
export function failureOf(
  asked: Asked,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): S3Error | undefined {
  const document = parseXml(text)
  const failed = document?.root === 'Error'
  if (status < 300 && !failed) return undefined
  const node: XmlNode = document === undefined || !failed ? '' : document.node
  const s3Code = textOf(node, 'Code')
  const meaning = meaningFor(s3Code, status, text)
  const answer = {
    message: told(s3Code, textOf(node, 'Message')),
    region: textOf(node, 'Region') ?? headers['x-amz-bucket-region'],
    serverTime: textOf(node, 'ServerTime'),
  }
  const says = meaning?.says(asked, answer) ?? `${asked.host} answered ${status}${answer.message}`
  return new S3Error(
    meaning?.code ?? 'STORE_FAILED',
    `${asked.what}: ${says}`,
    meaning?.remedy,
    status,
    s3Code,
  )
}

/** For an answer that is no error by its status but not what S3 says either. */
export function strangeAnswer(asked: Asked, status: number): S3Error {
  return new S3Error(notS3.code, `${asked.what}: ${notS3.says(asked, noWords)}`, notS3.remedy, status)
}

const noWords: S3Answer = { message: '', region: undefined, serverTime: undefined }

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
