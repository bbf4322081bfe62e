import { recordedDigest, refuseDowngrade } from '../discovery/compare.ts'
import { type Discovery, findNewest, versionOf } from '../discovery/find-newest.ts'
import { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { type Build, formatDigest, type Image, type ImageVersion, type VersionValues } from '../image.ts'
import { reportedError } from '../report/refusal.ts'
import type { ImageOutcome } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import { bring, holds, type KnownFile, keepOnMirror, listDigests, lookAt, provePublic } from '../run/bring.ts'
import { type Address, addressOf } from '../run/mirror.ts'
import { errorOf, type Run, skipReason, type Task, tellOf } from '../run/run.ts'
import { folderOfKey } from '../stores/naming.ts'
import { findPublic, type PublicObject } from '../stores/public.ts'
import type { StoredObject } from '../stores/store.ts'
import type { OpenCatalogue } from './catalogue.ts'
import type { UpdateSettings } from './options.ts'
import { applyValues, planValues, versionsToKeep } from './plan.ts'

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

/** What a step has found out or done; the outcome has it also if a later step fails. */
type Facts = Pick<ImageOutcome, 'resolver' | 'trust' | 'mirror'> & {
  readonly current?: ImageVersion | undefined
  /** Something was (in a dry run: would be) changed, on the mirror or in the file. */
  readonly changed?: true
}

/** Takes one image all the way. Whatever is thrown on it is this image's outcome and nobody else's. */
export async function updateImage(image: Image, ordinal: number, run: UpdateRun): Promise<ImageOutcome> {
  const { about, warnings, tell } = tellOf(image, ordinal, run.onEvent)
  const reason = skipReason(image, run.settings.includeDisabled)
  if (reason !== undefined) {
    if (run.settings.names.length > 0) tell({ type: 'left-alone', reason })
    tell({ type: 'done', status: 'skipped' })
    return { ...about, status: 'skipped', reason, warnings }
  }
  let facts: Facts = {}
  try {
    for await (const found of stepsOf({ image, run, tell })) facts = { ...facts, ...found }
    const status = facts.changed ? (run.settings.dryRun ? 'would-update' : 'updated') : 'up-to-date'
    tell({ type: 'done', status })
    return { ...about, status, ...reported(facts, image), warnings }
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    tell({ type: 'done', status: 'failed' })
    return {
      ...{ ...about, status: 'failed', ...reported(facts, image), warnings },
      error: reportedError(error, image),
    }
  }
}

function reported({ resolver, trust, current, mirror }: Facts, { versions: [previous] }: Image) {
  return {
    resolver,
    trust,
    previous: previous && reportedValues(previous),
    current: current && reportedValues(current),
    mirror,
  }
}

/** The steps of an image, in the order of the promises. The catalogue file is the last thing that changes. */
async function* stepsOf(task: UpdateTask): AsyncGenerator<Facts> {
  const { image, run, tell } = task
  const looked = lookAhead(image, run)
  looked.catch(() => undefined) // it counts only for an image that is up to date
  const build = await run.checking(() => findNewest(image, run.discovery, tell))
  yield { resolver: build.resolver, trust: build.trust }
  await run.ready
  const digest = recordedDigest(image, build)
  if (digest !== undefined) {
    tell({ type: 'up-to-date' })
    yield* keep(task, { ...build, digest }, looked)
    return
  }
  const version = await run.checking(() => versionOf(build, run.discovery))
  if (!run.settings.allowDowngrade) refuseDowngrade(image, build, version)
  if (build.digest === undefined) yield* adoptFirstUse(task, build, version)
  else yield* adopt(task, { ...build, digest: build.digest }, version)
}

/**
 * Looks at the object that the catalogue names while the distribution is asked: nearly always that is the newest one,
 * which has to be looked at next. Returns undefined also if it is not of this mirror.
 */
async function lookAhead(image: Image, run: UpdateRun): Promise<StoredObject | undefined> {
  const [current] = image.versions
  if (run.store === undefined || current?.version === undefined || current.mirrorUrl === undefined) return
  const address = addressOf(run.settings.mirror, image, current.version)
  if (address?.url !== current.mirrorUrl) return
  await run.ready
  return lookAt(address.key, run)
}

/** The catalogue names the newest build: all that can be missing is its object on the mirror. */
async function* keep(
  task: UpdateTask,
  build: KnownFile,
  looked: Promise<StoredObject | undefined>,
): AsyncGenerator<Facts> {
  const { image, run, tell } = task
  const { mirror } = run.settings
  const [current] = image.versions
  yield { current, mirror: { status: 'none' } }
  const address = current?.version === undefined ? undefined : addressOf(mirror, image, current.version)
  if (address === undefined || mirror.kind === 'none') return
  if (current?.mirrorUrl === undefined) {
    yield* store(task, build, address)
    yield* write(task, { mirrorUrl: address.url })
  } else if (current.mirrorUrl === address.url) {
    const outcome = await keepOnMirror(task, build, address, looked)
    if (outcome.status === 'present') yield { mirror: outcome }
    else yield { mirror: outcome, changed: true }
    if (outcome.status === 'stored') await listBeside(task, address)
  } else {
    tell({ type: 'mirror-foreign', url: current.mirrorUrl })
    yield { mirror: { status: 'foreign' } }
  }
}

/** The distribution has another build than the catalogue: it goes to the mirror, then into the file. */
async function* adopt(task: UpdateTask, build: KnownFile, version: string): AsyncGenerator<Facts> {
  const { image, run, tell } = task
  yield { mirror: { status: 'none' } }
  const address = addressOf(run.settings.mirror, image, version)
  const mirrored = run.settings.mirror.kind !== 'none' && address !== undefined
  const named = mirrored || (address !== undefined && (await answers(task, build, address)))
  const values = planValues(build, version, build.digest, named ? address.url : null)
  tell({ type: 'new-values', values })
  if (mirrored) yield* store(task, build, address)
  yield* write(task, values, versionsToKeep(image, run.settings))
}

/**
 * The distribution has another build than the catalogue, and publishes no digest: that of the bytes on the
 * way to the mirror goes into the file. A dry run, which downloads nothing, has none to show.
 */
async function* adoptFirstUse(task: UpdateTask, build: Build, version: string): AsyncGenerator<Facts> {
  const { image, run, tell } = task
  const address = addressOf(run.settings.mirror, image, version)
  if (address === undefined || run.settings.mirror.kind === 'none') throw nothingToHash(image, build)
  const { key: object } = address
  if (run.settings.dryRun) {
    const message = `The checksum of ${build.url} is known once it has been downloaded: the diff leaves this image out`
    tell({ type: 'warning', message })
    yield { mirror: { status: 'would-store', object }, changed: true }
    return
  }
  const { size: bytes, seconds, source } = await bring(task, build, address)
  yield { mirror: { status: 'stored', object, bytes, seconds } }
  await listBeside(task, address)
  const values = planValues(build, version, source, address.url)
  tell({ type: 'new-values', values })
  yield* write(task, values, versionsToKeep(image, run.settings))
}

function nothingToHash(image: Image, build: Build): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `No checksum of ${build.url} is published, and without a mirror nothing of ${image.name} is downloaded that one could be computed from`,
    { remedy: 'Let this image be updated by a run with a mirror' },
  )
}

/**
 * Sees to it that an image that the catalogue is to name is on the mirror, and listed beside it also if an earlier run
 * has stored it and came no further. Only an object with our record of this digest is left as it is.
 */
async function* store(task: UpdateTask, build: KnownFile, address: Address): AsyncGenerator<Facts> {
  const { run, tell } = task
  const { key: object } = address
  if (run.settings.dryRun) {
    yield { mirror: { status: 'would-store', object } }
    return
  }
  const found = await lookAt(object, run)
  if (found?.record !== undefined && holds(found, build.digest)) {
    tell({ type: 'mirror-present', object })
    await provePublic(task, { ...address, ...found.record })
    yield { mirror: { status: 'present', object } }
  } else {
    tell({ type: 'mirror-missing', object, reason: found === undefined ? 'absent' : 'other-bytes' })
    const { size: bytes, seconds } = await bring(task, build, address)
    yield { mirror: { status: 'stored', object, bytes, seconds } }
  }
  await listBeside(task, address)
}

function listBeside({ run, tell }: UpdateTask, { key }: Address): Promise<void> {
  return listDigests(run, folderOfKey(key), [key], (message) => tell({ type: 'warning', message }))
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

async function* write(
  { image, run, tell }: UpdateTask,
  after: Partial<VersionValues>,
  keep?: number,
): AsyncGenerator<Facts> {
  const [before] = image.versions
  await run.catalogue.write(image.file, { index: image.index, name: image.name, before, after, keep })
  yield { current: applyValues(before, after), changed: true }
  if (!run.settings.dryRun) tell({ type: 'file-written', file: image.file })
}
