import { STATUS_CODES } from 'node:http'
import { type ErrorCode, UpdaterError, type UpdaterErrorOptions } from '../errors.ts'
import { isRetriable } from './policy.ts'
import { redactUrl } from './url.ts'

/** Is the same request worth another attempt: never, once or so, or as often as the policy allows? */
export type Again = 'never' | 'seldom' | 'often'

export interface HttpErrorOptions extends UpdaterErrorOptions {
  readonly again?: Again
  readonly status?: number
  /** What the server's Retry-After said. */
  readonly retryAfter?: string | undefined
}

/** An `UpdaterError` of this room, which knows whether to ask again. */
export class HttpError extends UpdaterError {
  readonly again: Again
  /** The answer's status, where there was one. */
  readonly status: number | undefined
  readonly retryAfter: string | undefined

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(code, message, options)
    this.again = options.again ?? 'never'
    this.status = options.status
    this.retryAfter = options.retryAfter
  }
}

/** The status of the answer that made this error (e.g. 404), `undefined` for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof HttpError ? error.status : undefined
}

/** `GET https://host/path`, for messages. */
export function describeRequest(method: string, url: string | URL): string {
  return `${method} ${redactUrl(url)}`
}

/** HTTP_STATUS for an answer that is not the one wanted. */
export function statusError(
  request: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): HttpError {
  const phrase = `${status} ${STATUS_CODES[status] ?? ''}`.trimEnd()
  return new HttpError('HTTP_STATUS', `${request} answered ${phrase}`, {
    status,
    again: isRetriable(status) ? 'often' : 'never',
    retryAfter: headers['retry-after'],
    ...remedyOf(
      statusRemedies[status] ?? (isRetriable(status) ? 'The server is in trouble: run again later' : ''),
    ),
  })
}

/**
 * Translates what undici or a socket threw. `via` is the proxy in between, as it may be printed.
 */
export function transportError(request: string, thrown: unknown, via: string | undefined): HttpError {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = String((cause as NodeJS.ErrnoException).code ?? '')
  const through = via === undefined ? '' : ` through the proxy ${via}`
  const fail = (kind: ErrorCode, what: string, again: Again, remedy = '') =>
    new HttpError(kind, `${request} failed${through}: ${what}`, { again, cause, ...remedyOf(remedy) })

  const refusal = /^Proxy response \((\d+)\)|^Proxy Authentication Required \((407)\)/.exec(cause.message)
  if (refusal !== null) {
    const status = Number(refusal[1] ?? refusal[2])
    const again = isRetriable(status) ? 'often' : 'never'
    return fail('HTTP_NETWORK', `the proxy answered ${status}`, again, statusRemedies[407])
  }
  if (certificateCodes.test(code)) {
    const remedy = /EXPIRED|NOT_YET_VALID|ALTNAME/.test(code) ? certificateRemedy : authorityRemedy
    return fail('HTTP_NETWORK', `the server's certificate is not trusted (${cause.message})`, 'never', remedy)
  }
  if (notTls.has(code)) {
    return fail('HTTP_NETWORK', 'the server does not speak TLS on this port', 'never', plainRemedy)
  }
  if (/^ERR_SSL_|^EPROTO$/.test(code)) {
    const alert = /^ERR_SSL_(.+)/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ') ?? 'protocol error'
    return fail('HTTP_NETWORK', `the TLS handshake failed (${alert})`, 'never', handshakeRemedy)
  }
  if (cause.name === 'HTTPParserError') {
    return fail('HTTP_NETWORK', 'the answer is not HTTP', 'seldom', tlsRemedy)
  }
  const timeout = timeouts[code]
  if (timeout !== undefined) return fail('HTTP_TIMEOUT', timeout, 'often', networkRemedy)
  const known = troubles[code]
  const again = code === 'ENOTFOUND' ? 'seldom' : neverAgain.has(code) ? 'never' : 'often'
  return fail('HTTP_NETWORK', known ?? (cause.message || code), again, networkRemedy)
}

const networkRemedy =
  'Check the host name, the network and the proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)'
const authorityRemedy =
  "Point NODE_EXTRA_CA_CERTS to the file with the certificate authority's certificate if it is one of your own"
const certificateRemedy = "The server's certificate must be renewed, or the host name of the URL corrected"

const plainRemedy = 'Write http:// instead of https:// if the server has no TLS, or correct the port'
const tlsRemedy = 'Write https:// instead of http:// if the server wants TLS, or correct the port'
const handshakeRemedy = 'Check the port, and which versions of TLS the server or the proxy in between allows'

const statusRemedies: Readonly<Record<number, string>> = {
  400: 'Check the URL; some servers that want https:// answer so to http://',
  401: 'Check whether this URL is public and what credentials it needs',
  403: 'Check whether this URL is public and what credentials it needs',
  404: 'Check whether the URL still exists on the server',
  407: 'Check the user and the password in HTTPS_PROXY or HTTP_PROXY, and what the proxy allows',
  410: 'Check whether the URL still exists on the server',
  429: 'The server asks for fewer requests: run again later, or with fewer --jobs',
}

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the body stalled',
  ETIMEDOUT: 'no connection in time',
}

const troubles: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server did not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_SOCKET: 'the connection broke off',
}

const neverAgain = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_HEADERS_OVERFLOW'])

/** What OpenSSL makes of an answer in plain text. */
const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

const certificateCodes = /CERT|^UNABLE_TO_|^UND_ERR_PRX_TLS$|^INVALID_(?:CA|PURPOSE)$/

function remedyOf(remedy: string | undefined): { remedy?: string } {
  return remedy === undefined || remedy === '' ? {} : { remedy }
}
