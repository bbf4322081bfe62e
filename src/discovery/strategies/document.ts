import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Digest, Image } from '../../image.ts'
import { preferredDigest } from '../checksum-file.ts'
import type { PublishedFile, PublishedFiles } from '../documents.ts'
import { compareFileNames } from '../natural-order.ts'
import {
  type CompiledPatterns,
  compilePatterns,
  hasPlaceholder,
  type Matches,
  matchUrl,
  parsePattern,
  type UrlPattern,
} from '../pattern.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { fetchVerified } from '../signatures/check.ts'
import { catalogueAlgorithm, compressionOf } from '../sources.ts'
import { findUrlStamp } from '../stamp.ts'

/** Finds the digests of a file that a document lists without them. */
export type DigestLookup = (file: PublishedFile, context: ResolverContext) => Promise<readonly Digest[]>

/**
 * `latest_checksum_url` is a JSON document with URLs of files and their digests (see
 * `parseDocument`). The newest of those that `latest_url`, with its placeholders, matches as a whole is
 * the build's: a document cannot lead to another server or another image.
 */
export function documentStrategy(lookUp?: DigestLookup): Strategy {
  return {
    name: 'document',
    searchFor(image) {
      const { latestUrl = '', latestChecksumUrl: checksumUrl = '' } = image
      if (!hasPlaceholder(latestUrl) || !isDocumentUrl(checksumUrl)) return undefined
      return async (context) => {
        const url = parsePattern(latestUrl, image.name)
        const wanted = { url, compiled: await compilePatterns(url, image.name), imageName: image.name }
        const { files, trust } = await fetchFiles(checksumUrl, wanted, context)
        const file = newestOf(files, (each) => each.url, wanted)
        if (file === undefined) throw nothingMatches(checksumUrl, image)
        context.tell({ type: 'latest-url', url: redactUrl(file.url) })
        const digests = file.digests.length > 0 ? file.digests : ((await lookUp?.(file, context)) ?? [])
        const digest = preferredDigest(digests, catalogueAlgorithm(image))
        if (digest === undefined) throw notPublished(file.url, checksumUrl)
        return {
          url: file.url,
          resolver: context.resolver.name,
          digest,
          size: file.size,
          version: findUrlStamp(file.url)?.date ?? file.version,
          compression: compressionOf(file.url),
          trust,
        }
      }
    },
  }
}

/** `https://gitlab.example/api/v4/projects/<id>/packages`. */
function isPackagesUrl(url: string): boolean {
  return /\/projects\/[^/]+\/packages$/.test(new URL(url).pathname)
}

/** `.json`, `.sjson`, releases of GitHub, releases and packages of GitLab. */
function isDocumentUrl(url: string): boolean {
  if (hasPlaceholder(url) || !URL.canParse(url)) return false
  const { pathname } = new URL(url)
  return /\.s?json$|\/repos\/[^/]+\/[^/]+\/releases(?:\/latest)?$|\/projects\/[^/]+\/(?:releases|packages)$/.test(
    pathname,
  )
}

interface Wanted {
  readonly url: UrlPattern
  readonly compiled: CompiledPatterns
  readonly imageName: string
}

async function fetchFiles(url: string, wanted: Wanted, context: ResolverContext): Promise<PublishedFiles> {
  context.tell({ type: 'checksums-from', url: redactUrl(url) })
  if (isPackagesUrl(url)) {
    const { fetchPackages } = await import('../gitlab.ts')
    const choose = (folders: readonly string[]) => newestOf(folders, (folder) => folder, wanted)
    return fetchPackages(url, choose, context)
  }
  const { text, trust } = await fetchVerified(url, context, true)
  const { parseDocument } = await import('../documents.ts')
  const files = parseDocument(text, url)
  if (files.length > 0) return { files, trust }
  throw new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} is no document that tells of files`, {
    remedy: 'Look at what the server sends there: the distribution may have changed its form',
  })
}

/** Returns the newest by what the patterns stand for, from left to right. */
function newestOf<T>(all: readonly T[], urlOf: (one: T) => string, wanted: Wanted): T | undefined {
  const candidates = all.flatMap((one) => {
    const matches = matchUrl(urlOf(one), wanted.url, wanted.compiled, wanted.imageName)
    return matches === undefined ? [] : { one, matches }
  })
  return candidates.sort((a, b) => compareMatches(b.matches, a.matches))[0]?.one
}

function compareMatches(a: Matches, b: Matches): number {
  const orders = [...a].map(([pattern, text]) => compareFileNames(text, b.get(pattern) ?? ''))
  return orders.find((order) => order !== 0) ?? 0
}

function nothingMatches(source: string, image: Image): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(source)} tells of no file that matches latest_url of ${image.name}`,
    { remedy: 'Compare latest_url with the addresses in that document' },
  )
}

function notPublished(url: string, source: string): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `${redactUrl(source)} tells of ${redactUrl(url)}, but not its checksum`,
    { remedy: 'Wait until the distribution has published it, or name another source of checksums' },
  )
}
