import { printable, UpdaterError } from '../errors.ts'
import type { CloudFinding } from '../report/schemas.ts'
import { type Change, carriedOut, patched } from './change.ts'
import { type Definition, isPacked } from './definition.ts'
import type { CloudImage } from './image.ts'
import { isBusy, isMark, journalOf, marks } from './marks.ts'
import { byAge, byRank, definitionOf, hasBytes, isOf, isOurs, type Match } from './match.ts'
import { finalName, versionOf } from './names.ts'
import { decide, type Fate, type Place, placesOf } from './places.ts'
import { type Bring, type Displacement, displace, displacementsOf, promote, promoted } from './promotion.ts'
import { findLimits, recordOf, setProperty } from './properties.ts'
import { isLeftover, type Repaired, repair } from './repair.ts'
import { type Brake, brakeOf, keptImages, type Retirement, retire } from './retirement.ts'
import { type Candidate, finding, isOffered, type PlanContext, type Scene, takenNames } from './scene.ts'

/** What is to be done in a cloud. */
export interface CloudPlan {
  readonly images: readonly ImagePlan[]
  /** Records that a run left behind before anybody could tell what they were for: they are removed first. */
  readonly leftovers: readonly Change[]
  /** Ours that no definition names: they are only reported. */
  readonly unnamed: readonly CloudImage[]
  /** More would be retired than a run may: all of them are held. */
  readonly brake: Brake | undefined
}

/** What is to be done for a definition, in the order of the fields; what has a `hold` is not. */
export interface ImagePlan {
  readonly definition: Definition
  readonly findings: readonly CloudFinding[]
  /** CLOUD_CONFLICT, CATALOG_TYPE: they fail the image; what else stands here is done all the same. */
  readonly failures: readonly UpdaterError[]
  /** What an interrupted run left, and two images of one name. */
  readonly repairs: readonly Change[]
  readonly brings: readonly Bring[]
  readonly corrections: readonly Change[]
  /** Only if all that was to be brought is there. */
  readonly retirements: readonly Retirement[]
  /** Images that were there before us, and whose own bytes can prove them (`proofOf`). */
  readonly unproven: readonly Match[]
  /** Another run is at work on it, which is its failure: nothing more is known. */
  readonly isBusy?: true
  /** With `minAge`: what is to be remembered, until it is old enough, in place of what was. */
  readonly candidate: Candidate | undefined
}

/**
 * Says what brings a cloud into the state that the catalogue describes. Pure: the same questions get the same answer.
 * @param images all that the cloud shows us, hidden ones too: those of our project, and public ones of others
 */
export function planCloud(
  definitions: readonly Definition[],
  images: readonly CloudImage[],
  context: PlanContext,
): CloudPlan {
  const ours = images.filter((image) => isOurs(image, context))
  const owners = new Map(ours.map((image) => [image, definitionOf(image, definitions)]))
  const clashes = clashesOf(definitions)
  const plans = definitions.map((definition) => {
    const clash = clashes.get(definition)
    if (clash !== undefined) return standstill(definition, [clash])
    const own = ours.filter((image) => owners.get(image) === definition)
    const strangers = images.filter((image) => owners.get(image) !== definition)
    return planImage({ definition, own, strangers, context })
  })
  const isOfOthers = (image: CloudImage) => context.others?.some((other) => isOf(image, other)) === true
  const nobodys = ours.filter((image) => owners.get(image) === undefined && !isOfOthers(image))
  const retirements = plans.flatMap((plan) => plan.retirements)
  const brought = plans.flatMap(({ brings }) => brings.filter(({ resumes }) => resumes === undefined))
  const count = ours.filter(hasBytes).length + brought.length
  const brake = context.isConfirmed ? undefined : brakeOf(retirements, count)
  const leftovers = nobodys.filter((image) => isLeftover(image, context))
  return {
    images: brake === undefined ? plans : plans.map(withBrake),
    leftovers: leftovers.map((image) => ({
      image,
      action: { kind: 'remove' },
      why: ['is removed: a run left it behind'],
    })),
    unnamed: nobodys.filter((image) => !leftovers.includes(image) && !isBusy(image, context)),
    brake,
  }
}

/** Is nothing to be done but what is held? */
export function isSettled({ images, leftovers }: CloudPlan): boolean {
  const isDone = ({ repairs, brings, corrections, retirements }: ImagePlan) =>
    repairs.length + brings.length + corrections.length === 0 &&
    retirements.every(({ hold }) => hold !== undefined)
  return leftovers.length === 0 && images.every(isDone)
}

function withBrake(plan: ImagePlan): ImagePlan {
  const retirements = plan.retirements.map((one) => ({ ...one, hold: one.hold ?? ('brake' as const) }))
  return { ...plan, retirements }
}

/** Two definitions that give images the same name would take it from each other for ever. */
function clashesOf(definitions: readonly Definition[]): ReadonlyMap<Definition, UpdaterError> {
  const owners = new Map<string, Set<Definition>>()
  for (const definition of definitions) {
    const names = definition.versions.map((version, at) => finalName(definition, version, at === 0))
    for (const name of [definition.image.name, ...names]) {
      owners.set(name, (owners.get(name) ?? new Set()).add(definition))
    }
  }
  const clashes = [...owners].filter(([, some]) => some.size > 1)
  return new Map(
    clashes.flatMap(([name, some]) =>
      [...some].map((definition) => {
        const { file, line, column } = definition.image
        const error = new UpdaterError('CLOUD_CONFLICT', `Two definitions give an image the name "${name}"`, {
          place: { file, line, column },
          remedy: 'Give each definition a name of its own',
        })
        return [definition, error] as const
      }),
    ),
  )
}

function standstill(
  definition: Definition,
  failures: readonly UpdaterError[],
  findings: readonly CloudFinding[] = [],
): ImagePlan {
  const nothing = {
    repairs: [],
    brings: [],
    corrections: [],
    retirements: [],
    unproven: [],
    candidate: undefined,
  }
  return { definition, findings, failures, ...nothing }
}

function planImage(scene: Scene): ImagePlan {
  const { definition, own, context } = scene
  const busy = own.find((image) => isBusy(image, context))
  if (busy !== undefined) return waitFor(definition, busy)
  const isOn = isOffered(definition, context)
  const limits = isOn ? limitsOf(definition, context) : []
  if (limits.length > 0) return refuse(definition, limits)
  const repaired = repair(scene)
  const after = { ...scene, own: repaired.images }
  const { fates, candidate } = isOn ? decide(after, usable(after.own)) : { fates: [], candidate: undefined }
  const doubles = separate(after, fates)
  const single = { ...scene, own: carriedOut(repaired.images, doubles) }
  if (!isOn) return switchOff(single, { ...repaired, changes: [...repaired.changes, ...doubles] })
  const places = placesOf(single, fates, usable(single.own))
  const brought = planBrings(single, places)
  const corrected = planCorrections({ ...scene, own: brought.images }, places)
  const failures = fates.flatMap((fate) => (fate.kind === 'failed' ? fate.error : []))
  const mayRetire =
    failures.length === 0 && isInPlace(fates[0]) && !context.failed?.has(definition.image.name)
  const last = { ...scene, own: corrected.images }
  const retirements = mayRetire ? planRetirements(last, places, brought.brings.length) : []
  return {
    definition,
    failures,
    candidate,
    unproven: fates.flatMap((fate) =>
      fate.kind === 'present' && fate.match.standing === 'unknown' && !isPacked(fate.version)
        ? fate.match
        : [],
    ),
    repairs: [...repaired.changes, ...doubles],
    brings: brought.brings,
    corrections: [...corrected.changes, ...adoptions(last, places)],
    retirements,
    findings: [
      ...(definition.versions.length === 0 ? [versionless] : []),
      ...repaired.findings,
      ...doubles.map(({ image, why }) =>
        finding('duplicate', image, `Several have the name "${image.name}": this one ${why.join(', ')}`),
      ),
      ...fates.flatMap((fate) => findingsOf(fate, scene)),
      ...corrected.findings,
      ...retirements.map(findingOfRetirement),
    ],
  }
}

/** Nothing of such a definition is brought or retired. */
const versionless: CloudFinding = {
  what: 'skipped',
  message: 'The catalogue names no version of it yet: image-updater update writes one',
}

/** Images that have all their bytes, and are not at work. */
function usable(images: readonly CloudImage[]): readonly CloudImage[] {
  return images.filter((image) => hasBytes(image) && journalOf(image) === undefined)
}

function isInPlace(fate: Fate | undefined): boolean {
  return fate?.kind === 'present' || fate?.kind === 'bring'
}

function waitFor(definition: Definition, image: CloudImage): ImagePlan {
  const { run = '', time } = journalOf(image) ?? {}
  const message = `Another run (${run}) is at work on ${definition.image.name} since ${time?.toISOString()}`
  const remedy = 'Let it end; if it was killed, its mark is taken over after twice --import-timeout'
  const error = new UpdaterError('CLOUD_CONFLICT', message, { remedy })
  return { ...standstill(definition, [error], [finding('unfinished', image, message)]), isBusy: true }
}

/** What Glance would refuse, in sentences. */
function limitsOf(definition: Definition, { tag }: PlanContext): readonly CloudFinding[] {
  return definition.versions.flatMap((version, at) => {
    const record = recordOf(definition, version, { tag, isNewest: at === 0 })
    const limits = findLimits(definition, record, version)
    return limits.map((message) => ({
      what: 'limit' as const,
      version: version.version,
      message: printable(message),
    }))
  })
}

/** Nothing is asked of a cloud that would refuse a part of it. */
function refuse(definition: Definition, limits: readonly CloudFinding[]): ImagePlan {
  const { file, line, column, name } = definition.image
  const told = new Set<string>()
  const failures = limits.flatMap(({ message }) => {
    if (told.has(message)) return []
    told.add(message)
    const remedy = 'Correct the definition'
    return new UpdaterError('CATALOG_TYPE', `${name}: ${message}`, { place: { file, line, column }, remedy })
  })
  return standstill(definition, failures, limits)
}

/** Of several public images of one name the one stays that is the version of that name, else the newest. */
function separate(scene: Scene, fates: readonly Fate[]): readonly Change[] {
  const { definition } = scene
  const rightful = new Set(
    fates.flatMap((fate, at) =>
      fate.kind === 'present' && fate.match.image.name === finalName(definition, fate.version, at === 0)
        ? fate.match.image.id
        : [],
    ),
  )
  const seen = usable(scene.own).filter(({ visibility }) => visibility === 'public')
  return [...new Set(seen.map(({ name }) => name))].flatMap((name) => {
    const holders = seen.filter((image) => image.name === name).sort(byAge)
    const keeper =
      holders.find(({ id }) => rightful.has(id)) ?? holders.find(({ isHidden }) => !isHidden) ?? holders[0]
    const others = holders.filter((image) => image !== keeper)
    return giveUp(others, scene)
  })
}

/** The images lose their name, and are retired. */
function giveUp(images: readonly CloudImage[], scene: Scene): readonly Change[] {
  const { definition, context } = scene
  return displacementsOf(definition, images, takenNames(scene)).map((one) =>
    displace(one, definition, context),
  )
}

interface Brought {
  readonly brings: readonly Bring[]
  /** Our images afterwards, but for those that are brought. */
  readonly images: readonly CloudImage[]
}

function planBrings(scene: Scene, places: readonly Place[]): Brought {
  const { definition, context } = scene
  return places.reduce<Brought>(
    ({ brings, images }, { version, record, image, resumes }) => {
      if (image !== undefined) return { brings, images }
      const displaces = displacementsFor(record.name, undefined, { ...scene, own: images }, places)
      const bring = { definition, version, record, resumes, displaces }
      const changes = displaces.map((one) => displace(one, definition, context))
      return { brings: [...brings, bring], images: carriedOut(images, changes) }
    },
    { brings: [], images: scene.own },
  )
}

/**
 * What loses its name so that an image can have it. A version of the catalogue that loses it gets its own, and whatever
 * has that one loses it first.
 */
function displacementsFor(
  name: string,
  id: string | undefined,
  scene: Scene,
  places: readonly Place[],
): readonly Displacement[] {
  const { definition, own } = scene
  // The one that users see goes last: there is none of the name for one call, not for several.
  const last = [...usable(own)].sort(byRank).reverse()
  const holdersOf = (one: string) => last.filter((image) => image.name === one && image.id !== id)
  const placed = new Map(places.flatMap(({ image, record }) => (image ? [[image.id, record.name]] : [])))
  const holders = holdersOf(name)
  if (holders.length === 0) return []
  const before = holders.flatMap((holder) => holdersOf(placed.get(holder.id) ?? name))
  const all = [...new Set([...before.filter((image) => !holders.includes(image)), ...holders])]
  const ownName = (one: string) => (one === name || isStrangers(one, scene) ? undefined : one)
  const given = new Set<string>()
  const defined = all.flatMap((image) => {
    const wanted = placed.get(image.id)
    if (wanted === undefined) return []
    const isFree = holders.includes(image) || (holdersOf(wanted).length === 0 && !given.has(wanted))
    given.add(wanted)
    return [[image.id, isFree ? ownName(wanted) : undefined] as const]
  })
  // What is yet to come has its name already.
  const taken = new Set([...takenNames(scene), ...places.map(({ record }) => record.name)])
  return displacementsOf(definition, all, taken, new Map(defined))
}

/** Is a name that of a public image that is not ours? */
function isStrangers(name: string, { strangers }: Scene): boolean {
  return strangers.some((image) => image.name === name && image.visibility === 'public')
}

interface Corrected {
  readonly changes: readonly Change[]
  readonly images: readonly CloudImage[]
  readonly findings: readonly CloudFinding[]
}

function planCorrections(scene: Scene, places: readonly Place[]): Corrected {
  const { definition, context } = scene
  return places.reduce<Corrected>(
    (done, { version, record, image: { id } = {}, isProven }) => {
      const image = done.images.find((one) => one.id === id)
      if (image === undefined) return done
      const isTaken = record.name !== image.name && isStrangers(record.name, scene)
      const wanted = isTaken ? { ...record, name: image.name } : record
      const displaces = displacementsFor(wanted.name, id, { ...scene, own: done.images }, places)
      const evidence = { definition: definition.image.name, version: isProven ? version : undefined }
      const changes = promote(image, { definition, record: wanted, evidence, displaces }, context)
      const taken = finding(
        'taken',
        image,
        `The name "${record.name}" is that of a public image that is not ours`,
      )
      return {
        changes: [...done.changes, ...changes],
        images: carriedOut(done.images, changes),
        findings: [
          ...done.findings,
          ...(isTaken ? [taken] : []),
          ...differencesOf(image, promoted(image, changes)),
        ],
      }
    },
    { changes: [], images: scene.own, findings: [] },
  )
}

/** What of an image was not as the catalogue has it. */
function differencesOf(before: CloudImage, after: CloudImage): readonly CloudFinding[] {
  const { name, visibility, isHidden, status } = before
  const isSeenElse = visibility !== after.visibility || isHidden !== after.isHidden || status !== after.status
  const keys = changedKeys(before, after)
  return [
    ...(name === after.name ? [] : [finding('name', before, `Its name is "${name}", not "${after.name}"`)]),
    ...(isSeenElse ? [finding('visibility', before, `It is ${sightOf(before)}, not ${sightOf(after)}`)] : []),
    ...(keys.length === 0
      ? []
      : [finding('properties', before, `Not as the catalogue has it: ${keys.join(', ')}`)]),
  ]
}

function sightOf({ visibility, isHidden, status }: CloudImage): string {
  return [visibility, ...(isHidden ? ['hidden'] : []), ...(status === 'active' ? [] : [status])].join(', ')
}

function changedKeys(before: CloudImage, after: CloudImage): string[] {
  const keys = [...new Set([...Object.keys(before.properties), ...Object.keys(after.properties)])]
  return [
    ...(before.minDisk === after.minDisk ? [] : ['min_disk']),
    ...(before.minRam === after.minRam ? [] : ['min_ram']),
    ...(before.tags === after.tags ? [] : ['tags']),
    ...keys.filter((key) => !isMark(key) && before.properties[key] !== after.properties[key]),
  ]
}

/** An image that nobody here has known before is marked, so that the next run may retire it. */
function adoptions(scene: Scene, places: readonly Place[]): readonly Change[] {
  return usable(scene.own)
    .filter((image) => isUnknown(image) && !places.some((place) => place.image?.id === image.id))
    .map((image) =>
      patched(
        image,
        [setProperty(marks.definition, scene.definition.image.name)],
        ['is marked as one of ours'],
      ),
    )
}

function isUnknown({ properties }: CloudImage): boolean {
  return properties[marks.definition] === undefined
}

/** @param brings how many images this run brings */
function planRetirements(scene: Scene, places: readonly Place[], brings: number): readonly Retirement[] {
  const { definition, context } = scene
  const placed = new Set(places.map(({ image }) => image?.id))
  const there = usable(scene.own)
  const kept = keptImages(there, definition, context.now, brings)
  return there
    .filter(({ id }) => !placed.has(id))
    .sort(byAge)
    .flatMap((image) => retirementsOf(image, kept.has(image), 'was replaced', scene))
}

function retirementsOf(
  image: CloudImage,
  isKept: boolean,
  why: string,
  { definition, context, own }: Scene,
): readonly Retirement[] {
  const retirements = retire(image, definition, context, { isKept, why })
  const isAdopted = own.some(
    ({ id, properties }) => id === image.id && properties[marks.definition] === undefined,
  )
  if (!isAdopted || context.isConfirmed) return retirements
  return retirements.map((one) => ({ ...one, hold: 'adoption' as const }))
}

/** Of a definition that is disabled, or whose release has ended, everything is retired. */
function switchOff(scene: Scene, { changes, findings }: Repaired): ImagePlan {
  const { definition, own, context } = scene
  const why = definition.image.enable ? 'its release has ended' : 'its definition is disabled'
  const there = usable(own)
  const kept = keptImages(there, definition, context.now)
  const isFailed = context.failed?.has(definition.image.name) === true
  const retirements = isFailed
    ? []
    : [...there].sort(byAge).flatMap((image) => retirementsOf(image, kept.has(image), why, scene))
  return {
    ...standstill(definition, []),
    repairs: changes,
    retirements,
    corrections: adoptions(scene, []),
    findings: [...findings, ...endOf(definition), ...retirements.map(findingOfRetirement)],
  }
}

/** Who has enabled the definition of a release that has ended would wait for its image. */
function endOf({ image, versions }: Definition): readonly CloudFinding[] {
  if (!image.enable) return []
  const message = 'Its release has ended: no build of it is brought'
  return [{ what: 'skipped', version: versions[0]?.version, message }]
}

function findingOfRetirement({ image, why, hold }: Retirement): CloudFinding {
  const held = hold === undefined ? '' : ` (${holds[hold]})`
  return finding('retire', image, `It is to be retired (${why.join(', ')})${held}`)
}

const holds = {
  confirmation: 'to delete it needs --yes',
  brake: 'so many at once need --yes',
  adoption: 'the next run retires it: this one only marks it as ours',
}

function findingsOf(fate: Fate, { definition }: Scene): readonly CloudFinding[] {
  const { version } = fate.version
  switch (fate.kind) {
    case 'present': {
      const { image, standing } = fate.match
      const what = standing === 'same' ? 'current' : 'unproven'
      const said =
        standing === 'same'
          ? 'It is there'
          : `Nothing proves that ${image.name} has the bytes of the catalogue: --prove reads it once`
      const skipped =
        fate.skip === undefined
          ? []
          : [
              {
                what: 'skipped' as const,
                version,
                id: image.id,
                message: `It is there although it is to be skipped: ${fate.skip}`,
              },
            ]
      return [{ what, version, id: image.id, message: said }, ...skipped]
    }
    case 'bring':
      return [
        fate.replaces !== undefined && versionOf(fate.replaces) === version
          ? {
              what: 'other-bytes',
              version,
              id: fate.replaces.id,
              message: 'The image of this version has other bytes than the catalogue names',
            }
          : { what: 'missing', version, message: `There is no image of version ${version}` },
      ]
    case 'pending':
      return [
        {
          what: 'pending',
          version,
          message: `Version ${version} of ${definition.image.name} waits until ${fate.due.toISOString().slice(0, 10)}`,
        },
      ]
    case 'skipped':
      return [{ what: 'skipped', version, message: `Version ${version} is to be skipped: ${fate.reason}` }]
    case 'failed':
      return [{ what: fate.what, version, message: fate.error.message }]
  }
}
