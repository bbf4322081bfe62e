/**
 * Readers of documents that list files, in JSON or YAML. None of them throws: what is of another form lists nothing.
 */
import { parse } from 'yaml'
import { z } from 'zod'
import { decodeSegment } from '../http/url.ts'
import { type Digest, digestAlgorithms, parseDigest } from '../image.ts'
import type { ChecksumEntry } from './checksum-file.ts'
import { entryOf, type ListingEntry } from './names.ts'
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
  readonly date?: string | undefined
}

/** Reads one kind of document; `undefined`: it is of another kind. */
type Reader = (json: unknown, url: string) => readonly PublishedFile[] | undefined

/**
 * Returns the files that a JSON document of any of these kinds lists: simplestreams, the stream of Fedora CoreOS,
 * Oracle's templates, Fedora's and Garden Linux' releases, the releases of GitHub and GitLab.
 * @param url where the document is: relative paths in it count from there
 */
export function parseDocument(text: string, url: string): PublishedFile[] {
  const json = parseJson(text)
  for (const read of readers) {
    const files = read(json, url)
    if (files !== undefined) return files.filter((file) => file.url !== '')
  }
  return []
}

function reader<Document>(
  schema: z.ZodType<Document>,
  filesOf: (document: Document, url: string) => readonly PublishedFile[],
): Reader {
  return (json, url) => {
    const { success, data } = schema.safeParse(json)
    return success ? filesOf(data, url) : undefined
  }
}

const optionalText = z.string().nullish()
const optionalHex = z.string().optional()
const recordOf = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value)

/**
 * Canonical's simplestreams: paths count from the folder above `streams/`.
 * @see https://git.launchpad.net/simplestreams/tree/doc/README
 */
const streamItem = z.object({
  path: z.string().optional(),
  sha512: optionalHex,
  sha256: optionalHex,
  md5: optionalHex,
  size: z.number().optional(),
})
const streamProduct = z.object({ versions: recordOf(z.object({ items: recordOf(streamItem) })) })
const readSimplestreams = reader(
  z.object({ format: z.literal('products:1.0'), products: recordOf(streamProduct) }),
  ({ products }, url) => {
    const root = url.replace(/streams?\/v1\/[^/]*$/, '')
    const versions = Object.values(products).flatMap((product) => Object.entries(product.versions))
    return versions.flatMap(([name, { items }]) =>
      Object.values(items).map(({ path, size, ...digests }) => ({
        url: path === undefined ? '' : absolute(path, root),
        digests: digestsOf(digests),
        size,
        date: findStamp(name)?.date,
      })),
    )
  },
)

/** @see https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream */
const coreosFile = z.object({ location: z.string(), sha256: optionalHex })
const coreosArtifact = z.object({ release: z.string(), formats: recordOf(recordOf(coreosFile)) })
const readCoreosStream = reader(
  z.object({
    stream: z.string(),
    architectures: recordOf(z.object({ artifacts: recordOf(coreosArtifact) })),
  }),
  ({ architectures }, url) =>
    Object.values(architectures)
      .flatMap(({ artifacts }) => Object.values(artifacts))
      .flatMap(({ release, formats }) =>
        Object.values(formats)
          .flatMap((files) => Object.values(files))
          .map(({ location, sha256 }) => ({
            url: absolute(location, url),
            digests: digestsOf({ sha256 }),
            date: findStamp(release)?.date,
          })),
      ),
)

/** `https://yum.oracle.com/templates/OracleLinux/ol9-template.json`: `base_url`, and files by kind. */
const oracleFile = z.object({ image: z.string(), sha256: optionalHex })
const readOracleTemplates = reader(
  z.object({ base_url: z.string() }).catchall(oracleFile.nullable().catch(null)),
  ({ base_url, ...files }, url) => {
    const base = absolute(base_url.replace(/\/?$/, '/'), url)
    return Object.values(files).map((file) => ({
      url: file === null ? '' : absolute(file.image.replace(/^\/+/, ''), base),
      digests: digestsOf({ sha256: file?.sha256 }),
    }))
  },
)

/** `https://fedoraproject.org/releases.json`; the digest of a file may be empty. */
const fedoraFile = z.object({
  version: z.string(),
  link: z.string(),
  sha256: optionalText,
  size: z.union([z.string(), z.number()]).nullish(),
})
const readFedoraReleases = reader(z.array(fedoraFile), (files, url) =>
  files.map(({ link, sha256, size }) => ({
    url: absolute(link, url),
    digests: digestsOf({ sha256 }),
    size: size ? Number(size) : undefined,
  })),
)

/**
 * Garden Linux' release database: the images of each release, without their digests.
 * @see https://github.com/gardenlinux/glrd
 */
const gardenlinuxRelease = z.object({
  lifecycle: z.object({ released: z.object({ isodate: z.string() }).partial().optional() }).optional(),
  flavors: recordOf(z.object({ image: z.string().optional() })).optional(),
})
const readGardenlinuxReleases = reader(
  z.object({ releases: z.array(gardenlinuxRelease) }),
  ({ releases }, url) =>
    releases.flatMap(({ lifecycle, flavors = {} }) =>
      Object.values(flavors).map(({ image }) => ({
        url: image === undefined ? '' : absolute(image, url),
        digests: [],
        date: dayOf(lifecycle?.released?.isodate),
      })),
    ),
)

/**
 * GitHub's releases, as its API lists them: `digest` is `sha256:…`, and absent if the file was uploaded
 * before June 2025. Drafts and pre-releases do not count.
 * @see https://docs.github.com/en/rest/releases/releases#list-releases
 */
const githubAsset = z.object({
  browser_download_url: z.string(),
  digest: optionalText,
  size: z.number().optional(),
})
const githubRelease = z.object({
  tag_name: z.string(),
  draft: z.boolean().optional(),
  prerelease: z.boolean().optional(),
  published_at: optionalText,
  assets: z.array(githubAsset),
})
const githubReleases = z
  .preprocess((json) => [json].flat(), z.array(githubRelease))
  .transform((releases) => releases.filter(({ draft, prerelease }) => !draft && !prerelease))

const readGithubReleases = reader(githubReleases, (releases, url) =>
  releases.flatMap(({ published_at, assets }) =>
    assets.map(({ browser_download_url, digest, size }) => ({
      url: absolute(browser_download_url, url),
      digests: [parseDigest(digest ?? '') ?? []].flat(),
      size,
      date: dayOf(published_at),
    })),
  ),
)

/** Returns the tags, or the files of one tag. */
export function parseReleaseListing(json: string, tag: string | undefined): ListingEntry[] {
  const releases = githubReleases.safeParse(parseJson(json)).data ?? []
  if (tag === undefined) return releases.flatMap(({ tag_name }) => entryOf(`${tag_name}/`))
  return releases
    .filter(({ tag_name }) => encodeURIComponent(tag_name) === tag || tag_name === tag)
    .flatMap(({ assets }) => assets)
    .flatMap(({ browser_download_url }) => entryOf(browser_download_url.replace(/^.*\//, '')))
}

/** @see https://docs.gitlab.com/api/releases/: links, without digests */
const gitlabLink = z.object({ url: z.string(), direct_asset_url: z.string().optional() })
const gitlabRelease = z.object({
  tag_name: z.string(),
  released_at: optionalText,
  assets: z.object({ links: z.array(gitlabLink) }),
})
const readGitlabReleases = reader(z.array(gitlabRelease), (releases, documentUrl) =>
  releases.flatMap(({ released_at, assets }) =>
    assets.links.map(({ url, direct_asset_url }) => ({
      url: absolute(direct_asset_url ?? url, documentUrl),
      digests: [],
      date: dayOf(released_at),
    })),
  ),
)

const readers: readonly Reader[] = [
  readSimplestreams,
  readCoreosStream,
  readGithubReleases,
  readGitlabReleases,
  readFedoraReleases,
  readGardenlinuxReleases,
  readOracleTemplates,
]

/** @see https://docs.gitlab.com/api/packages/ */
const gitlabPackages = z.array(z.object({ id: z.number(), name: z.string(), version: z.string() }))
const gitlabFiles = z.array(
  z.object({ file_name: z.string(), file_sha256: optionalText, size: z.number().optional() }),
)

/**
 * Returns the generic packages of a project: the id of each by the URL of its folder, `<url>/generic/<name>/<version>/`.
 * @param url `https://gitlab.example/api/v4/projects/<id>/packages`
 */
export function parsePackages(json: string, url: string): ReadonlyMap<string, number> | undefined {
  const listed = gitlabPackages.safeParse(parseJson(json)).data
  const folderOf = (...names: string[]) => [url, 'generic', ...names.map(encodeURIComponent), ''].join('/')
  return listed && new Map(listed.map(({ id, name, version }) => [folderOf(name, version), id]))
}

/** Returns the files of a package whose folder is at `folder`. */
export function parsePackageFiles(json: string, folder: string): PublishedFile[] | undefined {
  return gitlabFiles.safeParse(parseJson(json)).data?.map(({ file_name, file_sha256, size }) => ({
    url: `${folder}${encodeURIComponent(file_name)}`,
    digests: digestsOf({ sha256: file_sha256 }),
    size,
  }))
}

const maxEntries = 20_000

/** MirrorCache's `?jsontable`, or a list of nothing but the names of folders. */
const listing = z.union([
  z
    .object({ data: z.array(z.object({ name: z.string() })) })
    .transform(({ data }) => data.map(({ name }) => name)),
  z.array(z.string()).transform((names) => names.map((name) => `${name}/`)),
])

/** Names that are no plain path segment are dropped. */
export function parseJsonListing(json: string): ListingEntry[] {
  const names = listing.safeParse(parseJson(json)).data ?? []
  return names.slice(0, maxEntries).flatMap(entryOf)
}

/**
 * Debian's cloud team describes a build in `<image>.json`, a list of objects in the manner of
 * Kubernetes: one of kind `Upload` for each format, with the file's digest in an annotation. The other
 * kinds carry digests of other things.
 * @see https://salsa.debian.org/cloud-team/debian-cloud-images
 */
const debianUpload = z.object({
  kind: z.literal('Upload'),
  metadata: z.object({
    labels: z.object({ 'upload.cloud.debian.org/image-format': z.string() }),
    annotations: z.object({ 'cloud.debian.org/digest': z.string() }),
  }),
})
const debianBuild = z.object({
  kind: z.literal('List'),
  items: z.array(debianUpload.nullable().catch(null)),
})

/** Returns the digests of the files beside `url`, whose names differ from it by their extension alone. */
export function parseDebianBuild(json: string, url: string): ChecksumEntry[] {
  const items = debianBuild.safeParse(parseJson(json)).data?.items ?? []
  const stem = decodeSegment(/([^/]*)\.json$/.exec(new URL(url).pathname)?.[1] ?? '')
  return items.flatMap((upload) => {
    if (upload === null || !stem) return []
    // `sha512:` and base64 without padding.
    const { labels, annotations } = upload.metadata
    const [algorithm, base64 = ''] = annotations['cloud.debian.org/digest'].split(':')
    const digest = parseDigest(`${algorithm}:${Buffer.from(base64, 'base64').toString('hex')}`)
    return digest ? { name: `${stem}.${labels['upload.cloud.debian.org/image-format']}`, digest } : []
  })
}

/**
 * Garden Linux describes a build in YAML.
 * @see https://github.com/gardenlinux/python-gardenlinux-lib
 */
const gardenlinuxFile = z.object({ name: z.string(), sha256sum: optionalHex, md5sum: optionalHex })
const gardenlinuxBuild = z.object({ paths: z.array(gardenlinuxFile) })

/** Returns the digests of the build's file `name`. */
export function parseBuildMetadata(yaml: string, name: string): Digest[] {
  const build = gardenlinuxBuild.safeParse(attempt(() => parse(yaml))).data
  const file = build?.paths.find((path) => path.name === name)
  return digestsOf({ sha256: file?.sha256sum, md5: file?.md5sum })
}

function parseJson(json: string): unknown {
  return attempt(() => JSON.parse(json))
}

function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Reads hexadecimal digests by the names of their algorithms; a value of another length, or empty, is left out. */
function digestsOf(values: Readonly<Record<string, string | null | undefined>>): Digest[] {
  return digestAlgorithms.flatMap(
    (algorithm) => parseDigest(`${algorithm}:${values[algorithm]?.trim()}`) ?? [],
  )
}

/** Returns an empty text if the link is none. */
function absolute(link: string, base: string): string {
  return URL.canParse(link, base) ? new URL(link, base).href : ''
}

/** The day of a date in the form of ISO 8601. */
function dayOf(date: string | null | undefined): string | undefined {
  return findStamp((date ?? '').slice(0, 10).replaceAll('-', ''))?.date
}
