import { STATUS_CODES } from 'node:http'
import { type ErrorCode, outOfDescriptors, UpdaterError, type UpdaterErrorOptions } from '../errors.ts'
import type { Reach } from './addresses.ts'
import { isRetriable } from './policy.ts'
import { redactUrl } from './url.ts'

/** Is the same request worth another attempt: never, once or so, or as often as the policy allows? */
export type Again = 'never' | 'seldom' | 'often'

interface HttpErrorOptions extends UpdaterErrorOptions {
  readonly again?: Again
  readonly status?: number
  /** What the server's Retry-After said. */
  readonly retryAfter?: string | undefined
  /** The answer's Content-Type. */
  readonly contentType?: string | undefined
}

/** An `UpdaterError` of this room, which knows whether to ask again. */
export class HttpError extends UpdaterError {
  readonly again: Again
  /** The answer's status, where there was one. */
  readonly status: number | undefined
  readonly retryAfter: string | undefined
  readonly contentType: string | undefined

  constructor(code: ErrorCode, message: string, options: HttpErrorOptions = {}) {
    super(code, message, options)
    this.again = options.again ?? 'never'
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.contentType = options.contentType
  }
}

/** Something took longer than the policy allows; the message says what. */
export class Timeout extends Error {
  readonly again: Again

  constructor(message: string, again: Again = 'often') {
    super(message)
    this.again = again
  }
}

/** An address is not asked, for where it leads. */
export class ForbiddenAddress extends Error {
  readonly diagnosis: Pick<Diagnosis, 'code' | 'remedy'>

  /** @param isLed a server of the internet has led to it, by a redirect */
  constructor(address: string, reach: Reach, isLed: boolean) {
    const what = reach === 'metadata' ? "gives away a machine's credentials" : 'is no address of the internet'
    super(`${address} ${what}${isLed ? ', and a server of the internet has led there' : ''}`)
    this.diagnosis = isLed
      ? { code: 'HTTP_REDIRECT', remedy: ledRemedy }
      : { code: 'HTTP_URL', remedy: metadataRemedy }
  }
}

/** The proxy has refused to connect to the server. */
export class ProxyRefusal extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the proxy answered ${status}`)
    this.status = status
  }
}

/** The status of the answer that made this error (e.g. 404), `undefined` for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof HttpError ? error.status : undefined
}

/** Whether a server's certificate is what a request has failed for. */
export function isUntrusted(error: unknown): boolean {
  const { code } = (error instanceof HttpError ? (error.cause ?? {}) : {}) as NodeJS.ErrnoException
  return code !== undefined && certificateCodes.test(code)
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
    again: againAfter(status),
    retryAfter: headers['retry-after'],
    contentType: headers['content-type'],
    remedy:
      statusRemedies[status] ??
      (isRetriable(status) ? 'The server is in trouble: run again later' : undefined),
  })
}

function againAfter(status: number): Again {
  return isRetriable(status) ? 'often' : 'never'
}

/**
 * Translates what a request or its socket threw; what the source of its body has said stays. `via` is the proxy in
 * between, as it may be printed.
 */
export function transportError(request: string, thrown: unknown, via: string | undefined): UpdaterError {
  if (thrown instanceof UpdaterError) return thrown
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
  const { code = 'HTTP_NETWORK', what, ...options } = diagnose(cause)
  const through = via === undefined ? '' : ` through the proxy ${via}`
  return new HttpError(code, `${request} failed${through}: ${what}`, { ...options, cause })
}

/** HTTP_NETWORK for a request that the client's end has overtaken. */
export function closedError(request: string): HttpError {
  return new HttpError('HTTP_NETWORK', `${request} failed: ${clientClosed}`)
}

export const clientClosed = 'the client is closed'

interface Diagnosis extends Pick<HttpErrorOptions, 'again' | 'remedy'> {
  readonly code?: ErrorCode
  readonly what: string
}

function diagnose(cause: NodeJS.ErrnoException): Diagnosis {
  const { code = '', message } = cause
  if (cause instanceof Timeout) return tooLate(message, cause.again)
  if (code === 'ETIMEDOUT') return tooLate('no connection in time', 'often')
  if (cause instanceof ForbiddenAddress) return { what: message, again: 'never', ...cause.diagnosis }
  if (cause instanceof ProxyRefusal) {
    return { what: message, again: againAfter(cause.status), remedy: statusRemedies[407] }
  }
  if (certificateCodes.test(code)) {
    const remedy = /EXPIRED|NOT_YET_VALID|ALTNAME/.test(code) ? certificateRemedy : authorityRemedy
    return { what: `the server's certificate is not trusted (${message})`, remedy }
  }
  if (/^ERR_SSL_|^EPROTO$/.test(code)) return diagnoseHandshake(code, message)
  if (code.startsWith('HPE_') && !neverAgain.has(code)) {
    return { what: 'the answer is not HTTP', again: 'seldom', remedy: tlsRemedy }
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return { what: 'too many files and connections are open', again: 'often', remedy: outOfDescriptors }
  }
  const again = code === 'ENOTFOUND' ? 'seldom' : neverAgain.has(code) ? 'never' : 'often'
  // The server ended the connection by itself; a reset comes from a call of the system.
  const isClosed = code === 'ECONNRESET' && cause.syscall === undefined
  const trouble = isClosed ? 'the connection broke off' : troubles[code]
  return { what: trouble ?? (message || code), again, remedy: networkRemedy }
}

function tooLate(what: string, again: Again): Diagnosis {
  return { code: 'HTTP_TIMEOUT', what, again, remedy: networkRemedy }
}

/** OpenSSL tells its reason in the code, or in the message where a write of ours failed by it. */
function diagnoseHandshake(code: string, message: string): Diagnosis {
  const told = /^ERR_SSL_(.+)/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ')
  const reason = told ?? /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? 'protocol error'
  return notTls.has(reason)
    ? { what: 'the server does not speak TLS on this port', remedy: plainRemedy }
    : { what: `the TLS handshake failed (${reason})`, remedy: handshakeRemedy }
}

const ledRemedy =
  'Distrust that server; if the redirect is meant, name the address that the file really has, or allow it with --allow-private'
const metadataRemedy = 'Correct the URL: no image and no listing is there'
const networkRemedy =
  'Check the host name, the network and the proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)'
const authorityRemedy =
  "Point NODE_EXTRA_CA_CERTS to the file with the certificate authority's certificate if it is one of your own"
const certificateRemedy = "The server's certificate must be renewed, or the host name of the URL corrected"

const plainRemedy = 'Write http:// instead of https:// if the server has no TLS, or correct the port'
const tlsRemedy = 'Write https:// instead of http:// if the server wants TLS, or correct the port'
const handshakeRemedy = 'Check the port, and which versions of TLS the server or the proxy in between allows'

const gone =
  'It is not there any more, or not yet: a server in the middle of a synchronisation has it later. Look at the URL, or run again'

const statusRemedies: Readonly<Record<number, string>> = {
  400: 'Check the URL; some servers that want https:// answer so to http://',
  401: 'Check whether this URL is public and what credentials it needs',
  403: 'Check whether this URL is public and what credentials it needs',
  404: gone,
  407: 'Check the user and the password in HTTPS_PROXY or HTTP_PROXY, and what the proxy allows',
  410: gone,
  429: 'The server asks for fewer requests: run again later, or with fewer --jobs',
}

const troubles: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server did not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  HPE_HEADER_OVERFLOW: 'the headers are too large',
}

/** What cannot be sent, and headers larger than Node reads. */
const neverAgain = new Set(['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'HPE_HEADER_OVERFLOW'])

/** What OpenSSL makes of an answer in plain text. */
const notTls = new Set(['wrong version number', 'packet length too long'])

const certificateCodes = /CERT|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)$/
