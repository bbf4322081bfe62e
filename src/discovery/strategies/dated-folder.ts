import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Image } from '../../image.ts'
import { withoutFuture } from '../dates.ts'
import { splitFileUrl } from '../file-url.ts'
import { fetchListing } from '../listing.ts'
import { fetchManifest, listedFile, proofOf } from '../manifest.ts'
import { childUrl, isSafeFileName } from '../names.ts'
import { tellNearMiss } from '../near-miss.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { compareStamps, findStamp } from '../stamp.ts'
import { ownVersion } from '../version.ts'
import { inNewestFolder } from './newest-folder.ts'

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`, and next to that folder are those of the builds:
 * `YYYYMMDD`, `YYYY-MM-DD`, `YYYYMMDD.N`, `YYYYMMDD-N`, `release-YYYYMMDD[.N]`. The manifest, named as in
 * `latest_checksum_url`, is in the build's folder.
 */
export const datedFolder: Strategy = (image) => findBeside(image, datedFolders)

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`; `version.txt` in that folder names the version, and
 * `BASE/<version>/` keeps the same files. The manifest, named as in `latest_checksum_url`, is there too.
 */
export const versionFile: Strategy = (image) => findBeside(image, foldersOfVersion)

/** A file in a folder `current`, `latest` or `release`, which always holds the newest build. */
interface AliasUrl {
  /** Both end with a slash. */
  readonly base: string
  readonly parent: string
  readonly alias: string
  readonly name: string
}

/** @param findFolders returns the names of the folders that hold the builds for good, the newest first */
function findBeside(
  image: Image,
  findFolders: (latest: AliasUrl, image: Image, context: ResolverContext) => Promise<readonly string[]>,
): ReturnType<Strategy> {
  const latest = splitAliasUrl(image.latestUrl)
  const checksums = splitAliasUrl(image.latestChecksumUrl)
  if (latest === undefined || latest.alias !== checksums?.alias) return undefined
  return async (context) => {
    const { base, name: alias } = checksums
    const folders = await findFolders(latest, image, context)
    const byUrl = new Map(folders.map((folder) => [`${childUrl(latest.base, folder)}/`, folder]))
    const findIn = async (parent: string) => {
      const folder = byUrl.get(parent) ?? ''
      const name = nameInFolder(latest.name, folder)
      const url = childUrl(parent, name)
      context.tell({ type: 'latest-url', url: redactUrl(url) })
      const manifestName = alias.endsWith('.json') ? nameInFolder(alias, folder) : alias
      const manifest = await fetchManifest(childUrl(`${childUrl(base, folder)}/`, manifestName), context)
      const { digest, size } = listedFile(url, manifest, image)
      return {
        url,
        digest,
        size,
        version: ownVersion(folder),
        ...proofOf(manifest, digest),
      }
    }
    return inNewestFolder(
      [...byUrl.keys()],
      findIn,
      { fileName: latest.name, imageName: image.name },
      context,
    )
  }
}

function splitAliasUrl(url: string | undefined): AliasUrl | undefined {
  const file = splitFileUrl(url)
  const [, base, alias] =
    /^(https?:\/\/[^/]+\/(?:.*\/)?)(current|latest|release)\/$/.exec(file?.parent ?? '') ?? []
  return file && base && alias ? { ...file, base, alias } : undefined
}

async function datedFolders(
  { base, alias }: AliasUrl,
  { name: imageName }: Image,
  context: ResolverContext,
): Promise<readonly string[]> {
  const names = (await fetchListing(base, context)).flatMap(({ name, isFolder }) => (isFolder ? name : []))
  const dated = names.flatMap((name) => {
    const stamp = /^(?:release-)?\d{4}([-._]?)\d\d\1\d\d(?:[.-]\d+)?$/.test(name)
      ? findStamp(name)
      : undefined
    return stamp ? [{ name, stamp }] : []
  })
  const ofAlias = dated.filter(({ name }) => name.startsWith('release-') === (alias === 'release'))
  const wanted = withoutFuture(ofAlias.length > 0 ? ofAlias : dated, ({ name }) => [name], base, context)
  const sorted = wanted.toSorted((a, b) => compareStamps(b.stamp, a.stamp))
  const folders = sorted.map(({ name }) => name)
  const [newest] = folders
  if (newest !== undefined) {
    const others = names.filter((name) => !dated.some((one) => one.name === name))
    tellNearMiss({ source: base, name: newest, others, form: '', imageName }, context.tell)
    return folders
  }
  throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${redactUrl(base)} lists no dated folder of a build`, {
    remedy: 'Look at that page: the distribution may have moved its builds or changed its pages',
  })
}

/** In a folder `YYYYMMDD-N` the files carry its name: `x.qcow2` is `x-YYYYMMDD-N.qcow2` there. */
function nameInFolder(fileName: string, folder: string): string {
  return /^\d{8}-\d+$/.test(folder) ? fileName.replace(/(?:\.tar)?\.[^.]*$|$/, `-${folder}$&`) : fileName
}

async function foldersOfVersion(
  { parent }: AliasUrl,
  _: Image,
  { http, signal }: ResolverContext,
): Promise<readonly string[]> {
  const url = childUrl(parent, 'version.txt')
  const version = versionIn((await http.text(url, { signal })).text)
  if (version !== undefined) return [version]
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
