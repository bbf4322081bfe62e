import { matchesNames } from '../catalog/select.ts'
import { printable } from '../errors.ts'
import { formatDigest, type Image, parseDigest, sameDigest } from '../image.ts'
import type { CloudFinding } from '../report/schemas.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { marks, type Writer } from './marks.ts'
import type { Owner } from './match.ts'
import { versionOf } from './names.ts'
import type { RetirementRules } from './retirement.ts'

/** A build that waits until it is old enough. */
export interface Candidate {
  readonly version: DefinedVersion
  /** ISO time. */
  readonly firstSeen: string
}

/** A build that is not to be taken. */
export interface Skip {
  /** Name, shortname or file of images; a glob. */
  readonly image: string
  /** One of the two names the build; neither: all of them. */
  readonly version?: string | undefined
  /** `algorithm:hex` */
  readonly checksum?: string | undefined
  readonly reason: string
}

export interface PlanContext extends Owner, Writer, RetirementRules {
  readonly includeDisabled?: boolean | undefined
  /** Milliseconds that a build has to be old. */
  readonly minAge?: number | undefined
  /** What earlier runs have seen and not taken, by the name of the definition. */
  readonly candidates?: ReadonlyMap<string, Candidate> | undefined
  readonly skip?: readonly Skip[] | undefined
  /** Names of definitions whose distribution no longer cares for the release. */
  readonly ended?: ReadonlySet<string> | undefined
  /** Names of images that have failed earlier in this run: nothing of theirs is retired. */
  readonly failed?: ReadonlySet<string> | undefined
  /** Images of the catalogue that are not planned: not selected, or with defects. Nothing is said or done about theirs. */
  readonly others?: readonly Image[] | undefined
}

/** What a definition is planned from. */
export interface Scene {
  readonly definition: Definition
  /** Our images of it. */
  readonly own: readonly CloudImage[]
  /** All others that the cloud shows. */
  readonly strangers: readonly CloudImage[]
  readonly context: PlanContext
}

/** Is there to be an image of the definition? */
export function isOffered({ image }: Definition, { includeDisabled = false, ended }: PlanContext): boolean {
  return (image.enable || includeDisabled) && ended?.has(image.name) !== true
}

/** The names that an image of the definition must not get. */
export function takenNames({ own, strangers }: Pick<Scene, 'own' | 'strangers'>): ReadonlySet<string> {
  return new Set([...own, ...strangers].map(({ name }) => name))
}

/** Why a build is not to be taken; undefined if it is. An image that was taken back is the reason for its own bytes. */
export function reasonToSkip(
  { definition, own, context }: Scene,
  version: DefinedVersion,
): string | undefined {
  const listed = context.skip?.find(
    (one) =>
      matchesNames(definition.image, [one.image]) &&
      ((one.version ?? one.checksum) === undefined ||
        one.version === version.version ||
        (version.digest !== undefined && one.checksum?.toLowerCase() === formatDigest(version.digest))),
  )
  return listed?.reason ?? reasonInCloud(own, version)
}

function reasonInCloud(own: readonly CloudImage[], { version, digest }: DefinedVersion): string | undefined {
  const bad = own.find((image) => {
    if (image.properties[marks.skip] === undefined) return false
    const recorded = parseDigest(image.properties[marks.checksum] ?? '')
    const isComparable = recorded !== undefined && recorded.algorithm === digest?.algorithm
    return isComparable ? sameDigest(recorded, digest) : versionOf(image) === version
  })
  return bad?.properties[marks.skip]
}

export function finding(what: CloudFinding['what'], image: CloudImage, message: string): CloudFinding {
  return { what, version: image.properties.internal_version, id: image.id, message: printable(message) }
}
