import type { DiscoveryHttp } from '../http/types.ts'
import type { Compression, Digest, Image, ImageFormat, Trust } from '../image.ts'
import type { CheckedManifest, SignatureRequest } from './signature.ts'
import type { StrategyName } from './source-rule.ts'

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
  /** `undefined`: the distribution publishes none; `trust` is `first-use` then, and `url` names the version. */
  readonly digest: Digest | undefined
  /** Bytes, where the manifest says so. */
  readonly size?: number | undefined
  /** `YYYYMMDD`, where the listing or the file's name carries one; else the file's Last-Modified is asked. */
  readonly version?: string | undefined
  readonly compression?: Compression | undefined
  readonly trust: Trust
}

export interface Resolver {
  /** Stable name for reports, pins and docs, e.g. `ubuntu`. */
  readonly name: string
  /** The first that fits an image's URLs is the one. */
  readonly strategies: readonly StrategyName[]
  readonly facts: ResolverFacts
  /** Does this resolver serve the image? Decided from the image alone (URLs, `os_distro`). */
  serves(image: Image): boolean
  /**
   * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID
   */
  resolve(image: Image, context: ResolverContext): Promise<Found>
}

/** What a resolver does, as docs/distributions.md prints it. */
export interface ResolverFacts {
  readonly name: string
  /** E.g. `Ubuntu`. */
  readonly title: string
  /** What is asked, in this order. */
  readonly asks: readonly string[]
  /** What is trusted. */
  readonly trusts: string
  /** What could not be confirmed; a wrong guess is an error, and publishes nothing. */
  readonly unconfirmed?: readonly string[] | undefined
  /** The URLs that we recommend for the catalogue, one row for each image. */
  readonly layouts: readonly Layout[]
}

/** What a definition says of where an image's newest build is. */
export interface Layout {
  /** E.g. `Ubuntu 24.04`. */
  readonly image: string
  readonly architecture: 'x86_64' | 'aarch64'
  readonly format: ImageFormat
  readonly latestUrl: string
  /** Absent where the distribution publishes no checksum. */
  readonly latestChecksumUrl?: string | undefined
}
