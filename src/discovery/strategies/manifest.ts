import { redactUrl } from '../../http/url.ts'
import { sameDigest } from '../../image.ts'
import { splitFileUrl } from '../file-url.ts'
import { datedTwin, fetchManifest, listedFile, proofOf } from '../manifest.ts'
import { childUrl } from '../names.ts'
import { tellNearMiss } from '../near-miss.ts'
import { hasPlaceholder } from '../pattern.ts'
import type { Strategy } from '../resolver.ts'

/**
 * `latest_url` names a file that each newest build replaces, and `latest_checksum_url` a manifest that lists it. If the
 * manifest lists the same bytes under a dated name too, that is the build's name.
 */
export const manifest: Strategy = (image) => {
  const { latestUrl = '', latestChecksumUrl: checksumUrl } = image
  const latest = splitFileUrl(latestUrl)
  if (latest === undefined || checksumUrl === undefined || hasPlaceholder(checksumUrl)) return undefined
  return async (context) => {
    context.tell({ type: 'latest-url', url: redactUrl(latestUrl) })
    const listed = await fetchManifest(checksumUrl, context, true)
    const { name, digest, size } = datedTwin(latestUrl, listedFile(latestUrl, listed, image), listed, context)
    const others = listed.entries.flatMap((entry) =>
      sameDigest(entry.digest, digest) ? [] : (entry.name ?? []),
    )
    const taken = { source: checksumUrl, name, others, form: latest.name, imageName: image.name }
    tellNearMiss(taken, context.tell)
    const url = name === latest.name ? latestUrl : childUrl(latest.parent, name)
    return { url, digest, size, ...proofOf(listed, digest) }
  }
}
