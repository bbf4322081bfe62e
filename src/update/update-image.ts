import { outranks, type VersionEdit } from '../catalog/edit.ts'
import { matchesNames } from '../catalog/select.ts'
import { isUnpacked } from '../discovery/file-url.ts'
import { dateOf, findNewest, lostSignature, succession } from '../discovery/find-newest.ts'
import { catalogueAlgorithm } from '../discovery/manifest.ts'
import { overrideOf, signaturePolicyOf } from '../discovery/options.ts'
import { isoDate } from '../discovery/stamp.ts'
import type { Standing } from '../discovery/standing.ts'
import { UpdaterError } from '../errors.ts'
import {
  type Build,
  type Digest,
  dateOfVersion,
  formatDigest,
  type Image,
  type ImageVersion,
  parseDigest,
  type VersionValues,
} from '../image.ts'
import { reportedError } from '../report/refusal.ts'
import type { ImageOutcome, MirrorOutcome } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import {
  bring,
  keepOnMirror,
  lookAt,
  nameOf,
  provePublic,
  standInOf,
  vouch,
  type WantedFile,
  writeSums,
} from '../run/bring.ts'
import type { UpdateSettings } from '../run/options.ts'
import { askPublic } from '../run/public-state.ts'
import { findRecorded, isRecordedOf, type PublicRecords, recordedName } from '../run/recorded.ts'
import { errorOf, skipReason, tellOf } from '../run/run.ts'
import { type Address, keyOfUrl } from '../stores/kinds.ts'
import { folderOfKey } from '../stores/naming.ts'
import { addressesOf, type Destination, freeAddress } from './free-address.ts'
import { type Ahead, findStanding, lookAhead } from './look-ahead.ts'
import type { UpdateRun, UpdateTask } from './task.ts'

/** What is known of the image so far: the outcome has it also if a later step fails. */
type Known = Pick<ImageOutcome, 'resolver' | 'trust' | 'current' | 'mirror'>

/** Takes one image all the way. Whatever is thrown on it is this image's outcome and nobody else's. */
export async function updateImage(image: Image, ordinal: number, run: UpdateRun): Promise<ImageOutcome> {
  const { about, warnings, tell } = tellOf(image, ordinal, run.onEvent)
  const { settings, discovery } = run
  const reason = skipReason(image, settings.includeDisabled)
  if (reason !== undefined) {
    if (settings.names.length > 0) tell({ type: 'left-alone', reason })
    tell({ type: 'done', status: 'skipped' })
    return { ...about, status: 'skipped', reason, warnings }
  }
  const task = { image, run, tell }
  const [before] = image.versions
  const previous = before && reportedValues(before)
  let named = before
  let known: Known = {}
  const end = (status: ImageOutcome['status'], error?: UpdaterError): ImageOutcome => {
    tell({ type: 'done', status })
    const { resolver, trust, current, mirror } = known
    const found = { resolver, trust, previous, current, mirror, warnings }
    return { ...about, status, ...found, error: error && reportedError(error, image) }
  }
  const see = async (done: Done): Promise<UpdaterError | undefined> => {
    const { state, failure } = await seePublic(named, done, task)
    known = { ...known, mirror: { ...done.mirror, public: state } }
    return failure
  }
  try {
    const looked = lookAhead(image, run)
    looked.catch(() => undefined) // asked for in vain if the image turns out to be outdated
    const build = await run.checking((signal) => findNewest(image, { ...discovery, signal }, tell))
    known = { resolver: build.resolver, trust: build.trust }
    await run.ready
    const signedBefore = await newestSignature(task, build, looked)
    const standing = await findStanding(task, build, looked)
    known = { ...known, current: standing === 'other' ? undefined : previous, mirror: { status: 'none' } }
    const done = await actOn(standing, task, build, looked, signedBefore)
    rememberSignature(task, build, { standing, signedBefore, mirror: done.mirror })
    const { mirror, values, coming } = done
    known = { ...known, ...coming, mirror, trust: trustIn(build, mirror) }
    const isChanged = values !== undefined || ['stored', 'would-store'].includes(mirror.status)
    if (isChanged && mirror.object !== undefined) await writeSumsBeside(mirror.object, task)
    if (values !== undefined) {
      const current = await writeEntry(task, done)
      known = { ...known, current: reportedValues(current) }
      if (!settings.dryRun) named = current
    }
    const failure = await see(done)
    if (failure !== undefined && !isChanged && isOwn(named, settings)) throw failure
    tellDoubt(task, failure)
    if (!isChanged) return end(standing === 'unknown' ? 'unknown' : 'up-to-date')
    return end(settings.dryRun ? 'would-update' : 'updated')
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    const { mirror = { status: 'none' } } = known
    if (mirror.public === undefined) tellDoubt(task, await see({ mirror }))
    return end('failed', error)
  }
}

/**
 * When the newest signature was made that was seen of the image: what this machine remembers, and what the mirror's
 * records say.
 * @throws UpdaterError SIGNATURE_LOST, unless it was accepted that the image has none
 */
async function newestSignature(
  { image, run, tell }: UpdateTask,
  build: Build,
  looking: Promise<Ahead>,
): Promise<Date | undefined> {
  const { settings, signatureMemory, signal } = run
  if (signaturePolicyOf(image, settings) === 'off') return undefined
  const { recorded } = await looking.catch((thrown: unknown): Pick<Ahead, 'recorded'> => {
    signal.throwIfAborted()
    const why = errorOf(thrown, signal).message
    tell({
      type: 'warning',
      message: `Whether ${image.name} was signed before is not known from the mirror: ${why}`,
    })
    return { recorded: [] }
  })
  const newest = await signatureMemory.newestOf(image, recorded)
  const lost = lostSignature(image, build, newest)
  if (lost === undefined) return newest
  if (!matchesNames(image, settings.acceptUnsigned)) throw lost
  tell({ type: 'warning', message: `${lost.message}: that is accepted from now on` })
  signatureMemory.accept(image)
  return undefined
}

/** The newest that was seen counts, but where an older build was let in. That of an image is proven by its transfer. */
function rememberSignature(
  { image, run }: UpdateTask,
  { signature, signedAt }: Build,
  seen: {
    readonly standing: Standing
    readonly signedBefore: Date | undefined
    readonly mirror: MirrorOutcome
  },
): void {
  const { standing, signedBefore, mirror } = seen
  if (signedAt === undefined || (signature !== undefined && mirror.status !== 'stored')) return
  if (standing === 'other' || signedBefore === undefined || signedAt > signedBefore)
    run.signatureMemory.saw(image, signedAt)
}

/** The signature of an image is verified while it is transferred. */
function trustIn({ signature, trust }: Build, { status }: MirrorOutcome): Build['trust'] {
  return signature !== undefined && status === 'stored' ? 'signed' : trust
}

/** Tells what does not make the image fail: it has failed anyway, or others fill the mirror. */
function tellDoubt({ tell }: UpdateTask, doubt: UpdaterError | undefined): void {
  if (doubt !== undefined) tell({ type: 'warning', message: doubt.message })
}

/** What is to be written into the entry of the catalogue. */
type EntryChange = Pick<Done, 'values' | 'keepVersions'>

function editOf(
  { index, name, versions: [before] }: Image,
  { values = {}, keepVersions }: EntryChange,
): VersionEdit {
  return { index, name, before, after: values, keep: keepVersions }
}

/** Writes the entry of the catalogue, which is the last that changes, and returns it as it stands then. */
async function writeEntry({ image, run, tell }: UpdateTask, done: Done) {
  const { file, versions } = image
  const [before] = versions
  const { values = {} } = done
  await run.catalogue.write(file, editOf(image, done))
  if (!run.settings.dryRun) tell({ type: 'file-written', file })
  const mirrorUrl = values.mirrorUrl === undefined ? before?.mirrorUrl : values.mirrorUrl
  return { ...before, ...values, mirrorUrl: mirrorUrl ?? undefined }
}

/** What users of the cloud find at the address that the catalogue names. */
interface Seen {
  readonly state?: MirrorOutcome['public']
  /** Why they cannot have the image, or why that could not be found out. */
  readonly failure?: UpdaterError | undefined
}

/**
 * Asks for the image that the catalogue goes on naming: what was readable when it was stored need not be so today.
 * Nothing is asked once the run is aborted. Never throws.
 */
async function seePublic(
  named: ImageVersion | undefined,
  { mirror: { status }, values }: Done,
  { run }: UpdateTask,
): Promise<Seen> {
  const { http, signal, settings } = run
  const { checkPublic, dryRun } = settings
  const isProven = !dryRun && (status === 'stored' || typeof values?.mirrorUrl === 'string')
  if (isProven) return { state: checkPublic ? 'present' : undefined }
  try {
    const { mirror, failure } = await run.checking(() => askPublic(named, { http, signal, checkPublic }))
    const state = mirror.status === 'unasked' || mirror.status === 'none' ? undefined : mirror.status
    return { state, failure: status === 'would-store' ? undefined : failure }
  } catch (thrown) {
    return signal.aborted ? {} : { state: 'unknown', failure: errorOf(thrown, signal) }
  }
}

/** Does the address lie on the mirror that this run fills? What others serve is a warning only. */
function isOwn(named: ImageVersion | undefined, { mirror, dryRun }: UpdateSettings): boolean {
  const { mirrorUrl } = named ?? {}
  return (
    !dryRun && mirror.kind !== 'none' && mirrorUrl !== undefined && keyOfUrl(mirror, mirrorUrl) !== undefined
  )
}

/** What was done on the mirror, and what the catalogue has to say because of it. */
interface Done {
  readonly mirror: MirrorOutcome
  /** Absent: what it says is right. */
  readonly values?: Partial<VersionValues>
  /** What a dry run knows of the new version, which is all but its checksum. */
  readonly coming?: Pick<ImageOutcome, 'current'>
  /** Versions that the image is to have at most; absent: as many as it has. */
  readonly keepVersions?: number | undefined
}

async function actOn(
  standing: Standing,
  task: UpdateTask,
  build: Build,
  looked: Promise<Ahead>,
  signedBefore: Date | undefined,
): Promise<Done> {
  const { image, run, tell } = task
  if (standing === 'unknown') return { mirror: { status: 'none' } }
  if (standing === 'same') {
    tell({ type: 'up-to-date' })
    return keep(task, build, looked)
  }
  if (standing === 'packed') return relabel(task, build, looked)
  const { version, date, downgrade } = await run.checking((signal) =>
    succession(image, build, { ...run.discovery, signal }, signedBefore),
  )
  if (downgrade !== undefined && !run.settings.allowDowngrade) throw downgrade
  return adopt(task, { ...build, version, date })
}

/** The catalogue names the newest build: all that can be missing is its object on the mirror. */
async function keep(task: UpdateTask, build: Build, looking: Promise<Ahead>): Promise<Done> {
  const { image, run, tell } = task
  const { mirror } = run.settings
  const [before] = image.versions
  if (before === undefined || mirror.kind === 'none') return { mirror: { status: 'none' } }
  const named = parseDigest(before.checksum ?? '')
  if (before.mirrorUrl === undefined) {
    const date = dateOfVersion(before) ?? (await dateOf(build, run.discovery))
    const file = { ...build, digest: named, algorithm: named?.algorithm }
    const destination = await freeAddress(task, file, date)
    if (destination === undefined) return { mirror: { status: 'none' } }
    const mirrorUrl = destination.address.url
    const values = { mirrorUrl, checksum: before.checksum }
    const stored = await storeIfMissing(task, file, destination, { values })
    const checksum = named && checksumOf(stored, file, task)
    return { mirror: stored.mirror, values: checksum && { mirrorUrl, ...checksum } }
  }
  const { address, looked } = await looking
  if (address === undefined) {
    tell({ type: 'mirror-foreign', url: before.mirrorUrl })
    return { mirror: { status: 'foreign' } }
  }
  const file = isUnpacked({ ...before, url: build.url })
    ? { ...build, content: named, algorithm: named?.algorithm }
    : { ...build, digest: named }
  return { mirror: (await keepOnMirror(task, file, address, looked)).mirror }
}

/** A build with all that the catalogue says of it. */
type VersionedBuild = Build & { readonly version: string; readonly date: string }

/**
 * The catalogue names the newest build by the digest of the packed file, as earlier versions of this program did: it
 * gets that of the object, from its record or, where there is none, from bringing the build again.
 */
async function relabel(task: UpdateTask, build: Build, looking: Promise<Ahead>): Promise<Done> {
  const { image, tell } = task
  const { address, recorded } = await looking
  const named = parseDigest(image.versions[0]?.checksum ?? '')
  const file = { ...build, digest: named, algorithm: named?.algorithm }
  tell({
    type: 'warning',
    message: `The checksum of ${image.name} is that of the packed file: that of the object takes its place`,
  })
  const told = recordedName(recorded, file)
  if (address === undefined || (told !== undefined && task.run.settings.dryRun)) {
    return { mirror: { status: 'none' }, values: told && { checksum: formatDigest(told) } }
  }
  const values = { checksum: formatDigest(standInOf(file)) }
  const stored = await storeIfMissing(task, file, { address }, { values })
  return { mirror: stored.mirror, values: checksumOf(stored, file, task) }
}

/**
 * The distribution has another build than the catalogue: it goes to the mirror, then into the file. If the digest of
 * what is stored is not published, that of the bytes on the way to the mirror goes into the file. A dry run, which
 * downloads nothing, has none to show.
 */
async function adopt(task: UpdateTask, build: VersionedBuild): Promise<Done> {
  const { image, run } = task
  const { mirror } = run.settings
  const keepVersions = versionsToKeep(image, run.settings)
  const file = { ...build, algorithm: catalogueAlgorithm(image) ?? build.digest?.algorithm }
  const destination = mirror.kind === 'none' ? undefined : await freeAddress(task, file, build.date)
  if (destination === undefined) {
    if (build.digest === undefined) throw nothingToHash(image, build)
    if (mustProve(task, build)) throw nothingToProve(image, build)
    const elsewhere = await findElsewhere(task, build)
    const values = valuesOf(build, elsewhere?.digest ?? build.digest, elsewhere?.address)
    tellValues(task, values, keepVersions)
    return { mirror: { status: 'none' }, values, keepVersions }
  }
  const published = nameOf(file)
  const { address } = destination
  const values = valuesOf(build, published ?? standInOf(file), address)
  if (published !== undefined) tellValues(task, values, keepVersions)
  const stored = await storeIfMissing(task, file, destination, { values, keepVersions })
  if (published !== undefined) return { mirror: stored.mirror, values, keepVersions }
  const checksum = checksumOf(stored, file, task)
  if (checksum === undefined) {
    const current = reportedValues({ ...values, checksum: undefined, mirrorUrl: address.url })
    return { mirror: stored.mirror, coming: { current } }
  }
  const known = { ...values, ...checksum }
  tellValues(task, known, keepVersions)
  return { mirror: stored.mirror, values: known, keepVersions }
}

/** The checksum that the catalogue has to have. A dry run may have none to show, and says so. */
function checksumOf(
  { name }: Stored,
  { url }: WantedFile,
  { tell }: UpdateTask,
): { readonly checksum: string } | undefined {
  if (name !== undefined) return { checksum: formatDigest(name) }
  const message = `The checksum of ${url} on the mirror is known once it has been downloaded: the diff leaves this image out`
  tell({ type: 'warning', message })
  return undefined
}

function valuesOf(
  { url, version, date }: VersionedBuild,
  digest: Digest,
  address: Address | undefined,
): VersionValues {
  const buildDate = isoDate(date)
  return { version, buildDate, checksum: formatDigest(digest), url, mirrorUrl: address?.url ?? null }
}

/** Entries that the image's `versions` are to have at most; `undefined`: as many as it has. */
export function versionsToKeep(
  image: Image,
  settings: Pick<UpdateSettings, 'keepVersions' | 'overrides'>,
): number | undefined {
  const keep = overrideOf(settings.overrides, image, 'keepVersions') ?? settings.keepVersions
  if (keep === 'uuid-validity') return image.lastVersions
  return keep === 'replace' ? undefined : keep
}

/** Tells the new values, and which versions go because of them although several are kept. */
function tellValues({ image, tell }: UpdateTask, values: VersionValues, keep = image.versions.length): void {
  tell({ type: 'new-values', values })
  for (const entry of image.versions) {
    if (keep < 2 || entry.version === values.version || !outranks(entry, values.version)) continue
    const message = `The version ${entry.version} is not kept: Image Manager would take it for newer than ${values.version}`
    tell({ type: 'warning', message })
  }
}

function nothingToHash(image: Image, build: Build): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `No checksum of ${build.url} is published, and without a mirror nothing of ${image.name} is downloaded that one could be computed from`,
    { remedy: 'Let this image be updated by a run with a mirror' },
  )
}

/** Does nothing count but a signature that only a transfer can prove? */
function mustProve({ image, run }: UpdateTask, { signature }: WantedFile): boolean {
  return signature !== undefined && signaturePolicyOf(image, run.settings) === 'require'
}

function nothingToProve(image: Image, { url }: Build): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `Signatures are required, that of ${url} covers the image itself, and without a mirror nothing of ${image.name} is downloaded that could be verified`,
    { remedy: 'Let this image be updated by a run with a mirror, or use --signatures prefer for it' },
  )
}

/** An image that the catalogue is to name. */
interface Stored {
  readonly mirror: MirrorOutcome
  /** The digest by which the catalogue names it; a dry run may not know it. */
  readonly name?: Digest | undefined
}

/**
 * Sees to it that an image that the catalogue is to name is on the mirror. Only an object with our record of this
 * digest is left as it is, and only if no signature has to be proven: what an earlier run has verified is not recorded.
 * Nothing is sent for an entry that cannot be edited.
 */
async function storeIfMissing(
  task: UpdateTask,
  file: WantedFile,
  { address, looked }: Destination,
  change: EntryChange,
): Promise<Stored> {
  const { image, run, tell } = task
  const { key: object } = address
  if (run.settings.dryRun) return { mirror: { status: 'would-store', object }, name: nameOf(file) }
  const found = looked ?? (await lookAt(object, run, file))
  const record = isRecordedOf(found.object, file) ? found.object?.record : undefined
  if (record !== undefined && !mustProve(task, file)) {
    tell({ type: 'mirror-present', object })
    await vouch(task, address, found, { ...file, content: record.digest })
    await provePublic(task, { ...address, ...record })
    return { mirror: { status: 'present', object }, name: record.digest }
  }
  await run.catalogue.rehearse(image.file, editOf(image, change))
  const isExpected = file.digest !== undefined && record === undefined
  if (isExpected)
    tell({ type: 'mirror-missing', object, reason: found.object === undefined ? 'absent' : 'other-bytes' })
  const { size: bytes, seconds, name } = await bring(task, file, address)
  return { mirror: { status: 'stored', object, bytes, seconds }, name }
}

/** Also beside an object that an earlier run stored before it ended. */
async function writeSumsBeside(key: string, { run, tell }: UpdateTask): Promise<void> {
  const messages = await writeSums(run, folderOfKey(key), [key])
  for (const message of messages) tell({ type: 'warning', message })
}

/**
 * Where does this build answer on a mirror that somebody else fills? The recorded digests decide, else the size of an
 * uncompressed file; if neither is known, it is not taken for the build.
 * @returns the address with the digest of what is there, or undefined if the build is at none that it could have
 * @throws UpdaterError PUBLIC_UNREADABLE if the mirror's answer says neither yes nor no, HTTP_*, ABORTED
 */
async function findElsewhere(
  task: UpdateTask,
  build: VersionedBuild,
): Promise<{ readonly address: Address; readonly digest: Digest } | undefined> {
  const { run, tell } = task
  for (const address of addressesOf(task, build, build.date)) {
    const { url } = address
    const found = await run.checking((signal) => findRecorded(url, build, run.http, signal))
    if ('turnedAway' in found.answer) continue
    const digest = await run.checking((signal) => digestOf(found, build, { ...run, signal }))
    if (digest !== undefined) return { address, digest }
    tell({ type: 'warning', message: `${url} is not the newest build, and is not named` })
  }
  return undefined
}

async function digestOf(
  { answer, recorded }: PublicRecords,
  build: Build,
  { http, signal }: UpdateRun,
): Promise<Digest | undefined> {
  const { url, digest, size, compression } = build
  if (recorded.length > 0 || compression !== undefined || 'turnedAway' in answer) {
    return recordedName(recorded, build, 'turnedAway' in answer ? undefined : answer.size)
  }
  const expected = size ?? (await http.facts(url, { signal })).size
  return expected !== undefined && expected === answer.size ? digest : undefined
}
