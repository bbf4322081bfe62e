import type { DiscoveryHttp } from '../http/types.ts'
import type { Compression, Digest, Image, Trust } from '../image.ts'
import type { CheckedManifest, SignatureRequest } from './signature.ts'

/** What a resolver may use. It never downloads the image, never prints, never writes. */
export interface ResolverContext {
  readonly http: DiscoveryHttp
  readonly signal?: AbortSignal | undefined
  /** Tells the reader of the log which URL is asked and why, and what is doubtful. */
  readonly tell: (event: DiscoveryEvent) => void
  /** How far a checksum file can be trusted, by who signed it. Absent: its signature is not looked at. */
  readonly verify?: ((manifest: SignatureRequest['manifest']) => Promise<CheckedManifest>) | undefined
}

export type DiscoveryEvent =
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'latest-url'; readonly url: string }
  | { readonly type: 'checksums-from'; readonly url: string }

/** The newest build as the listing and the manifest name it. */
export interface Found {
  readonly url: string
  readonly digest: Digest
  /** Bytes, where the manifest says so. */
  readonly size?: number | undefined
  /** `YYYYMMDD`, where the listing or the file's name carries one; else the file's Last-Modified is asked. */
  readonly version?: string | undefined
  readonly compression?: Compression | undefined
  readonly trust: Trust
}

export interface Resolver {
  /** Stable name for reports and docs, e.g. `ubuntu`. */
  readonly name: string
  /** Does this resolver serve the image? Decided from the image alone (URLs, `os_distro`). */
  serves(image: Image): boolean
  /**
   * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, PATTERN_INVALID
   */
  resolve(image: Image, context: ResolverContext): Promise<Found>
}
