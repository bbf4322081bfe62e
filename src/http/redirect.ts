import { describeRequest, HttpError } from './failure.ts'
import type { Lane, OpenBody, Transport, WireRequest } from './transport.ts'
import { parseUrl, redactUrl } from './url.ts'

/** An answer and the request that led to it, at the end of the redirects. */
export interface Arrival {
  readonly request: WireRequest
  readonly answer: OpenBody
}

/**
 * One request and the redirects that it meets, at most `limit` of them; with a limit of 0 a redirect is
 * the answer.
 * @throws UpdaterError HTTP_REDIRECT, HTTP_NETWORK, HTTP_TIMEOUT, ABORTED
 */
export async function follow(
  transport: Transport,
  first: WireRequest,
  lane: Lane,
  limit: number,
): Promise<Arrival> {
  const seen = new Set<string>()
  let request = first
  for (;;) {
    const answer = await transport.exchange(request, lane)
    if (limit === 0 || !redirectStatuses.has(answer.status)) return { request, answer }
    await answer.discard()
    seen.add(request.url.href)
    request = nextRequest(request, answer)
    if (seen.has(request.url.href)) throw refuse(first, `comes back to ${redactUrl(request.url)}`)
    if (seen.size > limit) throw refuse(first, `does not end within ${limit} redirects`)
  }
}

/** The request that a redirect asks for. @throws UpdaterError HTTP_REDIRECT: it may not be followed */
export function nextRequest(
  request: WireRequest,
  answer: Pick<OpenBody, 'status' | 'headers' | 'reach'>,
): WireRequest {
  const { location } = answer.headers
  if (location === undefined) throw refuse(request, `answers ${answer.status} without a Location`)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw refuse(request, `answers ${answer.status}, which is followed for GET and HEAD only`)
  }
  const url = resolve(request, location)
  if (request.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refuse(request, `leads from https to ${redactUrl(url)}`)
  }
  const headers = url.origin === request.url.origin ? request.headers : harmless(request.headers)
  return { ...request, url, headers, isLed: request.isLed || answer.reach === 'public' }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])

/** What another origin may see: nothing of these can hold a credential. */
const harmlessHeaders = new Set(['accept', 'accept-encoding', 'user-agent', 'range', 'if-range'])

function harmless(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmlessHeaders.has(name)))
}

function resolve(request: WireRequest, location: string): URL {
  try {
    return parseUrl(URL.canParse(location, request.url.href) ? new URL(location, request.url).href : location)
      .url
  } catch (cause) {
    throw refuse(request, `leads to "${redactUrl(location).slice(0, 500)}"`, cause)
  }
}

function refuse({ method, url }: WireRequest, what: string, cause?: unknown): HttpError {
  return new HttpError('HTTP_REDIRECT', `The redirect of ${describeRequest(method, url)} ${what}`, {
    cause,
    remedy: 'Name the address that the file really has, if you trust it',
  })
}
