import { createHmac } from 'node:crypto'

/** One message to a webhook. `id` stays the same over its attempts, `timestamp` (seconds) does not. */
export interface Message {
  readonly id: string
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com): the signature is
 * `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, so that neither can be exchanged and an
 * old message cannot be sent again.
 */
export function signedHeaders(
  { id, timestamp, body }: Message,
  secret: string | undefined,
): Record<string, string> {
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  if (secret === undefined) return headers
  const digest = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${digest}` }
}

function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
}
