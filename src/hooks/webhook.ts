import { createHmac, randomUUID } from 'node:crypto'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { HttpClient } from '../http/client.ts'
import { describeRequest, statusError } from '../http/failure.ts'
import type { Policy } from '../http/policy.ts'
import { redactUrl } from '../http/url.ts'
import type { RunReport } from '../report/schemas.ts'

export interface WebhookOptions {
  /** `http:` or `https:`. Only its origin is ever printed: a token may stand in the rest. */
  readonly url: string
  /** Signs the messages: `whsec_` and base64, or any text of 16 characters or more. Absent: they are unsigned. */
  readonly secret?: string | undefined
}

/**
 * POSTs `{ type: 'images.updated', timestamp, data }`, where `data` is the JSON report, with the HTTP
 * client's retries. A redirect is a failure: a signed message goes to the address that was given.
 * @param limit ends it
 * @throws UpdaterError HOOK_FAILED
 */
export async function sendWebhook(
  { url, secret }: WebhookOptions,
  document: RunReport,
  limit: AbortSignal,
  policy?: Partial<Policy>,
): Promise<void> {
  const id = `msg_${randomUUID()}`
  const timestamp = new Date().toISOString()
  const body = JSON.stringify({ type: 'images.updated', timestamp, data: document })
  const http = new HttpClient({ policy })
  try {
    const answer = await http.send('POST', url, {
      body,
      redirects: 0,
      signal: limit,
      headers: { 'content-type': 'application/json' },
      sign: async () => signedHeaders(id, Math.floor(Date.now() / 1000), body, secret),
    })
    await answer.discard()
    const { status, headers } = answer
    if (status < 200 || status > 299) throw statusError(describeRequest('POST', url), status, headers)
  } catch (thrown) {
    const cause = asUpdaterError(thrown)
    const why = cause.code === 'ABORTED' ? 'it took too long' : withoutPath(cause.message, url)
    throw new UpdaterError('HOOK_FAILED', `The webhook was not told: ${why}`, {
      remedy: 'Look at the service that receives it',
      cause,
    })
  } finally {
    await http.close()
  }
}

function withoutPath(message: string, url: string): string {
  return URL.canParse(url) ? message.replaceAll(redactUrl(url), new URL(url).origin) : message
}

/**
 * The headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com): the signature is
 * `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, so that neither can be exchanged and an
 * old message cannot be sent again.
 * @param id stays the same over the attempts of a message
 * @param timestamp seconds, of this attempt
 */
export function signedHeaders(
  id: string,
  timestamp: number,
  body: string,
  secret: string | undefined,
): Record<string, string> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  if (secret === undefined) return headers
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret
  const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${digest}` }
}
