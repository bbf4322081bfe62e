/**
 * Readers of documents that list files, in JSON or YAML. None of them throws: what is of another form lists nothing. An
 * entry that has another form than the others is left out, and counted.
 */
import { z } from 'zod'
import { decodeSegment } from '../http/url.ts'
import { type Digest, digestAlgorithms, parseDigest } from '../image.ts'
import { parseYaml } from '../yaml.ts'
import type { ChecksumEntry, UnusableEntry } from './checksum-file.ts'
import type { StorePage } from './listing-formats.ts'
import { entriesBelow, entryOf, type ListingEntry } from './names.ts'
import { findStamp } from './stamp.ts'

/** A file that a document lists. */
export interface PublishedFile {
  /** Absolute. */
  readonly url: string
  /** Several if the document has several algorithms; empty if it has none. */
  readonly digests: readonly Digest[]
  /** Of what comes out of a packed file. */
  readonly content?: Digest | undefined
  /** Bytes. */
  readonly size?: number | undefined
  /** If the document tells it apart from the URL. */
  readonly version?: string | undefined
  /** A digest that no catalogue can hold. */
  readonly unusable?: UnusableEntry | undefined
  /** `YYYYMMDD`, if the document has a date. */
  readonly date?: string | undefined
}

/** What a document says, and how many of its entries have a form that is not known. */
export interface Told<Item> {
  readonly items: readonly Item[]
  readonly strange: number
}

/** Stands in place of an entry whose form is not known. */
const strange = Symbol('strange')
type OrStrange<Item> = Item | typeof strange

/** Reads one kind of document; `undefined`: it is of another kind. */
type Reader = (json: unknown, url: string) => readonly OrStrange<PublishedFile>[] | undefined

/**
 * Returns the files that a JSON document of any of these kinds lists: simplestreams, the stream of Fedora CoreOS,
 * Oracle's templates, Fedora's and Garden Linux' releases, the releases of GitHub and GitLab.
 * @param url where the document is: relative paths in it count from there
 */
export function parseDocument(text: string, url: string): Told<PublishedFile> {
  const json = parseJson(text)
  const told = readers.map((read) => withoutStrange(read(json, url) ?? []))
  const { items, strange } = told.find((one) => one.items.length > 0) ?? { items: [], strange: 0 }
  return { items: items.filter((file) => file.url !== ''), strange }
}

function withoutStrange<Item>(all: readonly OrStrange<Item>[]): Told<Item> {
  const items = all.flatMap((one) => (one === strange ? [] : [one]))
  return { items, strange: all.length - items.length }
}

/** Whether a list has an entry of a known form, or none at all. */
function isKnown<Item>(list: readonly OrStrange<Item>[] | undefined): list is readonly OrStrange<Item>[] {
  return list !== undefined && (list.length === 0 || list.some((item) => item !== strange))
}

function reader<Document>(
  schema: z.ZodType<Document>,
  filesOf: (document: Document, url: string) => readonly OrStrange<PublishedFile>[],
): Reader {
  return (json, url) => {
    const { success, data } = schema.safeParse(json)
    return success ? filesOf(data, url) : undefined
  }
}

/** What a strange entry says of its own parts is not looked at. */
function fromEach<Item, Result>(
  items: readonly OrStrange<Item>[],
  read: (item: Item) => readonly OrStrange<Result>[],
): OrStrange<Result>[] {
  return items.flatMap((item) => (item === strange ? [strange] : read(item)))
}

const optionalText = z.string().nullish().catch(undefined)
const optionalSize = z.number().optional().catch(undefined)
const orStrange = <Item>(item: z.ZodType<Item>) =>
  z.union([item, z.unknown().transform((): typeof strange => strange)])
const listOf = <Item>(item: z.ZodType<Item>) => z.array(orStrange(item))
/** The values of a mapping, whatever their names. */
const valuesOf = <Item>(item: z.ZodType<Item>) =>
  z.record(z.string(), orStrange(item)).transform((record) => Object.values(record))

/**
 * Canonical's simplestreams: paths count from the folder above `streams/`.
 * @see https://git.launchpad.net/simplestreams/tree/doc/README
 */
const streamItem = z.object({
  path: z.string().optional(),
  sha512: optionalText,
  sha256: optionalText,
  md5: optionalText,
  size: optionalSize,
})
const streamVersion = z.object({ items: valuesOf(streamItem) })
const streamProduct = z.object({ versions: z.record(z.string(), orStrange(streamVersion)) })
const readSimplestreams = reader(
  z.object({ format: z.literal('products:1.0'), products: valuesOf(streamProduct) }),
  ({ products }, url) => {
    const root = url.replace(/streams?\/v1\/[^/]*$/, '')
    return fromEach(products, ({ versions }) =>
      Object.entries(versions).flatMap(([name, version]) =>
        fromEach([version], ({ items }) =>
          fromEach(items, ({ path, size, ...digests }) => [
            {
              url: path === undefined ? '' : absolute(path, root),
              digests: digestsOf(digests),
              size,
              date: findStamp(name)?.date,
            },
          ]),
        ),
      ),
    )
  },
)

/** @see https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream */
const coreosFile = z.object({
  location: z.string(),
  sha256: optionalText,
  'uncompressed-sha256': optionalText,
})
const coreosArtifact = z.object({ release: z.string(), formats: valuesOf(valuesOf(coreosFile)) })
const readCoreosStream = reader(
  z.object({
    stream: z.string(),
    architectures: valuesOf(z.object({ artifacts: valuesOf(coreosArtifact) })),
  }),
  ({ architectures }, url) => {
    const artifacts = fromEach(architectures, (architecture) => architecture.artifacts)
    return fromEach(artifacts, ({ release, formats }) =>
      fromEach(
        fromEach(formats, (files) => files),
        ({ location, sha256, 'uncompressed-sha256': unpacked }) => [
          {
            url: absolute(location, url),
            digests: digestsOf({ sha256 }),
            content: digestsOf({ sha256: unpacked })[0],
            date: findStamp(release)?.date,
          },
        ],
      ),
    )
  },
)

/** `https://yum.oracle.com/templates/OracleLinux/ol9-template.json`: `base_url`, and files by kind. */
const oracleFile = z.object({ image: z.string(), sha256: optionalText })
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
  size: z
    .union([z.string().regex(/^\d{1,15}$/), z.number()])
    .nullish()
    .catch(undefined),
})
const readFedoraReleases = reader(listOf(fedoraFile), (files, url) =>
  fromEach(files, ({ link, sha256, size }) => [
    { url: absolute(link, url), digests: digestsOf({ sha256 }), size: size ? Number(size) : undefined },
  ]),
)

/**
 * Garden Linux' release database: the images of each release, without their digests.
 * @see https://github.com/gardenlinux/glrd
 */
const gardenlinuxRelease = z.object({
  lifecycle: z
    .object({ released: z.object({ isodate: z.string() }).partial().optional() })
    .optional()
    .catch(undefined),
  flavors: valuesOf(z.object({ image: z.string().optional() })).optional(),
})
const readGardenlinuxReleases = reader(
  z.object({ releases: listOf(gardenlinuxRelease) }),
  ({ releases }, url) =>
    fromEach(releases, ({ lifecycle, flavors = [] }) =>
      fromEach(flavors, ({ image }) => [
        {
          url: image === undefined ? '' : absolute(image, url),
          digests: [],
          date: findStamp(lifecycle?.released?.isodate ?? '')?.date,
        },
      ]),
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
  size: optionalSize,
})
const githubRelease = z.object({
  tag_name: z.string(),
  draft: z.boolean().optional(),
  prerelease: z.boolean().optional(),
  published_at: optionalText,
  assets: listOf(githubAsset),
})
const githubReleases = z
  .preprocess((json) => [json].flat(), listOf(githubRelease))
  .transform((releases) => fromEach(releases, (one) => (one.draft || one.prerelease ? [] : [one])))

const readGithubReleases = reader(githubReleases, (releases, url) =>
  fromEach(releases, ({ published_at, assets }) =>
    fromEach(assets, ({ browser_download_url, digest, size }) => [
      {
        url: absolute(browser_download_url, url),
        digests: [parseDigest(digest ?? '') ?? []].flat(),
        size,
        date: findStamp(published_at ?? '')?.date,
      },
    ]),
  ),
)

/** Returns the tags, or the files of one tag; undefined for another document. */
export function parseReleaseListing(json: string, tag: string | undefined): Told<ListingEntry> | undefined {
  const releases = githubReleases.safeParse(parseJson(json)).data
  const listed = fromEach(releases ?? [], ({ tag_name, assets }) => {
    if (tag === undefined) return entryOf(`${tag_name}/`)
    if (encodeURIComponent(tag_name) !== tag && tag_name !== tag) return []
    return fromEach(assets, (asset) => entryOf(asset.browser_download_url.replace(/^.*\//, '')))
  })
  return isKnown(releases) ? withoutStrange(listed) : undefined
}

/** @see https://docs.gitlab.com/api/releases/: links, without digests */
const gitlabLink = z.object({ url: z.string(), direct_asset_url: z.string().optional() })
const gitlabRelease = z.object({
  tag_name: z.string(),
  released_at: optionalText,
  assets: z.object({ links: listOf(gitlabLink) }),
})
const readGitlabReleases = reader(listOf(gitlabRelease), (releases, documentUrl) =>
  fromEach(releases, ({ released_at, assets }) =>
    fromEach(assets.links, ({ url, direct_asset_url }) => [
      {
        url: absolute(direct_asset_url ?? url, documentUrl),
        digests: [],
        date: findStamp(released_at ?? '')?.date,
      },
    ]),
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
const gitlabPackages = listOf(z.object({ id: z.number(), name: z.string(), version: z.string() }))
const gitlabFiles = listOf(z.object({ file_name: z.string(), file_sha256: optionalText, size: optionalSize }))

/**
 * Returns the generic packages of a project: the id of each by the URL of its folder, `<url>/generic/<name>/<version>/`.
 * @param url `https://gitlab.example/api/v4/projects/<id>/packages`
 */
export function parsePackages(
  json: string,
  url: string,
): Told<readonly [folder: string, id: number]> | undefined {
  const listed = gitlabPackages.safeParse(parseJson(json)).data
  const folderOf = (...names: string[]) => [url, 'generic', ...names.map(encodeURIComponent), ''].join('/')
  return (
    listed &&
    withoutStrange(fromEach(listed, ({ id, name, version }) => [[folderOf(name, version), id] as const]))
  )
}

/** Returns the files of a package whose folder is at `folder`. */
export function parsePackageFiles(json: string, folder: string): Told<PublishedFile> | undefined {
  const listed = gitlabFiles.safeParse(parseJson(json)).data
  return (
    listed &&
    withoutStrange(
      fromEach(listed, ({ file_name, file_sha256, size }) => [
        {
          url: `${folder}${encodeURIComponent(file_name)}`,
          digests: digestsOf({ sha256: file_sha256 }),
          size,
        },
      ]),
    )
  )
}

const jsonEntry = z.union([
  // A name alone does not tell what it names.
  z.string().transform((name) => (name.endsWith('/') ? [name] : [name, `${name}/`])),
  z
    .object({ uri: z.string(), folder: z.boolean() })
    .transform(({ uri, folder }) => [`${uri.replace(/^\//, '')}${folder ? '/' : ''}`]),
  z
    .object({ name: z.string(), type: optionalText, is_dir: z.boolean().nullish().catch(undefined) })
    .transform(({ name, type, is_dir }) => {
      const isFolder = is_dir === true || type === 'directory' || type === 'dir'
      return [isFolder ? name.replace(/\/?$/, '/') : name]
    }),
])

/**
 * What lists a folder in JSON: MirrorCache's `?jsontable` (`data`), Artifactory's storage API (`children`), nginx'
 * `autoindex_format json`, Caddy, lighttpd and static-web-server (a list of objects), or a list of names alone.
 * @see https://nginx.org/en/docs/http/ngx_http_autoindex_module.html
 * @see https://caddyserver.com/docs/caddyfile/directives/file_server
 * @see https://jfrog.com/help/r/jfrog-rest-apis/folder-info
 */
const jsonListing = z.union([
  z.object({ data: listOf(jsonEntry) }).transform(({ data }) => data),
  z.object({ children: listOf(jsonEntry) }).transform(({ children }) => children),
  listOf(jsonEntry),
])

/** Names that are no plain path segment are dropped. Returns undefined for another document. */
export function parseJsonListing(json: string): Told<ListingEntry> | undefined {
  const listed = jsonListing.safeParse(parseJson(json)).data
  return isKnown(listed) ? withoutStrange(fromEach(listed, (names) => names.flatMap(entryOf))) : undefined
}

/**
 * A page of a container of Swift or Ceph.
 * @see https://docs.openstack.org/api-ref/object-store/#show-container-details-and-list-objects
 */
const container = z.array(
  z.union([
    z.object({ name: z.string() }).transform(({ name }) => name),
    z.object({ subdir: z.string() }).transform(({ subdir }) => subdir),
  ]),
)

/**
 * Returns undefined for another document. Only an empty page is sure to be the last one.
 * @param asked the marker that the page was asked with; a server that knows no pages sends the same again
 */
export function parseContainerPage(json: string, prefix: string, asked?: string): StorePage | undefined {
  const keys = container.safeParse(parseJson(json)).data
  const marker = keys?.at(-1)
  const isLast = marker === undefined || marker === asked
  return keys && { entries: entriesBelow(keys, prefix), next: isLast ? undefined : { marker } }
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
const gardenlinuxFile = z.object({ name: z.string(), sha256sum: optionalText, md5sum: optionalText })
const gardenlinuxBuild = z.object({ paths: z.array(gardenlinuxFile.nullable().catch(null)) })

/** Returns the digests of the build's file `name`. */
export function parseBuildMetadata(yaml: string, name: string): Digest[] {
  const { document } = parseYaml(name, yaml, { logLevel: 'error' })
  const build = gardenlinuxBuild.safeParse(attempt(() => document?.toJS())).data
  const file = build?.paths.find((path) => path?.name === name)
  return digestsOf({ sha256: file?.sha256sum, md5: file?.md5sum })
}

/** Returns undefined for a text that is no JSON. */
export function parseJson(json: string): unknown {
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
