import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { foundAt, listedFile } from '../build-file.ts'
import { fetchListing } from '../listing-page.ts'
import { fetchManifest } from '../manifest.ts'
import { childUrl } from '../names.ts'
import type { Resolver, ResolverContext } from '../resolver.ts'
import { type AliasFolderUrl, sourcesOf, splitAliasFolderUrl, unsupported } from '../sources.ts'
import { compareStamps, findStamp, type Stamp } from '../stamp.ts'

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`, and next to that folder are those of the builds:
 * `YYYYMMDD`, `YYYYMMDD.N`, `YYYYMMDD-N`, `release-YYYYMMDD[.N]`. The manifest, named as in
 * `latest_checksum_url`, is in the build's folder.
 */
export function datedFolderResolver(name: string, isOfDistribution: (image: Image) => boolean): Resolver {
  return {
    name,
    serves: (image) => layoutOf(image) !== undefined && isOfDistribution(image),
    async resolve(image, context) {
      sourcesOf(image)
      const layout = layoutOf(image)
      if (layout === undefined) throw outsideAliasFolder(image)
      const { latest, checksums } = layout
      const folder = await newestFolder(latest, context)
      const fileName = nameInFolder(latest.name, folder.name)
      const url = childUrl(`${childUrl(latest.base, folder.name)}/`, fileName)
      context.tell({ type: 'latest-url', url: redactUrl(url) })
      const manifestUrl = childUrl(`${childUrl(checksums.base, folder.name)}/`, checksums.name)
      const manifest = await fetchManifest(manifestUrl, context)
      return foundAt(url, listedFile(fileName, manifest, image), manifest, folder.stamp.date)
    },
  }
}

interface DatedFolder {
  readonly name: string
  readonly stamp: Stamp
}

function layoutOf(image: Image): { latest: AliasFolderUrl; checksums: AliasFolderUrl } | undefined {
  const latest = splitAliasFolderUrl(image.latestUrl)
  const checksums = splitAliasFolderUrl(image.latestChecksumUrl)
  return latest && checksums && latest.alias === checksums.alias ? { latest, checksums } : undefined
}

async function newestFolder({ base, alias }: AliasFolderUrl, context: ResolverContext): Promise<DatedFolder> {
  const entries = await fetchListing(base, context)
  const dated = entries.flatMap(({ name, isFolder }) => {
    const stamp = isFolder && /^(?:release-)?\d{8}(?:[.-]\d+)?$/.test(name) ? findStamp(name) : undefined
    return stamp ? [{ name, stamp }] : []
  })
  const ofAlias = dated.filter(({ name }) => name.startsWith('release-') === (alias === 'release'))
  const [newest] = (ofAlias.length > 0 ? ofAlias : dated).sort((a, b) => compareStamps(b.stamp, a.stamp))
  if (newest !== undefined) return newest
  throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${redactUrl(base)} lists no dated folder of a build`, {
    remedy: 'Look at that page: the distribution may have moved its builds or changed its pages',
  })
}

/** In a folder `YYYYMMDD-N` the files carry its name: `x.qcow2` is `x-YYYYMMDD-N.qcow2` there. */
function nameInFolder(fileName: string, folder: string): string {
  return /^\d{8}-\d+$/.test(folder) ? fileName.replace(/(?:\.tar)?\.[^.]*$|$/, `-${folder}$&`) : fileName
}

function outsideAliasFolder(image: Image): UpdaterError {
  return unsupported(
    image,
    'latest_url and latest_checksum_url are not in one folder current, latest or release',
    'Give it URLs in such a folder',
  )
}
