/** What lists from servers have in common: that they come in pages, and that an entry may have a form of its own. */
import { UpdaterError } from '../errors.ts'
import { redactUrl } from '../http/url.ts'
import type { ResolverContext } from './resolver.ts'

/** Of one list. */
export const maxPages = 100

/**
 * Yields a list page by page, as each names the next.
 * @throws UpdaterError what `ask` throws; DISCOVERY_LISTING if there are more than 100 pages, or the next one is at
 * another server
 */
export async function* followPages<Page extends { readonly next?: string | undefined }>(
  url: string,
  ask: (url: string) => Promise<Page>,
): AsyncGenerator<Page> {
  let asked = url
  for (let count = 0; count < maxPages; count += 1) {
    const page = await ask(asked)
    yield page
    if (page.next === undefined) return
    if (new URL(page.next).origin !== new URL(url).origin) throw nextElsewhere(url, page.next)
    asked = page.next
  }
  throw tooLong(url, `${maxPages} pages`)
}

/** @returns DISCOVERY_LISTING */
export function tooLong(url: string, limit: string): UpdaterError {
  return new UpdaterError('DISCOVERY_LISTING', `The list at ${redactUrl(url)} has more than ${limit}`, {
    remedy: 'Name a folder with fewer files, or a checksum file that lists the names',
  })
}

function nextElsewhere(url: string, next: string): UpdaterError {
  return new UpdaterError(
    'DISCOVERY_LISTING',
    `The list at ${redactUrl(url)} goes on at another server, ${new URL(next).origin}, which is not asked`,
    { remedy: 'Name the server that has all of it' },
  )
}

/** Warns of entries that were left out. */
export function tellStrange(count: number, url: string, { tell }: Pick<ResolverContext, 'tell'>): void {
  if (count === 0) return
  const entries = count === 1 ? 'an entry' : `${count} entries`
  const message = `${redactUrl(url)} has ${entries} of a form that is not known, passed over here: the newest build may be among them`
  tell({ type: 'warning', message })
}
