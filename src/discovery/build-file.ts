import { type Build, type Image, sameDigest } from '../image.ts'
import { type ChecksumEntry, lookUpChecksum } from './checksum-file.ts'
import type { Manifest } from './manifest.ts'
import { isSafeFileName } from './names.ts'
import type { ResolverContext } from './resolver.ts'
import { catalogueAlgorithm, compressionOf, splitFileUrl } from './sources.ts'
import { compareStamps, findStamp, findUrlStamp, type Stamp } from './stamp.ts'

/** A build's file as a manifest lists it. */
export interface BuildFile {
  readonly name: string
  readonly entry: ChecksumEntry
}

/**
 * Returns the file `name` with its checksum, in the algorithm of the image's catalogue entry if the manifest
 * has it. A file of its own beside the image (`<name>.sha256`) may tell the name of the build instead,
 * as openSUSE's do: `x-Cloud-Build18.7.qcow2` for `x-Cloud.qcow2`.
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS
 */
export function listedFile(name: string, manifest: Manifest, image: Image): BuildFile {
  const build = buildNameIn(manifest, name)
  const entries =
    build === undefined ? manifest.entries : manifest.entries.map((entry) => ({ ...entry, name }))
  return { name, entry: lookUpChecksum(entries, name, catalogueAlgorithm(image), manifest.url) }
}

/** Returns the only name of a manifest of `name` alone, if that is the name of its build. */
function buildNameIn({ url, entries }: Manifest, name: string): string | undefined {
  const names = new Set(entries.map((entry) => entry.name))
  const [only] = names
  const extension = `.${extensionOf(name)}`
  const stem = name.slice(0, -extension.length)
  if (names.size !== 1 || only === undefined || !splitFileUrl(url)?.name.startsWith(`${name}.`))
    return undefined
  return only.startsWith(`${stem}-`) && only.endsWith(extension) && isSafeFileName(only) ? only : undefined
}

/**
 * Where a name without a build stamp is an alias (`…-latest.…`), the same bytes may be listed under the
 * dated name of the build: that one is there to stay. The newest if there are several.
 */
export function datedTwin(file: BuildFile, manifest: Manifest): BuildFile {
  if (findStamp(file.name) !== undefined) return file
  const twins = manifest.entries.flatMap((entry) => twinOf(file, entry) ?? [])
  return twins.sort((a, b) => compareStamps(b.stamp, a.stamp))[0] ?? file
}

function twinOf(file: BuildFile, entry: ChecksumEntry): (BuildFile & { stamp: Stamp }) | undefined {
  const { name, digest } = entry
  if (name === undefined || !sameDigest(digest, file.entry.digest)) return undefined
  if (extensionOf(name) !== extensionOf(file.name) || !isSafeFileName(name)) return undefined
  const stamp = findStamp(name)
  return stamp && { name, stamp, entry }
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** The build whose file is at `url`; `version` is its day, if something else than the URL says it. */
export function buildAt(
  url: string,
  file: BuildFile,
  manifest: Manifest,
  { resolver }: ResolverContext,
  version?: string,
): Build {
  return {
    url,
    resolver: resolver.name,
    digest: file.entry.digest,
    size: file.entry.size,
    version: version ?? findUrlStamp(url)?.date,
    compression: compressionOf(file.name),
    trust: manifest.trust,
  }
}
