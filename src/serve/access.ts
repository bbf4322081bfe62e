import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { type Answer, problem } from './routes.ts'

/**
 * Against DNS rebinding a request must name this server: `localhost`, any IP address (a web page cannot make
 * a name of its own out of one), or one of the allowed names. Against requests from other sites' pages
 * Origin, if a browser sends it, must be this server.
 */
export function refuseStranger(
  headers: IncomingHttpHeaders,
  allowedHosts: readonly string[],
): Answer | undefined {
  const { host, origin } = headers
  const hostName = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?$/
  const name = hostName.exec(host?.toLowerCase() ?? '')?.[1]
  if (name === undefined) return problem(400, 'The Host header is missing, repeated or malformed')
  const isAddress = isIP(name.replace(/^\[|\]$/g, '')) !== 0
  if (name !== 'localhost' && !isAddress && !allowedHosts.some((one) => one.toLowerCase() === name)) {
    return problem(421, 'This server is not known by that name: see --allow-host')
  }
  const from = origin !== undefined && URL.canParse(origin) ? new URL(origin).host : undefined
  const isOther = headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate'
  if (!isOther && (origin === undefined || from === host?.toLowerCase())) return undefined
  return problem(403, "Requests of other sites' pages are refused")
}

/** May a request with this Authorization header change anything? The comparison takes the same time for any. */
export function refuseToken(
  authorization: string | undefined,
  token: string | undefined,
): Answer | undefined {
  const ask = { 'www-authenticate': 'Bearer' }
  if (token === undefined) {
    return problem(403, 'No token is configured, so nobody may do this: see IMAGE_UPDATER_TOKEN', ask)
  }
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  const isSame = timingSafeEqual(hashOf(given ?? ''), hashOf(token))
  return isSame && given !== undefined ? undefined : problem(401, 'The bearer token is missing or wrong', ask)
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
