import { statusOf } from '../http/failure.ts'
import { type ListingEntry, parseListing } from './listing.ts'
import type { ResolverContext } from './resolver.ts'

/**
 * Asks for the listing of a folder. `folder` ends with a slash, which saves a redirect; a server that
 * knows the page only without it is asked once more.
 * @throws UpdaterError HTTP_*
 */
export async function fetchListing(folder: string, context: ResolverContext): Promise<ListingEntry[]> {
  const ask = (url: string) => context.http.text(url, { signal: context.signal })
  const page = await ask(folder).catch((error: unknown) => {
    if (statusOf(error) === 404) return ask(folder.slice(0, -1))
    throw error
  })
  return parseListing(page.text, page.url)
}
