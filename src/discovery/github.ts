import { z } from 'zod'
import { parseJson } from './json.ts'
import type { ListingEntry } from './listing.ts'
import { isSafeFileName } from './names.ts'

/**
 * GitHub's releases, as its API lists them: `digest` is `sha256:…`, and absent if the file was uploaded
 * before June 2025.
 * @see https://docs.github.com/en/rest/releases/releases#list-releases
 */
export const githubReleases = z.array(
  z.object({
    tag_name: z.string(),
    draft: z.boolean().optional(),
    prerelease: z.boolean().optional(),
    published_at: z.string().nullish(),
    assets: z.array(
      z.object({
        browser_download_url: z.string(),
        digest: z.string().nullish(),
        size: z.number().optional(),
      }),
    ),
  }),
)

const releaseFolder = /^https:\/\/github\.com\/([^/]+\/[^/]+)\/releases\/download\/(?:([^/]+)\/)?$/

/** Returns the URL at which the API lists such a folder. */
export function releasesUrl(folder: string): string {
  const [, repository = ''] = releaseFolder.exec(folder) ?? []
  return `https://api.github.com/repos/${repository}/releases?per_page=30`
}

/** The tags, or the files of one tag. Drafts and pre-releases do not count. Never throws. */
export function parseReleaseListing(text: string, folder: string): ListingEntry[] {
  const releases = githubReleases.safeParse(parseJson(text))
  if (!releases.success) return []
  const [, , tag] = releaseFolder.exec(folder) ?? []
  const published = releases.data.filter(({ draft, prerelease }) => !draft && !prerelease)
  const names =
    tag === undefined
      ? published.map(({ tag_name }) => tag_name)
      : published
          .filter(({ tag_name }) => encodeURIComponent(tag_name) === tag || tag_name === tag)
          .flatMap(({ assets }) => assets.map((asset) => lastSegment(asset.browser_download_url)))
  return names.filter(isSafeFileName).map((name) => ({ name, isFolder: tag === undefined }))
}

function lastSegment(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}
