import { matchesNames } from '../catalog/select.ts'
import { formatDigest, type Image, parseDigest, sameDigest } from '../image.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { journalOf, marks } from './marks.ts'
import type { Owner } from './match.ts'
import { versionOf } from './names.ts'
import type { Writer } from './promotion.ts'
import type { RetirementRules } from './retirement.ts'

export const findingKinds = [
  'missing',
  'current',
  'other-bytes',
  'unproven',
  'unfinished',
  'properties',
  'name',
  'visibility',
  'retire',
  'duplicate',
  'taken',
  'pending',
  'skipped',
  'limit',
] as const

export interface Finding {
  readonly what: (typeof findingKinds)[number]
  readonly version?: string | undefined
  /** Of the image in Glance. */
  readonly id?: string | undefined
  /** A sentence without a final full stop. */
  readonly message: string
}

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
  /** One of the two names the build. */
  readonly version?: string | undefined
  /** `algorithm:hex` */
  readonly checksum?: string | undefined
  readonly reason: string
}

export interface PlanContext extends Owner, Writer, RetirementRules {
  /** Milliseconds that an import may take: a mark of another run counts for twice as long. */
  readonly importTimeout: number
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

/** Is another run at work on it? What it has not touched for twice the time of an import it has given up. */
export function isBusy(image: CloudImage, { run, now, importTimeout }: PlanContext): boolean {
  const journal = journalOf(image)
  if (journal === undefined || journal.run === run) return false
  // Of two clocks that differ the later time counts, but for a mark of a time that has not come yet.
  const marked = journal.time <= now ? journal.time.getTime() : 0
  return now.getTime() - Math.max(marked, image.updatedAt.getTime()) < 2 * importTimeout
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
      (one.version === version.version ||
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

export function finding(what: Finding['what'], image: CloudImage, message: string): Finding {
  return { what, version: image.properties.internal_version, id: image.id, message }
}
