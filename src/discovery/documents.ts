import { z } from 'zod'
import { type Digest, digestAlgorithms, parseDigest } from '../image.ts'
import { githubReleases } from './github.ts'
import { parseJson } from './json.ts'
import { findStamp } from './stamp.ts'

/** A file that a document lists. */
export interface PublishedFile {
  /** Absolute. */
  readonly url: string
  /** Several if the document has several algorithms; empty if it has none. */
  readonly digests: readonly Digest[]
  /** Bytes. */
  readonly size?: number | undefined
  /** `YYYYMMDD`, if the document has a date. */
  readonly version?: string | undefined
}

/** The files that a source lists, and how far that can be trusted. */
export interface PublishedFiles {
  readonly files: readonly PublishedFile[]
  readonly trust: 'signed' | 'checksum'
}

/** Reads one kind of document; `undefined`: it is of another kind. */
type Reader = (json: unknown, url: string) => PublishedFile[] | undefined

/**
 * Returns the files that a JSON document of any of these kinds lists: simplestreams, the stream of Fedora CoreOS,
 * Oracle's templates, Fedora's and Garden Linux' releases, the releases of GitHub and GitLab. What fits no
 * kind gives no file. Never throws.
 * @param url where the document is: relative paths in it count from there
 */
export function parseDocument(text: string, url: string): PublishedFile[] {
  const json = parseJson(text)
  for (const read of readers) {
    const files = read(json, url)
    if (files === undefined) continue
    return files.flatMap((file) => (URL.canParse(file.url) ? { ...file, url: new URL(file.url).href } : []))
  }
  return []
}

/**
 * Canonical's simplestreams: paths count from the folder above `streams/`.
 * @see https://git.launchpad.net/simplestreams/tree/doc/README
 */
const simplestreams = z.object({
  format: z.literal('products:1.0'),
  products: z.record(
    z.string(),
    z.object({
      versions: z.record(
        z.string(),
        z.object({
          items: z.record(
            z.string(),
            z.object({
              path: z.string().optional(),
              sha512: z.string().optional(),
              sha256: z.string().optional(),
              md5: z.string().optional(),
              size: z.number().optional(),
            }),
          ),
        }),
      ),
    }),
  ),
})

const readSimplestreams: Reader = (json, url) => {
  const read = simplestreams.safeParse(json)
  if (!read.success) return undefined
  const root = new URL(url).href.replace(/streams?\/v1\/[^/]*$/, '')
  const versions = Object.values(read.data.products).flatMap((product) => Object.entries(product.versions))
  return versions.flatMap(([name, { items }]) =>
    Object.values(items).flatMap(({ path, size, ...digests }) =>
      path === undefined
        ? []
        : { url: absolute(path, root), digests: digestsOf(digests), size, version: findStamp(name)?.date },
    ),
  )
}

/** @see https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream */
const coreosStream = z.object({
  stream: z.string(),
  architectures: z.record(
    z.string(),
    z.object({
      artifacts: z.record(
        z.string(),
        z.object({
          release: z.string(),
          formats: z.record(
            z.string(),
            z.record(z.string(), z.object({ location: z.string(), sha256: z.string().optional() })),
          ),
        }),
      ),
    }),
  ),
})

const readCoreosStream: Reader = (json, url) => {
  const read = coreosStream.safeParse(json)
  if (!read.success) return undefined
  return Object.values(read.data.architectures)
    .flatMap(({ artifacts }) => Object.values(artifacts))
    .flatMap(({ release, formats }) =>
      Object.values(formats)
        .flatMap((files) => Object.values(files))
        .map(({ location, sha256 }) => ({
          url: absolute(location, url),
          digests: digestsOf({ sha256 }),
          version: findStamp(release)?.date,
        })),
    )
}

/** `https://yum.oracle.com/templates/OracleLinux/ol9-template.json`: `base_url`, and files by kind. */
const oracleTemplates = z.looseObject({ base_url: z.string() })
const oracleFile = z.object({ image: z.string(), sha256: z.string().optional() })

const readOracleTemplates: Reader = (json, url) => {
  const read = oracleTemplates.safeParse(json)
  if (!read.success) return undefined
  const base = absolute(read.data.base_url.replace(/\/?$/, '/'), url)
  return Object.values(read.data).flatMap((value) => {
    const file = oracleFile.safeParse(value)
    if (!file.success) return []
    return { url: absolute(file.data.image.replace(/^\/+/, ''), base), digests: digestsOf(file.data) }
  })
}

/** `https://fedoraproject.org/releases.json`; the digest of a file may be empty. */
const fedoraReleases = z.array(
  z.object({
    version: z.string(),
    link: z.string(),
    sha256: z.string().nullish(),
    size: z.union([z.string(), z.number()]).nullish(),
  }),
)

const readFedoraReleases: Reader = (json, url) => {
  const read = fedoraReleases.safeParse(json)
  return !read.success || read.data.length === 0
    ? undefined
    : read.data.map(({ link, sha256, size }) => ({
        url: absolute(link, url),
        digests: digestsOf({ sha256 }),
        size: size ? Number(size) : undefined,
      }))
}

/**
 * Garden Linux' release database: the images of each release, without their digests.
 * @see https://github.com/gardenlinux/glrd
 */
const gardenlinuxReleases = z.object({
  releases: z.array(
    z.object({
      lifecycle: z.object({ released: z.object({ isodate: z.string() }).partial().optional() }).optional(),
      flavors: z.record(z.string(), z.object({ image: z.string().optional() })).optional(),
    }),
  ),
})

const readGardenlinuxReleases: Reader = (json, url) => {
  const read = gardenlinuxReleases.safeParse(json)
  if (!read.success) return undefined
  return read.data.releases.flatMap(({ lifecycle, flavors = {} }) =>
    Object.values(flavors).flatMap(({ image }) =>
      image === undefined
        ? []
        : { url: absolute(image, url), digests: [], version: dayOf(lifecycle?.released?.isodate) },
    ),
  )
}

/** Drafts and pre-releases do not count. */
const readGithubReleases: Reader = (json) => {
  const read = githubReleases.safeParse(Array.isArray(json) ? json : [json])
  if (!read.success || read.data.length === 0) return undefined
  return read.data
    .filter(({ draft, prerelease }) => !draft && !prerelease)
    .flatMap(({ published_at, assets }) =>
      assets.map(({ browser_download_url: url, digest, size }) => ({
        url,
        digests: [parseDigest(digest ?? '') ?? []].flat(),
        size,
        version: dayOf(published_at),
      })),
    )
}

/** @see https://docs.gitlab.com/api/releases/: links, without digests */
const gitlabReleases = z.array(
  z.object({
    tag_name: z.string(),
    released_at: z.string().nullish(),
    assets: z.object({
      links: z.array(z.object({ url: z.string(), direct_asset_url: z.string().optional() })),
    }),
  }),
)

const readGitlabReleases: Reader = (json) => {
  const read = gitlabReleases.safeParse(json)
  if (!read.success || read.data.length === 0) return undefined
  return read.data.flatMap(({ released_at, assets }) =>
    assets.links.map(({ url, direct_asset_url }) => ({
      url: direct_asset_url ?? url,
      digests: [],
      version: dayOf(released_at),
    })),
  )
}

const readers: readonly Reader[] = [
  readSimplestreams,
  readCoreosStream,
  readGithubReleases,
  readGitlabReleases,
  readFedoraReleases,
  readGardenlinuxReleases,
  readOracleTemplates,
]

/** Reads hexadecimal digests by the names of their algorithms; a value of another length, or empty, is left out. */
export function digestsOf(values: Readonly<Record<string, unknown>>): Digest[] {
  return digestAlgorithms.flatMap((algorithm) => {
    const hex = values[algorithm]
    return (typeof hex === 'string' && parseDigest(`${algorithm}:${hex.trim()}`)) || []
  })
}

function absolute(link: string, base: string): string {
  return URL.canParse(link, base) ? new URL(link, base).href : ''
}

/** The day of a date in the form of ISO 8601. */
export function dayOf(date: string | null | undefined): string | undefined {
  return findStamp((date ?? '').slice(0, 10).replaceAll('-', ''))?.date
}
