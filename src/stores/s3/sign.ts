import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { encodePath, encodeSegment } from '../naming.ts'
import type { Credentials } from './credentials.ts'

/** A request before it is signed: plain text, nothing encoded. */
export interface Unsigned {
  readonly method: string
  /** `/bucket/key`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** What stands for the body: see `payloadHash`. */
  readonly payload: string
}

export interface Signer {
  url(request: Unsigned): string
  /** All headers to send, signed with the time of the call. */
  headers(request: Unsigned): Promise<Record<string, string>>
}

/** AWS Signature Version 4 for path-style requests to S3. */
export function createSigner(endpoint: URL, region: string, credentials: () => Promise<Credentials>): Signer {
  const signer = new SignatureV4({ service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false })
  return {
    url: ({ path, query }) => {
      const pairs = Object.entries(query).map(
        ([name, value]) => `${encodeSegment(name)}=${encodeSegment(value)}`,
      )
      return `${endpoint.origin}${encodePath(path)}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`
    },
    headers: async ({ method, path, query, headers, payload }) => {
      const signed = await signer.sign({
        method,
        protocol: endpoint.protocol,
        hostname: endpoint.hostname,
        path: encodePath(path),
        query: { ...query },
        headers: { ...headers, host: endpoint.host, 'x-amz-content-sha256': payload },
      })
      const { host: _, ...rest } = signed.headers
      return rest
    },
  }
}

/**
 * Returns what stands for the body in the signature. TLS protects a part on its way, and nobody stands between two
 * ends on a loopback address, so that it is not hashed a second time there. Over plain http its SHA-256 is signed.
 */
export function payloadHash(endpoint: URL, body: Uint8Array | string | undefined): string {
  if (body instanceof Uint8Array && isProtected(endpoint)) return 'UNSIGNED-PAYLOAD'
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex')
}

function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** node:crypto in the form that the signer wants its hash in. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error('a hash serves once')
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
