import type { ImageStep } from '../events.ts'
import type { DiscoveryHttp } from '../http/client.ts'
import type { Build, Digest, Image, ImageFormat } from '../image.ts'
import type { DiscoverySettings, FeedPaths, SignaturePolicy, StrategyName } from './options.ts'
import type { KeySource } from './signatures/keys.ts'

/** How the builds of one distribution are found: data, which the strategies act on. */
export interface Resolver {
  /** Stable name for reports and docs, e.g. `ubuntu`. */
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
  readonly recommended: readonly RecommendedImage[]
  /**
   * Parts of URLs that we recommended before the distribution changed its names, and what they are read as: a catalogue
   * that an earlier version wrote goes on to find the newest build.
   */
  readonly outgrown?: readonly (readonly [was: RegExp, is: string])[] | undefined
  /** An image is of this distribution if it has this `os_distro`, or if its `latest_url` matches. */
  readonly serves: { readonly osDistro?: string; readonly latestUrl?: RegExp }
  /** The first that can read an image's URLs is taken; an image whose URLs none can read is of another resolver. */
  readonly strategies: readonly StrategyName[]
  /**
   * What a build's version in the catalogue is. `date`: the day that it was made. A pattern: what its groups hold of the
   * build's URL. Default, and where the pattern does not match: what the patterns of `latest_url` stand for, if that is
   * a version.
   */
  readonly version?: 'date' | RegExp | undefined
  /** Who signs the manifests, or the images. Absent: the distribution has no signature that we know of. */
  readonly signature?: DistributionSignature | undefined
  /** Returns the URL at which the server lists a folder. Absent: the folder's own. */
  readonly listingUrl?: ((folder: string) => string) | undefined
  /** Finds the digests of a file that a document lists without them. */
  readonly digestsOf?: ((url: string, context: ResolverContext) => Promise<readonly Digest[]>) | undefined
}

/**
 * A resolver that a program hands in. Its strategies are names of shared ones, or its own. The build that a search
 * returns is transferred and verified like any other.
 */
export interface OwnResolver
  extends Pick<
    Resolver,
    'name' | 'outgrown' | 'serves' | 'version' | 'signature' | 'listingUrl' | 'digestsOf'
  > {
  readonly strategies: readonly (StrategyName | Strategy)[]
}

/** What decides which build is the newest one, resolvers of a program's own included. */
export interface SearchSettings extends DiscoverySettings {
  /** Resolvers beyond those that the program knows, which are asked first. */
  readonly resolvers: readonly OwnResolver[]
}

/** How a distribution signs its manifests, or its images. */
export interface DistributionSignature {
  /** `image`: the bytes of the image itself, still packed, and no manifest; a transfer verifies it. Default: `manifest`. */
  readonly covers?: 'manifest' | 'image' | undefined
  /** `clearsigned`: the manifest carries its signature. Else suffixes of the signed file's URL, in the order in which they are asked. */
  readonly form: 'clearsigned' | readonly string[]
  /** Does every such file have a signature, so that a missing one is a sign of tampering? Default: false. */
  readonly knownToSign?: boolean | undefined
  /**
   * The distribution's own hosts, at which `knownToSign` holds and the key's own URL is asked. A mirror
   * elsewhere may lack signatures, and may be all that can be reached. Default: none.
   */
  readonly hosts?: readonly string[] | 'any' | undefined
  /** Full fingerprints of primary keys, of every release or by release. */
  readonly fingerprints: readonly string[] | Readonly<Record<string, readonly string[]>>
  /** Finds `root` and `release` in the path of the signed file's URL. */
  readonly manifestPath?: RegExp | undefined
  /** Path of the key below `root`, without the release. */
  readonly keyFile?: string | undefined
  /** Where the key is, if it is not beside the manifests. */
  readonly keyUrl?: string | undefined
  /**
   * The copies of the key that are known have expired: a signature by it is told then, and proves nothing. Default:
   * false, such a signature is an error.
   */
  readonly mayHaveExpired?: boolean | undefined
  /** How an operator gets the key. */
  readonly keyHint: string
}

/** What the catalogue should say of where an image's newest build is. */
export interface RecommendedImage {
  /** E.g. `Ubuntu 24.04`. */
  readonly image: string
  readonly architecture: 'x86_64' | 'aarch64'
  readonly format: ImageFormat
  readonly latestUrl: string
  /** Absent if the distribution publishes no checksum. */
  readonly latestChecksumUrl?: string | undefined
}

/**
 * A way of finding builds that several distributions share. Returns undefined if the image's URLs are not of the form
 * that it reads; their text alone decides. It never downloads the image.
 * @param feed of the source that a configuration adds
 */
export type Strategy = (image: Image, feed?: FeedPaths) => Search | undefined

/**
 * Finds the newest build of an image. `version` is what the patterns of its URLs say, `date` the day that something else
 * than the build's URL says, signed or not.
 * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID
 */
export type Search = (context: ResolverContext) => Promise<FoundBuild>

/** A build as its search returns it. */
export interface FoundBuild extends Omit<Build, 'resolver' | 'compression' | 'signature'> {
  /** With `signed`: the day, `YYYYMMDD`, that the signed text tells of this build, if it tells one. */
  readonly signedDate?: string | undefined
}

/** What a strategy may use. */
export interface ResolverContext {
  readonly http: DiscoveryHttp
  readonly signal?: AbortSignal | undefined
  /** What is dated later is not believed. */
  readonly now: Date
  /** Tells the log which URL is asked and what is doubtful. */
  readonly tell: (step: ImageStep) => void
  readonly resolver: Pick<Resolver, 'name' | 'version' | 'signature' | 'listingUrl' | 'digestsOf'>
  /** The image's release, e.g. `9`. */
  readonly release?: string | undefined
  /** Absent: signatures are not looked at. */
  readonly signatures?:
    | { readonly policy: Exclude<SignaturePolicy, 'off'>; readonly keys: KeySource }
    | undefined
}
