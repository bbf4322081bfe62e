import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { datedTwin, foundAt, listedFile } from '../build-file.ts'
import { fetchManifest, type Manifest } from '../manifest.ts'
import { childUrl } from '../names.ts'
import { compareFileNames } from '../natural-order.ts'
import {
  compilePlaceholder,
  hasPlaceholder,
  type NameMatcher,
  placeholderError,
  splitPlaceholder,
} from '../pattern.ts'
import type { Resolver } from '../resolver.ts'
import { sourcesOf } from '../sources.ts'

/**
 * The file name in `latest_url` holds `HEREBE<pattern>DRAGONS`: of all names in the manifest that match,
 * the newest in natural order of what the pattern stands for is the build's.
 */
export function placeholderResolver(name: string, isOfDistribution: (image: Image) => boolean): Resolver {
  return {
    name,
    serves: (image) =>
      image.latestUrl !== undefined && hasPlaceholder(image.latestUrl) && isOfDistribution(image),
    async resolve(image, context) {
      const { latestUrl, checksumUrl } = sourcesOf(image)
      const placeholder = splitPlaceholder(latestUrl, image.name)
      if (placeholder.rest !== '') throw placeholderError(image.name, 'it is not in the file name')
      if (hasPlaceholder(checksumUrl)) throw placeholderError(image.name, 'latest_checksum_url has one too')
      const match = await compilePlaceholder(placeholder, image.name)
      const manifest = await fetchManifest(checksumUrl, context)
      const newest = listedFile(newestName(manifest, match, image), manifest, image)
      const file = datedTwin(newest, manifest)
      const url = childUrl(placeholder.parent, file.name)
      context.tell({ type: 'latest-url', url: redactUrl(url) })
      return foundAt(url, file, manifest)
    },
  }
}

function newestName(manifest: Manifest, match: NameMatcher, image: Image): string {
  const candidates = manifest.entries.flatMap(({ name }) => {
    const matched = name === undefined ? undefined : match(name)
    return name === undefined || matched === undefined ? [] : { name, matched }
  })
  const [newest] = candidates.sort((a, b) => compareFileNames(b.matched, a.matched))
  if (newest !== undefined) return newest.name
  throw new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(manifest.url)} lists no file that matches latest_url of ${image.name}`,
    { remedy: 'Compare the pattern in latest_url with the names in that file' },
  )
}
