import { createHash } from 'node:crypto'
import { Hash } from '@smithy/core/serde'
import { SignatureV4 } from '@smithy/signature-v4'
import { isLoopback } from '../../http/url.ts'
import { encodePath, encodeSegment } from '../naming.ts'
import type { Credentials } from './credentials.ts'

/** A request before it is signed: plain text, nothing encoded. */
export interface Unsigned {
  readonly method: string
  /** `/bucket/key`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
}

/** `sign` returns all headers to send, signed with the time of the call. */
export type Signer = (request: Unsigned) => {
  readonly url: string
  readonly sign: () => Promise<Record<string, string>>
}

/** AWS Signature Version 4 for path-style requests to S3. */
export function createSigner(endpoint: URL, region: string, credentials: () => Promise<Credentials>): Signer {
  const sha256 = Hash.bind(null, 'sha256')
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256, uriEscapePath: false })
  return ({ method, path: plain, query = {}, headers, body }) => {
    const path = encodePath(plain)
    const pairs = Object.entries(query).map((pair) => pair.map(encodeSegment).join('='))
    const payload = payloadHash(endpoint, body)
    const sign = async () => {
      const signed = await signer.sign({
        method,
        protocol: endpoint.protocol,
        hostname: endpoint.hostname,
        path,
        query: { ...query },
        headers: { ...headers, host: endpoint.host, 'x-amz-content-sha256': payload },
      })
      const { host: _, ...rest } = signed.headers
      return rest
    }
    return { url: `${endpoint.origin}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`, sign }
  }
}

/**
 * Returns what stands for the body in the signature. TLS protects a part on its way, and nobody stands between two
 * ends on a loopback address, so that it is not hashed a second time there. Over plain http its SHA-256 is signed.
 */
export function payloadHash(endpoint: URL, body: Uint8Array | string | undefined): string {
  const isProtected = endpoint.protocol === 'https:' || isLoopback(endpoint)
  if (body instanceof Uint8Array && isProtected) return 'UNSIGNED-PAYLOAD'
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex')
}
