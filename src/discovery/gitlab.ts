import { z } from 'zod'
import { redactUrl } from '../http/url.ts'
import { digestsOf, type PublishedFile } from './documents.ts'
import { parseJson } from './json.ts'
import { noChecksum } from './manifest.ts'
import type { ResolverContext } from './resolver.ts'

/** @see https://docs.gitlab.com/api/packages/ */
const packages = z.array(z.object({ id: z.number(), name: z.string(), version: z.string() }))
const packageFiles = z.array(
  z.object({
    file_name: z.string(),
    file_sha256: z.string().nullish(),
    size: z.number().optional(),
    created_at: z.string().nullish(),
  }),
)

/** `https://gitlab.example/api/v4/projects/<id>/packages`. */
export function isPackagesUrl(url: string): boolean {
  return URL.canParse(url) && /\/projects\/[^/]+\/packages$/.test(new URL(url).pathname)
}

/**
 * The files of one generic package of a project. Its files are at `<url>/generic/<name>/<version>/`;
 * `choose` says which of these folders is the newest one wanted.
 * @param url see `isPackagesUrl`
 * @throws UpdaterError HTTP_*, CHECKSUM_MALFORMED
 */
export async function fetchPackages(
  url: string,
  choose: (folders: readonly string[]) => string | undefined,
  context: ResolverContext,
): Promise<PublishedFile[]> {
  const listUrl = new URL(url)
  const base = `${listUrl.origin}${listUrl.pathname}`
  if (listUrl.search === '') listUrl.search = '?order_by=created_at&sort=desc&per_page=100'
  const listed = packages.safeParse(await fetchJson(listUrl.href, context))
  if (!listed.success) throw noChecksum(url)
  const folders = new Map(
    listed.data.map(({ id, name, version }) => [
      `${base}/generic/${encodeURIComponent(name)}/${encodeURIComponent(version)}/`,
      id,
    ]),
  )
  const folder = choose([...folders.keys()])
  if (folder === undefined) return []
  const filesUrl = `${base}/${folders.get(folder)}/package_files?per_page=100`
  context.tell({ type: 'checksums-from', url: redactUrl(filesUrl) })
  const files = packageFiles.safeParse(await fetchJson(filesUrl, context))
  if (!files.success) throw noChecksum(filesUrl)
  return files.data.map(({ file_name, file_sha256, size }) => ({
    url: `${folder}${encodeURIComponent(file_name)}`,
    digests: digestsOf({ sha256: file_sha256 }),
    size,
  }))
}

async function fetchJson(url: string, context: ResolverContext): Promise<unknown> {
  return parseJson((await context.http.text(url, { signal: context.signal })).text)
}
