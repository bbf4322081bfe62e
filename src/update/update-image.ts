import { compareBuilds, type Discovered, dateBuild, discover } from '../discovery/discover.ts'
import { UpdaterError } from '../errors.ts'
import {
  type Build,
  formatDigest,
  type Image,
  type ImageVersion,
  type Trust,
  type VersionValues,
} from '../image.ts'
import type { MirrorOutcome } from '../report/outcome.ts'
import { answers, ensureMirrored } from '../run/ensure-mirrored.ts'
import { listDigests } from '../run/list-digests.ts'
import type { UpdateRun, UpdateTask } from './context.ts'
import { versionsToKeep } from './overrides.ts'
import { applyValues, isCurrent, isUnprotected, planValues } from './plan.ts'

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
  const { resolver, found } = await run.checking(() => look(task))
  progress.resolver = resolver
  progress.trust = found.trust
  if (isCurrent(image, found.digest)) {
    step({ type: 'up-to-date' })
    await keep(task, found)
  } else {
    const build = await run.checking(() => dateBuild(found, run.discovery(image, step)))
    refuseDowngrade(image, build, run)
    await adopt(task, build)
  }
}

async function look({ image, run, step }: Task): Promise<Discovered> {
  step({ type: 'checking' })
  const discovered = await discover(image, run.discovery(image, step))
  const { url, digest, trust } = discovered.found
  if (trust === 'checksum' && isUnprotected(image.latestChecksumUrl ?? url)) {
    step({ type: 'warning', message: unprotected(image.latestChecksumUrl ?? url) })
  }
  const fileName = url.slice(url.lastIndexOf('/') + 1)
  step({ type: 'current-checksum', fileName, checksum: formatDigest(digest) })
  step({ type: 'our-checksum', checksum: image.versions[0]?.checksum })
  return discovered
}

function unprotected(url: string): string {
  const { host } = new URL(url)
  return `The checksum comes from ${host} over plain http and no signature vouches for it: whoever is on the way can replace the image`
}

function refuseDowngrade(image: Image, build: Build, run: UpdateRun): void {
  const [current] = image.versions
  if (run.settings.allowDowngrade || current === undefined || compareBuilds(current, build) >= 0) return
  throw new UpdaterError(
    'DOWNGRADE',
    `The newest build of ${image.name} is ${build.version} (${build.url}), older than ${current.version ?? current.url} in the catalogue`,
    { remedy: "Look at the distribution's server; --allow-downgrade takes the older build" },
  )
}

/** The catalogue names the newest build: all that can be missing is its object on the mirror. */
async function keep(task: Task, found: Discovered['found']): Promise<void> {
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
  progress.mirror = await mirror(task, { ...found, version: current.version }, place, named)
  progress.changed = progress.mirror.status !== 'present'
  if (!named) await write(task, { mirrorUrl: place.url })
}

/** The distribution has another build than the catalogue: it goes to the mirror, then into the file. */
async function adopt(task: Task, build: Build): Promise<void> {
  const { image, run, step, progress } = task
  progress.mirror = { status: 'none' }
  const place = run.place(image, build.version)
  const mirrored = place !== undefined && run.settings.mirror.kind !== 'none'
  const named = mirrored || (place !== undefined && (await answers(task, build, place)))
  const values = planValues(build, named && place !== undefined ? place.url : null)
  step({ type: 'new-values', values })
  if (mirrored) progress.mirror = await mirror(task, build, place, false)
  await write(task, values, versionsToKeep(image, run.settings))
}

async function mirror(...asked: Parameters<typeof ensureMirrored>): Promise<MirrorOutcome> {
  const outcome = await ensureMirrored(...asked)
  const [task, , { object }] = asked
  if (outcome.status === 'stored') await listDigests(task, [object])
  return outcome
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
