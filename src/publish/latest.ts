import { type DefinedVersion, type Definition, resolveLatest } from '../cloud/definition.ts'
import { baseName, lookUpChecksum, parseChecksumFile } from '../discovery/checksum-file.ts'
import { splitFileUrl } from '../discovery/file-url.ts'
import { dayOf } from '../discovery/stamp.ts'
import { UpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/client.ts'

/**
 * Finds out what `version: latest` is today: the digest that the version's checksum URL has of its file, and the day on
 * which that was last changed. Such a file is replaced at its URL, as OpenStack Image Manager has it.
 * @throws UpdaterError HTTP_*, CHECKSUM_*, CATALOG_TYPE, DISCOVERY_NO_DATE
 */
export async function withLatest(
  definition: Definition,
  http: HttpClient,
  signal: AbortSignal,
): Promise<Definition> {
  const versions = await Promise.all(
    definition.versions.map((one) =>
      one.version === 'latest' ? resolve(definition, one, http, signal) : one,
    ),
  )
  return { ...definition, versions }
}

async function resolve(
  { image }: Definition,
  version: DefinedVersion,
  http: HttpClient,
  signal: AbortSignal,
): Promise<DefinedVersion> {
  const { url = version.mirrorUrl ?? '', checksumUrl } = version
  if (checksumUrl === undefined) {
    const { file, line, column } = image
    throw new UpdaterError('CATALOG_TYPE', `The version latest of ${image.name} has no checksum_url`, {
      place: { file, line, column },
      remedy:
        'Add the URL of its checksum, or let image-updater update write a version with its own checksum',
    })
  }
  const name = splitFileUrl(url)?.name ?? ''
  const { text } = await http.text(checksumUrl, { signal })
  const { entries } = parseChecksumFile(text, splitFileUrl(checksumUrl)?.name)
  const named = entries.filter((entry) => entry.name === undefined || baseName(entry.name) === name)
  const { digest } = lookUpChecksum(entries, name, undefined, checksumUrl, named)
  const { lastModified } = await http.facts(url, { signal })
  if (lastModified === undefined) {
    throw new UpdaterError(
      'DISCOVERY_NO_DATE',
      `The server of ${url} does not say when the file was changed`,
      {
        remedy: 'Give the version a name and a checksum in place of latest',
      },
    )
  }
  return resolveLatest(version, digest, dayOf(lastModified))
}
