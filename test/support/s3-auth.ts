import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What the server knows of its one user. Written against AWS's description of Signature Version 4. */
export interface Account {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
  readonly now: () => number
}

/** A refusal as S3 words it; `extra` are further elements of the answer. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly extra?: Readonly<Record<string, string>>
}

/** `anonymous`, `signed`, or why the request is refused. */
export function authenticate(request: IncomingMessage, account: Account): 'anonymous' | 'signed' | Refusal {
  const { authorization } = request.headers
  if (authorization === undefined) return 'anonymous'
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    )
  const [, key = '', day = '', region = '', signed = '', signature = ''] = match ?? []
  if (match === null) return malformed('The authorization header is malformed')
  if (key !== account.accessKey) {
    return {
      status: 403,
      code: 'InvalidAccessKeyId',
      message: 'The access key ID does not exist in our records.',
    }
  }
  if (region !== account.region) {
    return {
      ...malformed(`the region '${region}' is wrong; expecting '${account.region}'`),
      extra: { Region: account.region },
    }
  }
  const stamp = header(request, 'x-amz-date')
  const time = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(time) || Math.abs(account.now() - time) > 15 * 60 * 1000) {
    return {
      status: 403,
      code: 'RequestTimeTooSkewed',
      message: "The difference between the request time and the server's time is too large.",
      extra: { ServerTime: new Date(account.now()).toISOString() },
    }
  }
  const wanted = sign(account, day, stamp, canonical(request, signed))
  if (wanted === signature && signsEnough(request, signed)) return 'signed'
  return {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message: 'The request signature we calculated does not match the signature you provided.',
  }
}

function malformed(message: string): Refusal {
  return { status: 400, code: 'AuthorizationHeaderMalformed', message }
}

/** S3 wants the host and every x-amz-* header to be signed. */
function signsEnough(request: IncomingMessage, signed: string): boolean {
  const names = new Set(signed.split(';'))
  const amz = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))
  return ['host', ...amz].every((name) => names.has(name))
}

function canonical(request: IncomingMessage, signed: string): string {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
  const headers = signed
    .split(';')
    .map((name) => `${name}:${header(request, name).trim().replace(/\s+/g, ' ')}\n`)
  const payload = header(request, 'x-amz-content-sha256')
  return [request.method, path, pairs.join('&'), headers.join(''), signed, payload].join('\n')
}

function sign({ secretKey, region }: Account, day: string, stamp: string, request: string): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const key = hmac(hmac(hmac(hmac(`AWS4${secretKey}`, day), region), 's3'), 'aws4_request')
  const hash = createHash('sha256').update(request).digest('hex')
  return hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/s3/aws4_request\n${hash}`).toString('hex')
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}
