import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import { fetchListing, type Lister } from '../listing-page.ts'
import { fillUrl, hasPlaceholder, parsePattern } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'
import { unsignedDistribution } from '../signatures/check.ts'
import { compressionOf, splitFileUrl } from '../sources.ts'
import { findUrlStamp } from '../stamp.ts'
import { followListings } from './placeholder.ts'

/**
 * No checksum is published. A placeholder in `latest_url`, which listings resolve, makes its URL name the version, so
 * that the URL says whether the catalogue has the newest; the digest is that of the first download.
 */
export function firstUseStrategy(list: Lister = fetchListing): Strategy {
  return {
    name: 'first-use',
    searchFor(image) {
      const { latestUrl = '', latestChecksumUrl } = image
      if (!hasPlaceholder(latestUrl) || latestChecksumUrl !== undefined) return undefined
      return async (context) => {
        const latest = parsePattern(latestUrl, image.name)
        const url = fillUrl(latest, await followListings(latest, new Map(), { image, list, context }))
        const file = splitFileUrl(url)
        if (url === undefined || file === undefined) {
          throw new UpdaterError('DISCOVERY_UNSUPPORTED', `The latest_url of ${image.name} names no file`)
        }
        if (context.signatures?.policy === 'require') throw unsignedDistribution(context.resolver.name, url)
        context.tell({ type: 'latest-url', url: redactUrl(url) })
        return {
          url,
          resolver: context.resolver.name,
          digest: undefined,
          version: findUrlStamp(url)?.date,
          compression: compressionOf(file.name),
          trust: 'first-use',
        }
      }
    },
  }
}
