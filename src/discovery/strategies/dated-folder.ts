import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { splitFileUrl } from '../file-url.ts'
import { fetchListing } from '../listing.ts'
import { fetchManifest, listedFile } from '../manifest.ts'
import { childUrl, isSafeFileName } from '../names.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { compareStamps, findStamp } from '../stamp.ts'
import { ownVersion } from '../version.ts'

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`, and next to that folder are those of the builds:
 * `YYYYMMDD`, `YYYYMMDD.N`, `YYYYMMDD-N`, `release-YYYYMMDD[.N]`. The manifest, named as in
 * `latest_checksum_url`, is in the build's folder.
 */
export const datedFolder: Strategy = (image) => findBeside(image, newestDatedFolder)

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`; `version.txt` in that folder names the version, and
 * `BASE/<version>/` keeps the same files. The manifest, named as in `latest_checksum_url`, is there too.
 */
export const versionFile: Strategy = (image) => findBeside(image, folderOfVersion)

/** A file in a folder `current`, `latest` or `release`, which always holds the newest build. */
interface AliasUrl {
  /** Both end with a slash. */
  readonly base: string
  readonly parent: string
  readonly alias: string
  readonly name: string
}

/** @param findFolder returns the name of the folder that holds the newest build for good */
function findBeside(
  image: Image,
  findFolder: (latest: AliasUrl, context: ResolverContext) => Promise<string>,
): ReturnType<Strategy> {
  const latest = splitAliasUrl(image.latestUrl)
  const checksums = splitAliasUrl(image.latestChecksumUrl)
  if (latest === undefined || latest.alias !== checksums?.alias) return undefined
  return async (context) => {
    const folder = await findFolder(latest, context)
    const name = nameInFolder(latest.name, folder)
    const url = childUrl(`${childUrl(latest.base, folder)}/`, name)
    context.tell({ type: 'latest-url', url: redactUrl(url) })
    const { base, name: alias } = checksums
    const manifestName = alias.endsWith('.json') ? nameInFolder(alias, folder) : alias
    const manifest = await fetchManifest(childUrl(`${childUrl(base, folder)}/`, manifestName), context)
    const { digest, size } = listedFile(name, manifest, image)
    return { url, digest, size, version: ownVersion(folder), trust: manifest.trust }
  }
}

function splitAliasUrl(url: string | undefined): AliasUrl | undefined {
  const file = splitFileUrl(url)
  const [, base, alias] =
    /^(https?:\/\/[^/]+\/(?:.*\/)?)(current|latest|release)\/$/.exec(file?.parent ?? '') ?? []
  return file && base && alias ? { ...file, base, alias } : undefined
}

async function newestDatedFolder({ base, alias }: AliasUrl, context: ResolverContext): Promise<string> {
  const entries = await fetchListing(base, context)
  const dated = entries.flatMap(({ name, isFolder }) => {
    const stamp = isFolder && /^(?:release-)?\d{8}(?:[.-]\d+)?$/.test(name) ? findStamp(name) : undefined
    return stamp ? [{ name, stamp }] : []
  })
  const ofAlias = dated.filter(({ name }) => name.startsWith('release-') === (alias === 'release'))
  const [newest] = (ofAlias.length > 0 ? ofAlias : dated).sort((a, b) => compareStamps(b.stamp, a.stamp))
  if (newest !== undefined) return newest.name
  throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${redactUrl(base)} lists no dated folder of a build`, {
    remedy: 'Look at that page: the distribution may have moved its builds or changed its pages',
  })
}

/** In a folder `YYYYMMDD-N` the files carry its name: `x.qcow2` is `x-YYYYMMDD-N.qcow2` there. */
function nameInFolder(fileName: string, folder: string): string {
  return /^\d{8}-\d+$/.test(folder) ? fileName.replace(/(?:\.tar)?\.[^.]*$|$/, `-${folder}$&`) : fileName
}

async function folderOfVersion({ parent }: AliasUrl, { http, signal }: ResolverContext): Promise<string> {
  const url = childUrl(parent, 'version.txt')
  const version = versionIn((await http.text(url, { signal })).text)
  if (version !== undefined) return version
  throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${redactUrl(url)} names no version`, {
    remedy: 'Look at what the server sends there: the distribution may have changed its form',
  })
}

/** The version in lines `NAME=value`; the text may also be nothing but the version. Never throws. */
function versionIn(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const named = ['FLATCAR_VERSION', 'FLATCAR_VERSION_ID', 'COREOS_VERSION', 'COREOS_VERSION_ID', 'VERSION']
    .map((name) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1))
    .find((value) => value !== undefined)
  const [only = '', another] = lines.filter((line) => line !== '')
  const version = (named ?? (another === undefined ? only : '')).replaceAll('"', '')
  return /^v?\d[0-9A-Za-z.+-]*$/.test(version) && isSafeFileName(version) ? version : undefined
}
