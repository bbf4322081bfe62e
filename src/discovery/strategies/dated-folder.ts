import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Build, Image } from '../../image.ts'
import { buildAt, listedFile } from '../build-file.ts'
import { fetchListing } from '../listing-page.ts'
import { fetchManifest } from '../manifest.ts'
import { childUrl } from '../names.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { type AliasFolderUrl, type AliasUrls, aliasUrlsOf } from '../sources.ts'
import { compareStamps, findStamp, type Stamp } from '../stamp.ts'

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`, and next to that folder are those of the builds:
 * `YYYYMMDD`, `YYYYMMDD.N`, `YYYYMMDD-N`, `release-YYYYMMDD[.N]`. The manifest, named as in
 * `latest_checksum_url`, is in the build's folder.
 */
export const datedFolderStrategy: Strategy = {
  name: 'dated-folder',
  searchFor(image) {
    const urls = aliasUrlsOf(image)
    return urls && ((context) => findInFolders(urls, image, context))
  },
}

async function findInFolders(
  { latest, checksums }: AliasUrls,
  image: Image,
  context: ResolverContext,
): Promise<Build> {
  const folder = await newestFolder(latest, context)
  const fileName = nameInFolder(latest.name, folder.name)
  const url = childUrl(`${childUrl(latest.base, folder.name)}/`, fileName)
  context.tell({ type: 'latest-url', url: redactUrl(url) })
  const manifestName = checksums.name.endsWith('.json')
    ? nameInFolder(checksums.name, folder.name)
    : checksums.name
  const manifestUrl = childUrl(`${childUrl(checksums.base, folder.name)}/`, manifestName)
  const manifest = await fetchManifest(manifestUrl, context)
  return buildAt(url, listedFile(fileName, manifest, image), manifest, context, folder.stamp.date)
}

interface DatedFolder {
  readonly name: string
  readonly stamp: Stamp
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
