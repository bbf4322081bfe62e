import { sleep } from './abort.ts'
import { decodeText, factsOf, readBytes } from './answer.ts'
import { bodyOf, type Resuming } from './download.ts'
import { describeRequest, statusError } from './failure.ts'
import { defaultPolicy, isRetriable, type Policy } from './policy.ts'
import { type Arrival, follow } from './redirect.ts'
import { type Patience, retry, retryPolicy } from './retry.ts'
import { type Lane, Transport, type WireRequest } from './transport.ts'
import type { HttpClient, OpenBody, RequestOptions, TextAnswer } from './types.ts'
import { parseUrl } from './url.ts'

export interface HttpClientOptions {
  /** This program's version, for the User-Agent. */
  readonly version?: string | undefined
  /** Numbers that differ from `defaultPolicy`. */
  readonly policy?: Partial<Policy> | undefined
  /** Randomness of the pauses between attempts. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Waits so many milliseconds, or throws ABORTED. Default: a timer. */
  readonly sleep?: Patience['sleep'] | undefined
  /** Gets a line for the debug log before each new attempt. */
  readonly note?: ((message: string) => void) | undefined
}

/** The program's one HTTP client; nothing is loaded or connected before the first request. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const policy: Policy = { ...defaultPolicy, ...options.policy }
  const patience: Patience = {
    policy,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
    note: options.note ?? (() => undefined),
  }
  const transport = new Transport(policy)
  const userAgent = `openstack-image-updater${options.version === undefined ? '' : `/${options.version}`}`

  function requestOf(method: string, text: string, { headers, signal }: RequestOptions): WireRequest {
    const { url, authorization } = parseUrl(text)
    return {
      method,
      url,
      signal,
      headers: {
        'user-agent': userAgent,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(authorization === undefined ? {} : { authorization }),
        ...lowerCaseNames(headers),
      },
    }
  }

  const ask = (request: WireRequest, lane: Lane): Promise<Arrival> =>
    follow(transport, request, lane, policy.redirects)

  return {
    async text(url, { signal, headers, known } = {}) {
      const request = requestOf('GET', url, { signal, headers: { ...conditionOf(known), ...headers } })
      return retry(retryPolicy(patience, signal), async () => {
        const { answer } = await ask(request, 'small')
        if (known !== undefined && isUnchanged(answer, known)) {
          await answer.discard()
          return known
        }
        await demand(answer, 'GET', isSuccess)
        const bytes = await readBytes(answer, policy.textLimit)
        const { etag, 'last-modified': lastModified } = answer.headers
        return { url: answer.url, text: decodeText(bytes), bytes, etag, lastModified }
      })
    },

    async facts(url, { signal, headers } = {}) {
      const head = requestOf('HEAD', url, { signal, headers })
      const oneByte = requestOf('GET', url, { signal, headers: { ...headers, range: 'bytes=0-0' } })
      return retry(retryPolicy(patience, signal), async () => {
        let { request, answer } = await ask(head, 'small')
        if (refusesHead.has(answer.status)) {
          await answer.discard()
          ;({ request, answer } = await ask(oneByte, 'small'))
        }
        await demand(answer, request.method, isSuccess)
        await answer.discard()
        return factsOf(answer)
      })
    },

    async send(method, url, { body, redirects = policy.redirects, sign, signal, headers } = {}) {
      const request = requestOf(method, url, { signal, headers })
      return retry(retryPolicy(patience, signal), async (number) => {
        const signed = lowerCaseNames(await sign?.(number))
        const { answer } = await follow(
          transport,
          { ...request, body, headers: { ...request.headers, ...signed } },
          'bulk',
          redirects,
        )
        if (number < policy.retries) await demand(answer, method, (status) => !isRetriable(status))
        return answer
      })
    },

    async download(url, { signal, headers, connections = 1 } = {}) {
      const discarded = new AbortController()
      const either = signal === undefined ? discarded.signal : AbortSignal.any([signal, discarded.signal])
      const first = requestOf('GET', url, { signal: either, headers })
      const { request, answer } = await retry(retryPolicy(patience, signal), async () => {
        const arrival = await ask(first, 'bulk')
        await demand(arrival.answer, 'GET', (status) => status === 200)
        return arrival
      })
      const reopen: Resuming['reopen'] = async (extra, signal) =>
        (await ask({ ...request, headers: { ...request.headers, ...extra }, signal }, 'bulk')).answer
      return {
        facts: factsOf(answer),
        body: bodyOf(answer, connections, { reopen, patience, signal: either }),
        discard: async () => discarded.abort(),
      }
    },

    close: () => transport.close(),
  }
}

/** The ETag goes over the date, as RFC 9110 wants it. */
function conditionOf({ etag, lastModified }: Partial<TextAnswer> = {}): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag }
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified }
}

/** A server may take a file that was put back for unchanged, since its date is no later, and still tell that date. */
function isUnchanged(
  { status, url, headers }: OpenBody,
  { url: before, etag, lastModified }: TextAnswer,
): boolean {
  const { etag: etagNow = etag, 'last-modified': dateNow = lastModified } = headers
  return status === 304 && url === before && etagNow === etag && dateNow === lastModified
}

/** Some servers refuse HEAD where they would answer GET. */
const refusesHead = new Set([400, 403, 405, 501])

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** @throws UpdaterError HTTP_STATUS for any other status, with the body discarded */
async function demand(answer: OpenBody, method: string, wanted: (status: number) => boolean): Promise<void> {
  if (wanted(answer.status)) return
  await answer.discard()
  throw statusError(describeRequest(method, answer.url), answer.status, answer.headers)
}

function lowerCaseNames(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
