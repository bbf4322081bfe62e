/** A file of the origin. */
export interface OriginFile {
  /** The bytes, or how many of a seed's sequence (`generatedBytes`): those are made while they are sent. */
  readonly body: Uint8Array | string | { readonly size: number; readonly seed?: number }
  /** Default: 2025-01-02T03:04:05Z. `null`: none is sent. */
  readonly lastModified?: Date | null
  /** Default: a strong one that follows from the body. `null`: none is sent. */
  readonly etag?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** Bytes of a body. */
export function sizeOf(body: OriginFile['body']): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  return body instanceof Uint8Array ? body.length : body.size
}
