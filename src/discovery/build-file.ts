import { type Image, sameDigest } from '../image.ts'
import { type ChecksumEntry, lookUpChecksum } from './checksum-file.ts'
import type { Manifest } from './manifest.ts'
import { isSafeFileName } from './names.ts'
import type { Found } from './resolver.ts'
import { catalogueAlgorithm, compressionOf } from './sources.ts'
import { compareStamps, findStamp, type Stamp } from './stamp.ts'

/** A build's file as a manifest lists it. */
export interface BuildFile {
  readonly name: string
  readonly entry: ChecksumEntry
}

/**
 * The file `name` with its checksum, in the algorithm of the image's catalogue entry where the manifest
 * has that.
 * @throws UpdaterError CHECKSUM_NOT_LISTED, CHECKSUM_AMBIGUOUS
 */
export function listedFile(name: string, manifest: Manifest, image: Image): BuildFile {
  return { name, entry: lookUpChecksum(manifest.entries, name, catalogueAlgorithm(image), manifest.url) }
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

/** What is known of the build whose file is at `url`; `version` is its day, where names tell it. */
export function foundAt(url: string, file: BuildFile, manifest: Manifest, version?: string): Found {
  return {
    url,
    digest: file.entry.digest,
    size: file.entry.size,
    version: version ?? findStamp(file.name)?.date,
    compression: compressionOf(file.name),
    trust: manifest.trust,
  }
}
