import { randomUUID } from 'node:crypto'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { createHttpClient } from '../http/client.ts'
import { describeRequest, statusError } from '../http/failure.ts'
import type { Policy } from '../http/policy.ts'
import { redactUrl } from '../http/url.ts'
import { version } from '../package.ts'
import type { RunReport } from '../report/schemas.ts'
import type { WebhookOptions } from './options.ts'
import { signedHeaders } from './signature.ts'

/**
 * POSTs `{ type: 'images.updated', timestamp, data }`, where `data` is the JSON report, with the HTTP
 * client's retries. A redirect is a failure: a signed message goes to the address that was given.
 * @throws UpdaterError HOOK_FAILED
 */
export async function sendWebhook(
  { url, secret }: WebhookOptions,
  document: RunReport,
  { timeout, policy }: { readonly timeout: number; readonly policy?: Partial<Policy> | undefined },
): Promise<void> {
  const id = `msg_${randomUUID()}`
  const body = JSON.stringify({
    type: 'images.updated',
    timestamp: new Date().toISOString(),
    data: document,
  })
  const http = createHttpClient({ version: version(), policy })
  try {
    const answer = await http.send('POST', url, {
      body,
      redirects: 0,
      signal: AbortSignal.timeout(timeout),
      headers: { 'content-type': 'application/json' },
      sign: async () => signedHeaders({ id, timestamp: Math.floor(Date.now() / 1000), body }, secret),
    })
    await answer.discard()
    const { status, headers } = answer
    if (status < 200 || status > 299) throw statusError(describeRequest('POST', url), status, headers)
  } catch (thrown) {
    const cause = asUpdaterError(thrown)
    const why = cause.code === 'ABORTED' ? 'it took too long' : withoutPath(cause.message, url)
    throw new UpdaterError('HOOK_FAILED', `The webhook was not told: ${why}`, {
      remedy: 'Look at the service that receives it; the run is done all the same',
      cause,
    })
  } finally {
    await http.close()
  }
}

function withoutPath(message: string, url: string): string {
  return URL.canParse(url) ? message.replaceAll(redactUrl(url), new URL(url).origin) : message
}
