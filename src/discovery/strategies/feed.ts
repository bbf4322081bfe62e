import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { FeedPaths } from '../options.ts'
import { tellStrange } from '../pages.ts'
import { hasPlaceholder, parsePattern } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'
import { fetchVerifiedPages, newestFile } from './document.ts'

/**
 * `latest_checksum_url` is a JSON document of any form; the source says by paths where the URLs, the versions and the
 * digests of files stand in it. The newest of those that `latest_url`, with its placeholders, matches as a whole is the
 * build's: a feed cannot lead to another server or another image.
 */
export const feed: Strategy = (image, paths) => {
  const { latestUrl = '', latestChecksumUrl: feedUrl = '' } = image
  if (paths === undefined || hasPlaceholder(feedUrl) || !URL.canParse(feedUrl)) return undefined
  return async (context) => {
    const { parseFeed, parseFeedPaths } = await import('../feed.ts')
    const steps = parseFeedPaths(paths)
    const wanted = await parsePattern(latestUrl, image.name)
    context.tell({ type: 'checksums-from', url: redactUrl(feedUrl) })
    const { texts, ...proof } = await fetchVerifiedPages(feedUrl, context)
    const files = texts.flatMap((text) => {
      const told = parseFeed(text, steps, feedUrl)
      if (told === undefined) throw noFeed(feedUrl, 'is not JSON')
      tellStrange(told.strange, feedUrl, context)
      return told.items
    })
    if (files.length === 0) throw noFeed(feedUrl, `has no file with ${wordsOf(paths)}`)
    return newestFile({ files, ...proof }, wanted, feedUrl, image, context)
  }
}

function wordsOf({ url, version }: FeedPaths): string {
  return version === undefined ? `a URL at ${url}` : `a URL at ${url} and a version at ${version}`
}

function noFeed(url: string, what: string): UpdaterError {
  return new UpdaterError('CHECKSUM_MALFORMED', `${redactUrl(url)} ${what}`, {
    remedy: 'Compare the paths of feed in the configuration with what the server sends there',
  })
}
