import { UpdaterError } from '../errors.ts'
import { formatDigest } from '../image.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { journalOf, marks } from './marks.ts'
import { byRetirement, hasBytes, type Match, matchVersions, standingOf } from './match.ts'
import { finalName, versionOf } from './names.ts'
import { recordOf, type WantedRecord } from './properties.ts'
import { isResumable, versionOfImage } from './repair.ts'
import { type Candidate, type PlanContext, reasonToSkip, type Scene } from './scene.ts'

/** What becomes of a version of the catalogue. */
export type Fate =
  | {
      readonly kind: 'present'
      readonly version: DefinedVersion
      readonly match: Match
      readonly skip?: string | undefined
    }
  | {
      readonly kind: 'bring'
      readonly version: DefinedVersion
      readonly resumes?: CloudImage | undefined
      readonly replaces?: CloudImage | undefined
    }
  | { readonly kind: 'pending'; readonly version: DefinedVersion; readonly due: Date }
  | { readonly kind: 'skipped'; readonly version: DefinedVersion; readonly reason: string }
  | {
      readonly kind: 'failed'
      readonly version: DefinedVersion
      readonly what: 'taken' | 'other-bytes' | 'unproven' | 'unfinished'
      readonly error: UpdaterError
    }

export interface Decided {
  /** One for each version, the newest first; with `minAge`, the candidate in place of a younger one. */
  readonly fates: readonly Fate[]
  readonly candidate: Candidate | undefined
}

/** @param there our images of the definition that have all their bytes and no journal */
export function decide(scene: Scene, there: readonly CloudImage[]): Decided {
  const matches = new Map(
    matchVersions(scene.definition, there).map((match) => [match.version, match] as const),
  )
  const fates = scene.definition.versions.map((version, at) =>
    fateOf(version, at === 0, scene, matches.get(version)),
  )
  const [first, ...rest] = fates
  if (first?.kind !== 'pending' && first?.kind !== 'skipped') return { fates, candidate: undefined }
  const { fate, candidate } = waitWith(first, scene, there)
  return { fates: [fate, ...rest], candidate }
}

/** The candidate that was seen first goes in front of builds that came since. */
function waitWith(
  newest: Fate & { readonly kind: 'pending' | 'skipped' },
  scene: Scene,
  there: readonly CloudImage[],
): { readonly fate: Fate; readonly candidate: Candidate | undefined } {
  const { definition, context } = scene
  const isPending = newest.kind === 'pending'
  const fresh = isPending ? { version: newest.version, firstSeen: context.now.toISOString() } : undefined
  const known = context.candidates?.get(definition.image.name)
  if (known === undefined || isOver(known.version, scene, there)) return { fate: newest, candidate: fresh }
  const isSame = isSameBuild(known.version, newest.version)
  const version = isSame ? newest.version : known.version
  const due = dueOf(version, context, known)
  if (due > context.now) return { fate: { kind: 'pending', version, due }, candidate: known }
  const unaged = { ...scene, context: { ...context, minAge: undefined } }
  return { fate: fateOf(version, true, unaged, undefined), candidate: isSame ? undefined : fresh }
}

function isOver(candidate: DefinedVersion, scene: Scene, there: readonly CloudImage[]): boolean {
  const isThere = there.some((image) => standingOf(image, scene.definition, candidate) === 'same')
  return isThere || reasonToSkip(scene, candidate) !== undefined
}

function isSameBuild(a: DefinedVersion, b: DefinedVersion): boolean {
  if (a.digest === undefined || b.digest === undefined) return a.version === b.version
  return formatDigest(a.digest) === formatDigest(b.digest)
}

/** When a build is old enough; a day's build counts from its beginning. */
function dueOf({ buildDate }: DefinedVersion, { minAge = 0, now }: PlanContext, seen?: Candidate): Date {
  const since =
    buildDate === undefined ? Date.parse(seen?.firstSeen ?? now.toISOString()) : Date.parse(buildDate)
  return new Date((Number.isNaN(since) ? now.getTime() : since) + minAge)
}

function fateOf(version: DefinedVersion, isNewest: boolean, scene: Scene, match: Match | undefined): Fate {
  const { definition, own, context } = scene
  const skip = reasonToSkip(scene, version)
  const isTakenBack = match?.image.properties[marks.skip] !== undefined
  if (match !== undefined && !isTakenBack) return { kind: 'present', version, match, skip }
  if (skip !== undefined) return { kind: 'skipped', version, reason: skip }
  const record = recordOf(definition, version, { tag: context.tag, isNewest })
  const refusal = refusalOf(version, record, scene)
  if (refusal !== undefined) return { kind: 'failed', version, ...refusal }
  const due = dueOf(version, context)
  if (context.minAge !== undefined && due > context.now) return { kind: 'pending', version, due }
  const resumes = own.find((image) => journalOf(image) !== undefined && isResumable(image, version, scene))
  const replaces = own.find(
    (image) => hasBytes(image) && journalOf(image) === undefined && image.name === record.name,
  )
  return { kind: 'bring', version, resumes, replaces }
}

type Refusal = Pick<Fate & { readonly kind: 'failed' }, 'what' | 'error'>

/** Why a version can't be brought. */
function refusalOf(version: DefinedVersion, record: WantedRecord, scene: Scene): Refusal | undefined {
  const { definition, strangers } = scene
  const { file, line, column, name } = definition.image
  const place = { file, line, column }
  if (version.digest === undefined) {
    const message = `Version ${version.version} of ${name} has no checksum, so nothing proves its bytes`
    const remedy = 'Give it the checksum that the distribution publishes'
    return { what: 'unproven', error: new UpdaterError('CATALOG_TYPE', message, { place, remedy }) }
  }
  const holder = strangers.find((image) => image.name === record.name && image.visibility === 'public')
  if (holder !== undefined) {
    const message = `The name "${record.name}" is that of a public image that is not ours (${holder.id})`
    const remedy =
      holder.owner === scene.context.project
        ? `Rename it; if it is to be ours, give it the tag and image_description "${name}"`
        : 'It is of another project: give the definition another name'
    return { what: 'taken', error: new UpdaterError('CLOUD_CONFLICT', message, { place, remedy }) }
  }
  return version.id === undefined ? undefined : refusalOfId(version.id, version, scene)
}

function refusalOfId(id: string, version: DefinedVersion, scene: Scene): Refusal | undefined {
  const { definition, own, strangers } = scene
  const { file, line, column } = definition.image
  const conflict = (what: Refusal['what'], message: string, remedy: string): Refusal => ({
    what,
    error: new UpdaterError('CLOUD_CONFLICT', message, { place: { file, line, column }, remedy }),
  })
  if (strangers.some((image) => image.id === id)) {
    return conflict(
      'taken',
      `The id ${id} is that of an image that is not ours`,
      'Give the version another id',
    )
  }
  const holder = own.find((image) => image.id === id)
  if (holder === undefined || isResumable(holder, version, scene)) return undefined
  if (hasBytes(holder)) {
    const message = `The image ${id} has other bytes than version ${version.version}`
    return conflict(
      'other-bytes',
      message,
      'Give the version an id of its own: one that was deleted is never free again',
    )
  }
  const message = `The image ${id} is ${holder.status}, and stays so: a run was killed while its bytes were sent`
  return conflict('unfinished', message, 'Delete it, and give the version another id')
}

/** An image, there or to come, and the record that it is to have. */
export interface Place {
  readonly version: DefinedVersion
  readonly record: WantedRecord
  /** Undefined if it has to be brought. */
  readonly image: CloudImage | undefined
  /** Its bytes are those of the version. */
  readonly isProven: boolean
  readonly resumes?: CloudImage | undefined
}

/**
 * Says which image has which name. If a version is not to be had, its name stays with the image that has it; if none
 * has it, the version before gets it.
 * @param there as in `decide`
 */
export function placesOf(
  scene: Scene,
  fates: readonly Fate[],
  there: readonly CloudImage[],
): readonly Place[] {
  const { definition, context } = scene
  const [newest] = fates
  const crowned =
    newest === undefined || isAvailable(newest) ? newest?.version : successor(scene, fates, there)
  const recordFor = (version: DefinedVersion, isNewest: boolean) =>
    recordOf(definition, version, { tag: context.tag, isNewest })
  const places = fates.filter(isAvailable).map((fate): Place => {
    const record = recordFor(fate.version, fate.version === crowned)
    if (fate.kind === 'bring')
      return { version: fate.version, record, image: undefined, isProven: true, resumes: fate.resumes }
    const image = there.find(({ id }) => id === fate.match.image.id) ?? fate.match.image
    return { version: fate.version, record, image, isProven: fate.match.standing === 'same' }
  })
  const standIns = fates.flatMap((fate, at) => {
    if (isAvailable(fate)) return []
    const name = finalName(definition, fate.version, at === 0)
    if (places.some(({ record }) => record.name === name)) return []
    const free = there.filter(({ id }) => !places.some(({ image }) => image?.id === id))
    const image = standInFor(fate, at === 0, name, { ...scene, own: free })
    if (image === undefined) return []
    const version = versionOfImage(image, definition)
    return [{ version, record: { ...recordFor(version, false), name }, image, isProven: false }]
  })
  return [...places, ...standIns]
}

type Available = Fate & { readonly kind: 'present' | 'bring' }

function isAvailable(fate: Fate): fate is Available {
  return fate.kind === 'present' || fate.kind === 'bring'
}

/** The version of the catalogue that has the definition's name, or gets it, while the newest is not to be had. */
function successor(
  { definition }: Scene,
  fates: readonly Fate[],
  there: readonly CloudImage[],
): DefinedVersion | undefined {
  if (!definition.multi) return undefined
  const holder = there.find((image) => image.name === definition.image.name && isSeen(image, definition))
  const available = fates.filter(isAvailable)
  if (holder === undefined) return available[0]?.version
  return available.find((fate) => fate.kind === 'present' && fate.match.image.id === holder.id)?.version
}

function isSeen({ isHidden, visibility, properties }: CloudImage, definition: Definition): boolean {
  const isOpen = visibility !== 'private' || definition.visibility === 'private'
  return isOpen && !isHidden && properties[marks.skip] === undefined
}

/** The image that has a name, or had it, while the version that is to have it is not to be had. */
function standInFor(fate: Fate, isNewest: boolean, name: string, scene: Scene): CloudImage | undefined {
  const { definition, own } = scene
  const usable = own
    .filter((image) => reasonToSkip(scene, versionOfImage(image, definition)) === undefined)
    .filter((image) => image.properties[marks.skip] === undefined)
    .sort(byRetirement)
  const holder = usable.find((image) => image.name === name && isSeen(image, definition))
  if (holder !== undefined || fate.kind === 'failed') return holder
  const isBefore = (image: CloudImage) =>
    definition.multi ? isNewest : versionOf(image) === fate.version.version
  return usable.find((image) => image.name === name) ?? usable.find(isBefore)
}
