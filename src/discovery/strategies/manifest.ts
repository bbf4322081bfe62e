import { redactUrl } from '../../http/url.ts'
import { buildAt, datedTwin, listedFile } from '../build-file.ts'
import { fetchManifest } from '../manifest.ts'
import { childUrl } from '../names.ts'
import { hasPlaceholder } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'
import { splitFileUrl } from '../sources.ts'

/**
 * `latest_url` names a file that each newest build replaces, and `latest_checksum_url` a manifest that lists it. If the
 * manifest lists the same bytes under a dated name too, that is the build's name.
 */
export const manifestStrategy: Strategy = {
  name: 'manifest',
  searchFor(image) {
    const { latestUrl = '', latestChecksumUrl: checksumUrl } = image
    const latest = splitFileUrl(latestUrl)
    if (latest === undefined || checksumUrl === undefined || hasPlaceholder(checksumUrl)) return undefined
    return async (context) => {
      context.tell({ type: 'latest-url', url: redactUrl(latestUrl) })
      const manifest = await fetchManifest(checksumUrl, context, true)
      const alias = listedFile(latest.name, manifest, image)
      const file = datedTwin(alias, manifest)
      const url = file === alias ? latestUrl : childUrl(latest.parent, file.name)
      return buildAt(url, file, manifest, context)
    }
  },
}
