import { randomUUID } from 'node:crypto'
import { describePlan, type ImportMethod } from '../cloud/describe.ts'
import { Glance } from '../cloud/glance.ts'
import { type CloudPlan, planCloud } from '../cloud/plan.ts'
import type { Brake } from '../cloud/retirement.ts'
import type { PlanContext } from '../cloud/scene.ts'
import type { CloudSession } from '../cloud/session.ts'
import { isoDay } from '../discovery/stamp.ts'
import { describeError, UpdaterError } from '../errors.ts'
import { outliving } from '../http/abort.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudOutcome } from '../report/schemas.ts'
import { recallCandidates, rememberCandidates } from '../run/candidates.ts'
import { limited } from '../run/run.ts'
import { stateFolder } from '../state.ts'
import { isOver } from './ended.ts'
import { holdCloud } from './hold.ts'
import { plannedOutcome, publishImage } from './image.ts'
import type { PublishSettings } from './options.ts'
import { proveUnproven } from './prove.ts'
import { proveRights } from './rights.ts'
import { rollBack } from './rollback.ts'
import { lackOfRoom } from './room.ts'
import { type CloudRun, carryOut, listImages, type Surroundings } from './run.ts'
import type { Wanted } from './wanted.ts'

/** Milliseconds that a swap of names, or a removal, has once the run is aborted: it is finished before the program ends. */
const respite = 12_000

/**
 * Brings one cloud into the state that the catalogue describes. An image that fails stops no other.
 * @throws UpdaterError CLOUD_*, ABORTED if nothing can be done in it
 */
export async function publishTo(
  session: CloudSession,
  wanted: Wanted,
  surroundings: Surroundings,
): Promise<Pick<CloudOutcome, 'images' | 'unnamed' | 'calls' | 'error'>> {
  const { settings, signal, note, memory } = surroundings
  const method = await methodOf(session, settings, signal)
  if (settings.dryRun) return carryOutPlan(openRun(session, surroundings, method, randomUUID()), wanted)
  const { stateDir = stateFolder(process.env), wait } = settings
  const held = await holdCloud(session, memory, stateDir, { wait, note, signal })
  try {
    return await carryOutPlan(openRun(session, surroundings, method, held.run), wanted)
  } finally {
    await held.release()
  }
}

async function carryOutPlan(
  run: CloudRun,
  wanted: Wanted,
): Promise<Pick<CloudOutcome, 'images' | 'unnamed' | 'calls' | 'error'>> {
  const { session, settings, signal, note, memory } = run
  const look = () => run.checking((either) => listImages(run, either))
  let found = await look()
  signal.throwIfAborted()
  const { cloud, project } = session
  const context = await contextOf(run, wanted)
  if (settings.rollback) return { ...(await rollBack(run, wanted.definitions, found, context)), unnamed: [] }
  let plan = planCloud(wanted.definitions, found, context)
  if (settings.prove && !settings.dryRun && (await proveUnproven(plan, run))) {
    found = await look()
    plan = planCloud(wanted.definitions, found, context)
  }
  const braked = plan.brake && brakeError(plan.brake, cloud)
  if (braked !== undefined) note('warning', describeError(braked))
  const unnamed = unnamedOf(plan, wanted)
  if (settings.dryRun) {
    const calls = describePlan(plan, run.method, { ...run.rules(), ...run.writer() })
    return { images: plan.images.map(plannedOutcome), unnamed, calls }
  }
  const { candidates } = context
  if (candidates !== undefined) await rememberCandidates(memory, cloud, project.id, candidates, plan.images)
  for (const leftover of plan.leftovers) await carryOut(leftover, run, signal)
  const refusal = await proveRights(plan, run)
  const images = await Promise.all(
    plan.images.map((one, ordinal) => publishImage(refusal(one), ordinal, run)),
  )
  return { images, unnamed, error: braked && reportedError(braked) }
}

/**
 * Says how one cloud stands to the catalogue. It only reads.
 * @throws UpdaterError CLOUD_*, ABORTED if it cannot be asked
 */
export async function inspect(
  session: CloudSession,
  wanted: Wanted,
  surroundings: Surroundings,
): Promise<Pick<CloudOutcome, 'images' | 'unnamed' | 'quota' | 'warnings'>> {
  const run = openRun(session, surroundings, 'upload', randomUUID())
  const found = await run.checking((signal) => listImages(run, signal))
  const plan = planCloud(wanted.definitions, found, await contextOf(run, wanted))
  const quota = await run.checking((signal) => run.glance.quota(signal))
  const warnings = [
    ...(plan.brake === undefined ? [] : [brakeWarning(plan.brake)]),
    ...lackOfRoom(quota, found, session.project.id),
  ]
  // That another run is at work is no failure of who only looks.
  const images = plan.images.map((one) =>
    one.isBusy
      ? { ...plannedOutcome(one), status: 'pending' as const, error: undefined }
      : plannedOutcome(one),
  )
  return { images, unnamed: unnamedOf(plan, wanted), quota, warnings }
}

/** What no definition names may be named by a file that could not be read. */
function unnamedOf({ unnamed }: CloudPlan, { failures }: Wanted): CloudOutcome['unnamed'] {
  return failures.length > 0 ? [] : unnamed.map(({ id, name }) => ({ id, name }))
}

/** @param run what the run calls itself */
export function openRun(
  session: CloudSession,
  surroundings: Surroundings,
  method: ImportMethod,
  run: string,
): CloudRun {
  const { settings, signal } = surroundings
  const { jobs, transfers, timeout, tag, retire, deleteAfter, yes } = settings
  const glance = new Glance(session)
  return {
    ...surroundings,
    session,
    method,
    glance,
    owner: { project: session.project.id, tag },
    writer: () => ({ run, now: glance.serverTime(), importTimeout: settings.importTimeout }),
    rules: () => ({ retire, deleteAfter, isConfirmed: yes, now: glance.serverTime() }),
    lasting: () => outliving(signal, respite),
    sharedWith: once(async () => {
      const found = await Promise.all((settings.share ?? []).map((one) => session.findProjects(one, signal)))
      return found.flat().flatMap(({ id }) => (id === session.project.id ? [] : id))
    }),
    checking: limited(jobs, signal, timeout),
    transferring: limited(transfers, signal),
  }
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}

/** What a plan is made by. */
async function contextOf(run: CloudRun, { definitions, others }: Wanted): Promise<PlanContext> {
  const { memory, session, failed } = run
  const { importTimeout, includeDisabled, minAge, skip } = run.settings
  const candidates =
    minAge > 0 ? await recallCandidates(memory, session.cloud, session.project.id) : undefined
  const rules = run.rules()
  const today = isoDay(new Date())
  const ended = definitions.filter((one) => isOver(one, today)).map(({ image }) => image.name)
  return {
    ...run.owner,
    ...run.writer(),
    ...rules,
    ...{
      importTimeout,
      includeDisabled,
      minAge: minAge > 0 ? minAge : undefined,
      ...{ others, failed, candidates },
      ended: new Set(ended),
    },
    skip: skip.flatMap(({ images, versions, reason }) =>
      images.flatMap((image) => (versions ?? [undefined]).map((version) => ({ image, version, reason }))),
    ),
  }
}

/** @throws UpdaterError CLOUD_IMPORT if the cloud does not offer what was asked for */
async function methodOf(
  session: CloudSession,
  { import: wanted }: PublishSettings,
  signal: AbortSignal,
): Promise<ImportMethod> {
  if (wanted === 'upload') return wanted
  const offered = await new Glance(session).importMethods(signal)
  if (wanted === 'auto') return offered.includes('glance-direct') ? 'glance-direct' : 'upload'
  if (offered.includes(wanted)) return wanted
  const list = offered.length === 0 ? 'no import at all' : offered.join(', ')
  throw new UpdaterError('CLOUD_IMPORT', `${session.cloud} does not offer ${wanted}: it offers ${list}`, {
    remedy: 'Leave --import out: auto takes what is offered',
  })
}

function brakeWarning({ retirements, ours }: Brake): string {
  return `${retirements} of our ${ours} images are to be retired, more than a run retires by itself: look at them, then publish with --yes`
}

/** The rest is done: a rotation has no need of it, and a typing error must not take the images from everybody. */
function brakeError({ retirements, ours }: Brake, cloud: string): UpdaterError {
  const message = `In ${cloud} ${retirements} of our ${ours} images would be retired, more than a run retires by itself: none was`
  return new UpdaterError('CLOUD_BRAKE', message, {
    remedy: 'Look at the plan with --dry-run, then use --yes',
  })
}
