import { outranks } from '../catalog/edit.ts'
import { compareWithCatalogue, type Discovery, dateOf, findNewest } from '../discovery/find-newest.ts'
import { overrideOf } from '../discovery/options.ts'
import { isoDate } from '../discovery/stamp.ts'
import { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import {
  type Build,
  type Digest,
  dateOfVersion,
  formatDigest,
  type Image,
  type VersionValues,
} from '../image.ts'
import { reportedError } from '../report/refusal.ts'
import type { ImageOutcome, MirrorOutcome } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import { bring, isFrom, type KnownFile, keepOnMirror, lookAt, provePublic, writeSums } from '../run/bring.ts'
import type { UpdateSettings } from '../run/options.ts'
import { errorOf, type Run, skipReason, type Task, tellOf } from '../run/run.ts'
import { type Address, addressOf } from '../stores/kinds.ts'
import { folderOfKey } from '../stores/naming.ts'
import { findPublic, type PublicObject } from '../stores/public.ts'
import type { StoredObject } from '../stores/store.ts'
import type { OpenCatalogue } from './catalogue.ts'

/** What the images of one update share. */
export interface UpdateRun extends Run {
  readonly settings: UpdateSettings
  /** Until then images are only looked for. Rejects if the store cannot be used. */
  readonly ready: Promise<void>
  readonly onEvent: Listener
  readonly discovery: Discovery
  readonly catalogue: Pick<OpenCatalogue, 'write'>
}

/** One image on its way through an update. */
interface UpdateTask extends Task {
  readonly run: UpdateRun
}

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
  let known: Known = {}
  const end = (status: ImageOutcome['status'], error?: UpdaterError): ImageOutcome => {
    tell({ type: 'done', status })
    const { resolver, trust, current, mirror } = known
    const found = { resolver, trust, previous, current, mirror, warnings }
    return { ...about, status, ...found, error: error && reportedError(error, image) }
  }
  try {
    const looked = lookAhead(image, run)
    looked.catch(() => undefined) // asked for in vain if the image turns out to be outdated
    const build = await run.checking(() => findNewest(image, discovery, tell))
    known = { resolver: build.resolver, trust: build.trust }
    await run.ready
    const compared = await run.checking(() => compareWithCatalogue(image, build, discovery))
    let done: Done
    if (compared.digest !== undefined) {
      tell({ type: 'up-to-date' })
      known = { ...known, current: previous, mirror: { status: 'none' } }
      done = await keep(task, { ...build, digest: compared.digest }, looked)
    } else {
      if (compared.downgrade !== undefined && !settings.allowDowngrade) throw compared.downgrade
      known = { ...known, mirror: { status: 'none' } }
      done = await adopt(task, { ...build, version: compared.version, date: compared.date })
    }
    const { mirror, values, keepVersions } = done
    known = { ...known, mirror }
    const isChanged = values !== undefined || mirror.status === 'stored' || mirror.status === 'would-store'
    if (isChanged && mirror.object !== undefined) await writeSumsBeside(mirror.object, task)
    if (values !== undefined) {
      const { file, index, name } = image
      await run.catalogue.write(file, { index, name, before, after: values, keep: keepVersions })
      const current = { ...before, ...values, mirrorUrl: values.mirrorUrl ?? undefined }
      known = { ...known, current: reportedValues(current) }
      if (!settings.dryRun) tell({ type: 'file-written', file })
    }
    if (!isChanged) return end('up-to-date')
    return end(settings.dryRun ? 'would-update' : 'updated')
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    return end('failed', error)
  }
}

/**
 * Looks at the object that the catalogue names while the distribution is asked: nearly always that is the newest one,
 * which has to be looked at next. For an outdated image the answer is thrown away. Returns undefined also if the object
 * is not of this mirror.
 */
async function lookAhead(image: Image, run: UpdateRun): Promise<StoredObject | undefined> {
  const [before] = image.versions
  const date = before && dateOfVersion(before)
  if (run.store === undefined || date === undefined || before?.mirrorUrl === undefined) return
  const address = addressOf(run.settings.mirror, image, date)
  if (address?.url !== before.mirrorUrl) return
  await run.ready
  return lookAt(address.key, run)
}

/** What was done on the mirror, and what the catalogue has to say because of it. */
interface Done {
  readonly mirror: MirrorOutcome
  /** Absent: what it says is right. */
  readonly values?: Partial<VersionValues>
  /** Versions that the image is to have at most; absent: as many as it has. */
  readonly keepVersions?: number | undefined
}

/** The catalogue names the newest build: all that can be missing is its object on the mirror. */
async function keep(
  task: UpdateTask,
  build: Build & KnownFile,
  looked: Promise<StoredObject | undefined>,
): Promise<Done> {
  const { image, run, tell } = task
  const { mirror } = run.settings
  const [before] = image.versions
  if (mirror.kind === 'none') return { mirror: { status: 'none' } }
  const dated = before && dateOfVersion(before)
  const address = addressOf(mirror, image, dated ?? (await dateOf(build, run.discovery)))
  if (address === undefined) return { mirror: { status: 'none' } }
  if (before?.mirrorUrl === undefined) {
    return { mirror: await storeIfMissing(task, build, address), values: { mirrorUrl: address.url } }
  }
  if (before.mirrorUrl === address.url) {
    return { mirror: await keepOnMirror(task, build, address, dated === undefined ? undefined : looked) }
  }
  tell({ type: 'mirror-foreign', url: before.mirrorUrl })
  return { mirror: { status: 'foreign' } }
}

/** A build with all that the catalogue says of it. */
type VersionedBuild = Build & { readonly version: string; readonly date: string }

/**
 * The distribution has another build than the catalogue: it goes to the mirror, then into the file. If no digest is
 * published, that of the bytes on the way to the mirror goes into the file. A dry run, which downloads nothing, has
 * none to show.
 */
async function adopt(task: UpdateTask, build: VersionedBuild): Promise<Done> {
  const { image, run, tell } = task
  const { mirror, dryRun } = run.settings
  const address = addressOf(mirror, image, build.date)
  const target = mirror.kind === 'none' ? undefined : address
  const keepVersions = versionsToKeep(image, run.settings)
  const { digest } = build
  if (digest !== undefined) {
    const file = { ...build, digest }
    const named = target ?? (address && (await answers(task, file, address)) ? address : undefined)
    const values = valuesOf(build, digest, named)
    tellValues(task, values, keepVersions)
    const outcome =
      target === undefined ? { status: 'none' as const } : await storeIfMissing(task, file, target)
    return { mirror: outcome, values, keepVersions }
  }
  if (target === undefined) throw nothingToHash(image, build)
  const { key: object } = target
  if (dryRun) {
    const message = `The checksum of ${build.url} is known once it has been downloaded: the diff leaves this image out`
    tell({ type: 'warning', message })
    return { mirror: { status: 'would-store', object } }
  }
  const { size: bytes, seconds, source } = await bring(task, build, target)
  const values = valuesOf(build, source, target)
  tellValues(task, values, keepVersions)
  return { mirror: { status: 'stored', object, bytes, seconds }, values, keepVersions }
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

/**
 * Sees to it that an image that the catalogue is to name is on the mirror. Only an object with our record of this
 * digest is left as it is.
 */
async function storeIfMissing(task: UpdateTask, build: KnownFile, address: Address): Promise<MirrorOutcome> {
  const { run, tell } = task
  const { key: object } = address
  if (run.settings.dryRun) return { status: 'would-store', object }
  const found = await lookAt(object, run)
  if (found?.record !== undefined && isFrom(found, build.digest)) {
    tell({ type: 'mirror-present', object })
    await provePublic(task, { ...address, ...found.record })
    return { status: 'present', object }
  }
  tell({ type: 'mirror-missing', object, reason: found === undefined ? 'absent' : 'other-bytes' })
  const { size: bytes, seconds } = await bring(task, build, address)
  return { status: 'stored', object, bytes, seconds }
}

/** Also beside an object that an earlier run stored before it ended. */
async function writeSumsBeside(key: string, { run, tell }: UpdateTask): Promise<void> {
  const messages = await writeSums(run, folderOfKey(key), [key])
  for (const message of messages) tell({ type: 'warning', message })
}

/**
 * Does this build answer at its address on a mirror that somebody else fills? The recorded digest decides,
 * else the size of an uncompressed file; if neither is known, it is not taken for the build.
 * @throws UpdaterError PUBLIC_UNREADABLE if the mirror's answer says neither yes nor no, HTTP_*, ABORTED
 */
async function answers({ run, tell }: UpdateTask, file: KnownFile, { url }: Address): Promise<boolean> {
  const found = await run.checking(() => findPublic(url, run.http, run.signal))
  if ('turnedAway' in found) return false
  const isBuild = await run.checking(() => isOf(found, file, run))
  if (!isBuild) tell({ type: 'warning', message: `${url} is not the newest build, and is not named` })
  return isBuild
}

async function isOf(
  found: PublicObject,
  { url, digest, size, compression }: KnownFile,
  { http, signal }: UpdateRun,
): Promise<boolean> {
  if (found.sourceChecksum !== undefined) return found.sourceChecksum === formatDigest(digest)
  if (compression !== undefined) return false
  const expected = size ?? (await http.facts(url, { signal })).size
  return expected !== undefined && expected === found.size
}
