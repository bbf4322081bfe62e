import { z } from 'zod'
import { redactUrl } from '../http/url.ts'
import { digestsOf, type PublishedFiles } from './documents.ts'
import { parseJson } from './json.ts'
import { noChecksum } from './manifest.ts'
import type { ResolverContext } from './resolver.ts'
import { fetchVerified } from './signatures/check.ts'

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

/**
 * The files of one generic package of a project. Its files are at `<url>/generic/<name>/<version>/`;
 * `choose` says which of these folders is the newest one wanted.
 * @param url `https://gitlab.example/api/v4/projects/<id>/packages`
 * @throws UpdaterError HTTP_*, CHECKSUM_MALFORMED
 */
export async function fetchPackages(
  url: string,
  choose: (folders: readonly string[]) => string | undefined,
  context: ResolverContext,
): Promise<PublishedFiles> {
  const listUrl = new URL(url)
  const base = `${listUrl.origin}${listUrl.pathname}`
  if (listUrl.search === '') listUrl.search = '?order_by=created_at&sort=desc&per_page=100'
  const list = await fetchVerified(listUrl.href, context)
  const listed = packages.safeParse(parseJson(list.text))
  if (!listed.success) throw noChecksum(url)
  const folders = new Map(
    listed.data.map(({ id, name, version }) => [
      `${base}/generic/${encodeURIComponent(name)}/${encodeURIComponent(version)}/`,
      id,
    ]),
  )
  const folder = choose([...folders.keys()])
  if (folder === undefined) return { files: [], trust: list.trust }
  const filesUrl = `${base}/${folders.get(folder)}/package_files?per_page=100`
  context.tell({ type: 'checksums-from', url: redactUrl(filesUrl) })
  const { text, trust } = await fetchVerified(filesUrl, context)
  const files = packageFiles.safeParse(parseJson(text))
  if (!files.success) throw noChecksum(filesUrl)
  return {
    trust,
    files: files.data.map(({ file_name, file_sha256, size }) => ({
      url: `${folder}${encodeURIComponent(file_name)}`,
      digests: digestsOf({ sha256: file_sha256 }),
      size,
    })),
  }
}
