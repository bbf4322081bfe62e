import { UpdaterError } from '../errors.ts'
import { type Digest, formatDigest } from '../image.ts'
import { type Change, carriedOut, changed, patched } from './change.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage, PatchOperation } from './image.ts'
import { formatJournal, isBusy, journalOf, marks, nobody, type Step, type Writer } from './marks.ts'
import { byAge, definitionOf, isOurs, type Owner, standingOf } from './match.ts'
import { nameOfOld, versionName } from './names.ts'
import {
  describingDifference,
  type Evidence,
  setProperty,
  type WantedRecord,
  wholeDifference,
} from './properties.ts'
import { hidingOperations, type RetirementRules } from './retirement.ts'

/** An image that loses a name to another one. */
export interface Displacement {
  readonly image: CloudImage
  /** What it is called afterwards. */
  readonly name: string
  /** It is a version that the catalogue has: users go on seeing it. */
  readonly isDefined: boolean
}

/** A version whose bytes have to be brought. */
export interface Bring {
  readonly definition: Definition
  readonly version: DefinedVersion
  readonly record: WantedRecord
  /** What an earlier run left: its bytes are proven (`proven`), or it waits for them (`bringing`). */
  readonly resumes?: CloudImage | undefined
  /** Holders of its name, as they were listed. */
  readonly displaces: readonly Displacement[]
}

/** What `POST /v2/images` gets: nobody else sees the image, and it has no tag yet. */
export function creationOf(
  { definition, version, record }: Bring,
  writer: Writer,
): Readonly<Record<string, unknown>> {
  return {
    ...(version.id !== undefined && { id: version.id }),
    name: versionName(definition, version.version),
    visibility: 'private',
    disk_format: record.diskFormat,
    container_format: record.containerFormat,
    min_disk: record.minDisk,
    min_ram: record.minRam,
    [marks.definition]: definition.image.name,
    [marks.journal]: formatJournal({ step: 'bringing', time: writer.now, run: writer.run }),
  }
}

/** What takes over a record that an earlier run left, before anything is done with it. */
export function claimOf({ resumes }: Bring, writer: Writer): readonly Change[] {
  if (resumes === undefined) return []
  const step = journalOf(resumes)?.step ?? 'bringing'
  return [patched(resumes, [journal(step, writer)], ['is taken over from a run that has ended'])]
}

/** What leaves a record to whichever run comes next: this one does no more with it. */
export function leaving(image: CloudImage): Change {
  const { step, time } = journalOf(image) ?? { step: 'bringing', time: new Date(0) }
  const text = formatJournal({ step, time, run: nobody })
  return patched(image, [setProperty(marks.journal, text)], ['is left to the next run'])
}

/**
 * Records what bytes an image has that was there before us; if they are not those of the catalogue, the next plan brings
 * those.
 * @param digest of its bytes, as Glance hands them out
 */
export function proofOf(image: CloudImage, digest: Digest): Change {
  const { hash } = image
  const operations = [
    setProperty(marks.checksum, formatDigest(digest)),
    ...(hash === undefined ? [] : [setProperty(marks.hash, `${hash.algorithm}:${hash.hex}`)]),
  ]
  return patched(image, operations, ['is proven: its bytes were read'])
}

/**
 * The patch that describes an image whose bytes are proven to be the version's.
 * @param image as Glance has it when its bytes are there
 */
export function describing(
  { definition, version, record }: Bring,
  image: CloudImage,
  writer: Writer,
): Change {
  const evidence = { definition: definition.image.name, version }
  const { operations } = describingDifference(image, record, evidence)
  return patched(image, [...operations, journal('proven', writer)], ['is described: its bytes are proven'])
}

/**
 * The calls that give a described image its name, whatever has changed since the plan was made.
 * @param listed the images of the cloud, listed anew, or at least those of the name and those that runs are at work on
 * @throws UpdaterError CLOUD_CONFLICT: the name is somebody else's by now, or another run was there first
 */
export function promotionOf(
  bring: Bring,
  image: CloudImage,
  listed: readonly CloudImage[],
  context: Owner & Writer & RetirementRules,
): readonly Change[] {
  const { definition, record } = bring
  const isOfDefinition = (one: CloudImage) =>
    isOurs(one, context) && definitionOf(one, [definition]) === definition
  const others = listed.filter(({ id }) => id !== image.id)
  // Of two runs the one goes on whose record Glance made first.
  const rival = others.find((one) => isOfDefinition(one) && isBusy(one, context) && byAge(image, one) < 0)
  if (rival !== undefined) throw steppedBack(bring, rival)
  const namesakes = others.filter(({ name }) => name === record.name)
  const stranger = namesakes.find((one) => one.visibility === 'public' && !isOfDefinition(one))
  if (stranger !== undefined) throw takenName(bring, stranger)
  const planned = bring.displaces.flatMap((one) => {
    const image = others.find(({ id, name }) => id === one.image.id && name === one.image.name)
    return image === undefined ? [] : [{ ...one, image }]
  })
  const isPlanned = (image: CloudImage) => planned.some((one) => one.image.id === image.id)
  const holders = namesakes.filter(
    (one) => isOfDefinition(one) && journalOf(one) === undefined && !isPlanned(one),
  )
  const same = holders.find((one) => standingOf(one, definition, bring.version) === 'same')
  if (same !== undefined) throw steppedBack(bring, same)
  const taken = new Set([...others, ...bring.displaces].map(({ name }) => name))
  const displaces = [...planned, ...displacementsOf(definition, holders, taken)]
  const evidence = { definition: definition.image.name, version: bring.version }
  return promote(image, { definition, record, evidence, displaces }, context)
}

function steppedBack({ definition }: Bring, { id }: CloudImage): UpdaterError {
  const message = `Another run has brought ${definition.image.name} first, or is about to (${id})`
  const remedy = 'Let it end, then run again; one run at a time is enough'
  return new UpdaterError('CLOUD_CONFLICT', message, { remedy })
}

function takenName({ definition, record }: Bring, { id }: CloudImage): UpdaterError {
  const { file, line, column } = definition.image
  const message = `The name "${record.name}" is that of a public image that is not ours (${id})`
  const remedy = 'Rename it, or give the definition another name'
  return new UpdaterError('CLOUD_CONFLICT', message, { place: { file, line, column }, remedy })
}

/**
 * Returns the images that lose their names, and what they are called afterwards.
 * @param taken names that others have
 * @param defined versions of the catalogue by the ids of their images: the name of each, if it is free by then
 */
export function displacementsOf(
  definition: Definition,
  holders: readonly CloudImage[],
  taken: ReadonlySet<string>,
  defined: ReadonlyMap<string, string | undefined> = new Map(),
): readonly Displacement[] {
  const names = new Set(taken)
  return holders.map((image) => {
    const name = defined.get(image.id) ?? nameOfOld(definition, image, names)
    names.add(name)
    return { image, name, isDefined: defined.has(image.id) }
  })
}

/** What an image is promoted to, and by what right. */
export interface Promotion {
  readonly definition: Definition
  readonly record: WantedRecord
  readonly evidence: Evidence
  readonly displaces: readonly Displacement[]
}

/**
 * The calls by which an image takes its name, in their order. A new one takes it while nobody else sees it; then the old
 * ones give it up, each by one patch that retires it too; then one patch shows the new one. So there are never two public
 * images of the name, and none only between the last two. Carried out again after any of them, the rest remains.
 */
export function promote(
  image: CloudImage,
  promotion: Promotion,
  rules: Writer & RetirementRules,
): readonly Change[] {
  const { record } = promotion
  const prepared = prepare(image, record, rules)
  const displaced = promotion.displaces.map((one) => displace(one, promotion.definition, rules))
  const switches = switchActivity(image, record)
  const [ready = image] = carriedOut([image], [...switches, ...prepared])
  return [...switches, ...prepared, ...displaced, ...reveal(ready, promotion)]
}

/** An image that users see already gives its other name up when it gets this one. */
function prepare(image: CloudImage, record: WantedRecord, writer: Writer): readonly Change[] {
  const journalled = journalOf(image)
  if (journalled === undefined || (journalled.step === 'promoting' && image.name === record.name)) return []
  const name: PatchOperation = { op: 'replace', path: '/name', value: record.name }
  return [
    patched(
      image,
      [name, journal('promoting', writer)],
      [`takes the name "${record.name}", seen by nobody yet`],
    ),
  ]
}

/** One patch: the image loses its name and is retired; a version that the catalogue has only loses its name. */
export function displace(
  { image, name, isDefined }: Displacement,
  definition: Definition,
  rules: RetirementRules,
): Change {
  const hiding = isDefined ? [] : hidingOperations(image, definition, rules)
  const isMarked = image.properties[marks.definition] !== undefined
  const operations: PatchOperation[] = [
    { op: 'replace', path: '/name', value: name },
    ...hiding,
    ...(isMarked ? [] : [setProperty(marks.definition, definition.image.name)]),
  ]
  return patched(image, operations, [`is called "${name}"${hiding.length > 0 ? ' and retired' : ''}`])
}

function reveal(image: CloudImage, { record, evidence }: Promotion): readonly Change[] {
  const { operations, what } = wholeDifference(image, record, evidence)
  if (operations.length === 0) return []
  const isNew = journalOf(image) !== undefined
  if (isNew) return [patched(image, operations, [`is ${record.visibility}, with its tags`])]
  const why = what.length === 0 ? 'is marked as one of ours' : `is corrected: ${what.join(', ')}`
  return [patched(image, operations, [why])]
}

function switchActivity(image: CloudImage, { isActive }: WantedRecord): readonly Change[] {
  if ((image.status === 'active') === isActive) return []
  return isActive
    ? [{ image, action: { kind: 'reactivate' }, why: ['can be booted again'] }]
    : [{ image, action: { kind: 'deactivate' }, why: ['cannot be booted, as "status" says'] }]
}

function journal(step: Step, { run, now }: Writer): PatchOperation {
  return setProperty(marks.journal, formatJournal({ step, time: now, run }))
}

/** Returns an image as it is when its promotion is through. */
export function promoted(image: CloudImage, changes: readonly Change[]): CloudImage {
  return changes
    .filter((one) => one.image.id === image.id)
    .reduce((one, { action }) => changed(one, action) ?? one, image)
}
