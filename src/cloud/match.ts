import { type Image, parseDigest, sameDigest } from '../image.ts'
import { type DefinedVersion, type Definition, isPacked } from './definition.ts'
import type { CloudImage } from './image.ts'
import { journalOf, marks } from './marks.ts'
import { versionName, versionOf } from './names.ts'

/** Who we are in a cloud. */
export interface Owner {
  /** Id of our project. */
  readonly project: string
  /** That all of our images have. */
  readonly tag: string
}

/**
 * Is an image one of ours? It has our tag, or a run is at work on it. A server's snapshot has the properties of the image
 * that the server was made of, and is its user's.
 */
export function isOurs(image: CloudImage, { project, tag }: Owner): boolean {
  if (image.owner !== project || isSnapshot(image)) return false
  if (image.status === 'deleted' || image.status === 'pending_delete') return false
  return image.tags.includes(tag) || journalOf(image) !== undefined
}

/** Nova marks those of servers, those of servers that boot from a volume, and backups. */
export function isSnapshot({ properties }: Pick<CloudImage, 'properties'>): boolean {
  const { image_type: type } = properties
  const inherited = ['base_image_ref', 'block_device_mapping', 'bdm_v2', 'instance_uuid']
  return type === 'snapshot' || type === 'backup' || inherited.some((key) => Object.hasOwn(properties, key))
}

/** Can it be booted, or could it be before it was deactivated? Any other has no bytes, or not all of them. */
export function hasBytes({ status }: CloudImage): boolean {
  return status === 'active' || status === 'deactivated'
}

/**
 * Returns the definition that one of our images was made of: as it says itself, or by `image_description` as OpenStack
 * Image Manager has it. Definitions can share one: then `image_name` tells, and the name that the image has.
 */
export function definitionOf(image: CloudImage, definitions: readonly Definition[]): Definition | undefined {
  const { [marks.definition]: own, image_description: description, image_name: name } = image.properties
  if (own !== undefined) return definitions.find((one) => one.image.name === own)
  const described = definitions.filter((one) => descriptionsOf(one).includes(description ?? ''))
  if (described.length === 1) return described[0]
  const named = described.filter((one) => one.image.name === name)
  if (named.length === 1) return named[0]
  const called = described.filter((one) => isNamedAfter(image, one))
  return called.length === 1 ? called[0] : undefined
}

/** Is one of our images of a definition of which no more is known than this? */
export function isOf({ properties }: CloudImage, { name }: Image): boolean {
  const { [marks.definition]: own, image_description: description, image_name: imageName } = properties
  return own === undefined ? name === description || name === imageName : name === own
}

function descriptionsOf({ image, meta, versions }: Definition): readonly string[] {
  const own = versions.flatMap((version) => version.meta.image_description ?? version.description ?? [])
  return [meta.image_description ?? image.name, ...own]
}

function isNamedAfter(image: CloudImage, definition: Definition): boolean {
  const { name, separator } = { name: definition.image.name, separator: definition.separator }
  const version = versionOf(image)
  return [name, versionName(definition, version), name + separator + version].includes(image.name)
}

/**
 * Has an image the bytes of a version? `unknown`: it was there before us, and Glance's digest is of another algorithm
 * than the catalogue's, or of converted bytes.
 */
export type Standing = 'same' | 'other' | 'unknown'

export function standingOf(
  image: CloudImage,
  { image: { format } }: Definition,
  version: DefinedVersion,
): Standing {
  const { digest } = version
  const { hash } = image
  const recorded = parseDigest(image.properties[marks.checksum] ?? '')
  const proven = image.properties[marks.hash]
  // Bytes that change after their proof are nobody's.
  if (proven !== undefined && hash !== undefined && proven !== `${hash.algorithm}:${hash.hex}`) return 'other'
  if (digest === undefined) return 'unknown'
  if (recorded?.algorithm === digest.algorithm) return sameDigest(recorded, digest) ? 'same' : 'other'
  const isConverted = image.diskFormat !== format
  if (hash === undefined || isConverted || isPacked(version) || hash.algorithm !== digest.algorithm)
    return 'unknown'
  return hash.hex.toLowerCase() === digest.hex ? 'same' : 'other'
}

/** Does an image say that it is this version? */
export function claims(image: CloudImage, version: DefinedVersion): boolean {
  const { internal_version: claimed, upstream_checksum: upstream } = image.properties
  if (version.version !== 'latest') return (claimed ?? versionOf(image)) === version.version
  return upstream !== undefined && upstream.toLowerCase() === version.digest?.hex
}

/** An image that is a version. */
export interface Match {
  readonly image: CloudImage
  readonly version: DefinedVersion
  readonly standing: 'same' | 'unknown'
}

/**
 * Returns which image is which version, each at most once. Surest first: the id, the bytes with the version's word for
 * them, the bytes alone, the word alone; and of several the one that users see.
 */
export function matchVersions(definition: Definition, images: readonly CloudImage[]): readonly Match[] {
  const matches = new Map<DefinedVersion, Match>()
  const taken = new Set<CloudImage>()
  const sorted = [...images].sort(byRank)
  const standings = new Map(
    definition.versions.map((version) => [
      version,
      new Map(sorted.map((image) => [image, standingOf(image, definition, version)])),
    ]),
  )
  const rounds: ((image: CloudImage, version: DefinedVersion, standing: Standing) => boolean)[] = [
    (image, version, standing) => image.id === version.id && standing !== 'other',
    (image, version, standing) => standing === 'same' && claims(image, version),
    (_, __, standing) => standing === 'same',
    (image, version, standing) => standing === 'unknown' && claims(image, version),
  ]
  for (const isMatch of rounds) {
    for (const version of definition.versions) {
      if (matches.has(version)) continue
      const standingOfImage = (image: CloudImage) => standings.get(version)?.get(image) ?? 'unknown'
      const image = sorted.find((one) => !taken.has(one) && isMatch(one, version, standingOfImage(one)))
      if (image === undefined) continue
      taken.add(image)
      matches.set(version, {
        image,
        version,
        standing: standingOfImage(image) === 'same' ? 'same' : 'unknown',
      })
    }
  }
  return definition.versions.flatMap((version) => matches.get(version) ?? [])
}

/** Visible ones first, then the newest. */
export function byRank(a: CloudImage, b: CloudImage): number {
  const rank = ({ visibility, isHidden, status }: CloudImage) =>
    (visibility === 'public' ? 4 : 0) + (isHidden ? 0 : 2) + (status === 'active' ? 1 : 0)
  return rank(b) - rank(a) || byAge(a, b)
}

/** The newest first. */
export function byAge(a: CloudImage, b: CloudImage): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1)
}

/** The one that has lost its name last first; those of which nobody has noted when follow, the newest first. */
export function byRetirement(a: CloudImage, b: CloudImage): number {
  return retiredAt(b) - retiredAt(a) || byAge(a, b)
}

/** Milliseconds; 0 if nobody has noted it. */
function retiredAt({ properties }: CloudImage): number {
  return Date.parse(properties[marks.hiddenAt] ?? '') || 0
}
