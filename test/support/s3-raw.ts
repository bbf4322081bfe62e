import type { HttpClient } from '../../src/http/client.ts'
import { createSigner } from '../../src/stores/s3/sign.ts'

/** Plain S3 requests beside the store: how a test prepares a bucket and looks at what lies in it. */
export interface RawS3 {
  send(
    method: string,
    key?: string,
    request?: {
      query?: Record<string, string>
      headers?: Record<string, string>
      body?: Uint8Array | string
    },
  ): Promise<{ status: number; headers: Readonly<Record<string, string>>; bytes: Buffer }>
  /** The keys of all visible objects. */
  keys(): Promise<string[]>
  /** The keys of all unfinished uploads. */
  uploads(): Promise<string[]>
}

export interface RawS3Options {
  readonly endpoint: URL
  readonly accessKey: string
  readonly secretKey: string
  readonly bucket: string
  readonly http: HttpClient
}

export function rawS3({ endpoint, accessKey, secretKey, bucket, http }: RawS3Options): RawS3 {
  const credentials = async () => ({ accessKeyId: accessKey, secretAccessKey: secretKey })
  const prepare = createSigner(endpoint, 'us-east-1', credentials)
  const send: RawS3['send'] = async (method, key, { query = {}, headers = {}, body } = {}) => {
    const path = key === undefined ? `/${bucket}` : `/${bucket}/${key}`
    const { url, sign } = prepare({ method, path, query, headers, body })
    const answer = await http.send(method, url, { body, sign })
    const chunks: Uint8Array[] = []
    for await (const chunk of answer.body) chunks.push(chunk)
    return { status: answer.status, headers: answer.headers, bytes: Buffer.concat(chunks) }
  }
  const listed = async (query: Record<string, string>) => {
    const { bytes } = await send('GET', undefined, { query })
    return [...bytes.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key)
  }
  return { send, keys: () => listed({}), uploads: () => listed({ uploads: '' }) }
}
