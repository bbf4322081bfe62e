import { recordedDigest, refuseDowngrade } from '../discovery/compare.ts'
import { findNewest, versionOf } from '../discovery/find-newest.ts'
import { UpdaterError } from '../errors.ts'
import type { Build, Digest, Image, ImageVersion, Trust, VersionValues } from '../image.ts'
import type { MirrorOutcome } from '../report/schemas.ts'
import type { Task as ImageTask } from '../run/context.ts'
import { answers, ensureMirrored, mirrorFirstUse } from '../run/ensure-mirrored.ts'
import { listDigests } from '../run/list-digests.ts'
import { folderOfKey } from '../stores/naming.ts'
import type { StoredObject } from '../stores/store.ts'
import type { UpdateTask } from './context.ts'
import { applyValues, planValues, versionsToKeep } from './plan.ts'

/** What is known of an image's way so far; a failure is reported with it. */
export interface Progress {
  resolver?: string
  trust?: Trust
  current?: ImageVersion | undefined
  mirror?: MirrorOutcome
  /** Something was (in a dry run: would be) changed, on the mirror or in the file. */
  changed?: boolean
}

export interface Task extends UpdateTask {
  /** Filled while the task goes on. */
  readonly progress: Progress
}

/**
 * Takes one image all the way: newest build, mirror, public check, catalogue. The catalogue file is the
 * last thing that changes.
 */
export async function updateImage(task: Task): Promise<void> {
  const { image, run, step, progress } = task
  const looked = lookAhead(task)
  looked.catch(() => undefined) // only where it counts
  const build = await run.checking(() => findNewest(image, run.discovery, step))
  progress.resolver = build.resolver
  progress.trust = build.trust
  await run.ready
  const recorded = recordedDigest(image, build)
  if (recorded !== undefined) {
    step({ type: 'up-to-date' })
    await keep(task, { ...build, digest: recorded }, looked)
  } else {
    const version = await run.checking(() => versionOf(build, run.discovery))
    if (!run.settings.allowDowngrade) refuseDowngrade(image, build, version)
    const { digest } = build
    const dated = { ...build, version }
    await (digest === undefined ? adoptFirstUse(task, dated) : adopt(task, { ...dated, digest }))
  }
}

/**
 * Looks at the object that the catalogue names while the distribution is asked: nearly always that one is the
 * newest, and this the look that would have followed. `undefined` also where it names none of this mirror.
 */
async function lookAhead({ image, run }: Task): Promise<StoredObject | undefined> {
  const [current] = image.versions
  const { store, signal } = run
  if (store === undefined || current?.version === undefined || current.mirrorUrl === undefined) return
  const place = run.place(image, current.version)
  if (place?.url !== current.mirrorUrl) return
  await run.ready
  return run.checking(() => store.stat(place.object, signal))
}

/** The catalogue names the newest build: all that can be missing is its object on the mirror. */
async function keep(
  task: Task,
  found: Build & { readonly digest: Digest },
  looked: Promise<StoredObject | undefined>,
): Promise<void> {
  const { image, run, step, progress } = task
  const [current] = image.versions
  progress.current = current
  progress.mirror = { status: 'none' }
  const place = current?.version === undefined ? undefined : run.place(image, current.version)
  if (current?.version === undefined || place === undefined || run.settings.mirror.kind === 'none') return
  if (current.mirrorUrl !== undefined && current.mirrorUrl !== place.url) {
    progress.mirror = { status: 'foreign' }
    step({ type: 'mirror-foreign', url: current.mirrorUrl })
    return
  }
  const named = current.mirrorUrl !== undefined
  const wanted = { ...found, version: current.version }
  progress.mirror = await mirror(task, wanted, place, named, named ? looked : undefined)
  progress.changed = progress.mirror.status !== 'present'
  if (!named) await write(task, { mirrorUrl: place.url })
}

/** The distribution has another build than the catalogue: it goes to the mirror, then into the file. */
async function adopt(
  task: Task,
  build: Build & { readonly version: string; readonly digest: Digest },
): Promise<void> {
  const { image, run, step, progress } = task
  progress.mirror = { status: 'none' }
  const place = run.place(image, build.version)
  const mirrored = place !== undefined && run.settings.mirror.kind !== 'none'
  const named = mirrored || (place !== undefined && (await answers(task, build, place)))
  const values = planValues(
    build,
    build.version,
    build.digest,
    named && place !== undefined ? place.url : null,
  )
  step({ type: 'new-values', values })
  if (mirrored) progress.mirror = await mirror(task, build, place, false)
  await write(task, values, versionsToKeep(image, run.settings))
}

/** What the catalogue is to name is listed also where an earlier run has stored it and came no further. */
async function mirror(...asked: Parameters<typeof ensureMirrored>): Promise<MirrorOutcome> {
  const outcome = await ensureMirrored(...asked)
  const [task, , { object }, named] = asked
  if (outcome.status === 'stored' || !named) await listBeside(task, object)
  return outcome
}

function listBeside({ run, step }: ImageTask, object: string): Promise<void> {
  return listDigests(run, folderOfKey(object), [object], (message) => step({ type: 'warning', message }))
}

/**
 * The distribution has another build than the catalogue, and publishes no digest: that of the bytes on the
 * way to the mirror goes into the file. A dry run, which downloads nothing, has none to show.
 */
async function adoptFirstUse(task: Task, build: Build & { readonly version: string }): Promise<void> {
  const { image, run, step, progress } = task
  const place = run.settings.mirror.kind === 'none' ? undefined : run.place(image, build.version)
  if (place === undefined) throw nothingToHash(image, build)
  if (run.settings.dryRun) {
    step({
      type: 'warning',
      message: `The checksum of ${build.url} is known once it has been downloaded: the diff leaves this image out`,
    })
    progress.mirror = { status: 'would-store', object: place.object }
    progress.changed = true
    return
  }
  const { outcome, digest } = await mirrorFirstUse(task, build, place)
  progress.mirror = outcome
  await listBeside(task, place.object)
  const values = planValues(build, build.version, digest, place.url)
  step({ type: 'new-values', values })
  await write(task, values, versionsToKeep(image, run.settings))
}

function nothingToHash(image: Image, build: Build): UpdaterError {
  return new UpdaterError(
    'CHECKSUM_NOT_PUBLISHED',
    `No checksum of ${build.url} is published, and without a mirror nothing of ${image.name} is downloaded that one could be computed from`,
    { remedy: 'Let this image be updated by a run with a mirror' },
  )
}

async function write(
  { image, run, step, progress }: Task,
  after: Partial<VersionValues>,
  keep?: number,
): Promise<void> {
  const [before] = image.versions
  await run.write(image.file, { index: image.index, name: image.name, before, after, keep })
  progress.current = applyValues(before, after)
  progress.changed = true
  if (!run.settings.dryRun) step({ type: 'file-written', file: image.file })
}
