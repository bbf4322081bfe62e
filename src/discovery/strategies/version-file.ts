import { UpdaterError } from '../../errors.ts'
import { redactUrl } from '../../http/url.ts'
import type { Build, Image } from '../../image.ts'
import { buildAt, listedFile } from '../build-file.ts'
import { fetchManifest } from '../manifest.ts'
import { childUrl, isSafeFileName } from '../names.ts'
import type { ResolverContext, Strategy } from '../resolver.ts'
import { type AliasUrls, aliasUrlsOf } from '../sources.ts'

/**
 * `latest_url` is `BASE/<current|latest|release>/<file>`; `version.txt` in that folder names the version, and
 * `BASE/<version>/` keeps the same files. The manifest, named as in `latest_checksum_url`, is there too.
 */
export const versionFileStrategy: Strategy = {
  name: 'version-file',
  searchFor(image) {
    const urls = aliasUrlsOf(image)
    return urls && ((context) => findByVersionFile(urls, image, context))
  },
}

async function findByVersionFile(
  { latest, checksums }: AliasUrls,
  image: Image,
  context: ResolverContext,
): Promise<Build> {
  const versionUrl = childUrl(latest.parent, 'version.txt')
  const version = parseVersionFile((await context.http.text(versionUrl, { signal: context.signal })).text)
  if (version === undefined) throw noVersion(versionUrl)
  const url = childUrl(`${childUrl(latest.base, version)}/`, latest.name)
  context.tell({ type: 'latest-url', url: redactUrl(url) })
  const manifestUrl = childUrl(`${childUrl(checksums.base, version)}/`, checksums.name)
  const manifest = await fetchManifest(manifestUrl, context)
  return buildAt(url, listedFile(latest.name, manifest, image), manifest, context)
}

/** The version in lines `NAME=value`; the text may also be nothing but the version. Never throws. */
function parseVersionFile(text: string): string | undefined {
  const lines = text
    .slice(0, 10_000)
    .split('\n')
    .map((line) => line.trim())
  const named = ['FLATCAR_VERSION', 'FLATCAR_VERSION_ID', 'COREOS_VERSION', 'COREOS_VERSION_ID', 'VERSION']
    .map((name) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1))
    .find((value) => value !== undefined)
  const version = (named ?? (lines.filter((line) => line !== '').length === 1 ? text.trim() : '')).replaceAll(
    '"',
    '',
  )
  return /^v?\d[0-9A-Za-z.+-]*$/.test(version) && isSafeFileName(version) ? version : undefined
}

function noVersion(url: string): UpdaterError {
  return new UpdaterError('DISCOVERY_NOTHING_FOUND', `${redactUrl(url)} names no version`, {
    remedy: 'Look at what the server sends there: the distribution may have changed its form',
  })
}
