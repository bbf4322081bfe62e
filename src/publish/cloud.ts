import { randomUUID } from 'node:crypto'
import type { Change } from '../cloud/change.ts'
import type { Definition } from '../cloud/definition.ts'
import { describePlan, type ImportMethod } from '../cloud/describe.ts'
import { Glance } from '../cloud/glance.ts'
import type { CloudImage } from '../cloud/image.ts'
import type { Writer } from '../cloud/marks.ts'
import type { Owner } from '../cloud/match.ts'
import { planCloud } from '../cloud/plan.ts'
import type { Brake, RetirementRules } from '../cloud/retirement.ts'
import type { PlanContext } from '../cloud/scene.ts'
import type { CloudSession } from '../cloud/session.ts'
import { isoDay } from '../discovery/stamp.ts'
import { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { outliving } from '../http/abort.ts'
import type { HttpClient } from '../http/client.ts'
import type { Image } from '../image.ts'
import { endOfLife, hasEnded } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import type { CloudOutcome } from '../report/schemas.ts'
import { type Limit, limited, type Note } from '../run/run.ts'
import type { Memory } from '../state.ts'
import { recallCandidates, rememberCandidates } from './candidates.ts'
import { plannedOutcome, publishImage } from './image.ts'
import type { PublishSettings } from './options.ts'
import { proveUnproven } from './prove.ts'
import { proveRights } from './rights.ts'
import { rollBack } from './rollback.ts'

/** What all clouds of a run share. */
export interface Surroundings {
  readonly settings: PublishSettings
  /** For the mirror and the distributions. */
  readonly http: HttpClient
  readonly signal: AbortSignal
  readonly onEvent: Listener
  readonly note: Note
  readonly memory: Memory
}

/** What the images of one cloud share. */
export interface CloudRun extends Surroundings {
  readonly session: CloudSession
  readonly glance: Glance
  readonly owner: Owner
  /** How bytes get into Glance. */
  readonly method: ImportMethod
  /** Who writes, now. */
  readonly writer: () => Writer
  readonly rules: () => RetirementRules
  /** Short tasks, at most `jobs` at once. */
  readonly checking: Limit
  /** Images, at most `transfers` at once. */
  readonly transferring: Limit
  /** Ids of the projects that shared images are for, beside those that have them already. */
  readonly sharedWith: () => Promise<readonly string[]>
  /** Lasts a little longer than the run: for what must not stay half done. */
  readonly lasting: () => AbortSignal
}

/** What is to be in the clouds. */
export interface Wanted {
  /** Those that can be brought, of the images that were selected. */
  readonly definitions: readonly Definition[]
  /** Of which nothing is done or said: not selected, or with defects. */
  readonly others: readonly Image[]
}

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
): Promise<Pick<CloudOutcome, 'images' | 'unnamed' | 'calls'>> {
  const { settings, signal, note, memory } = surroundings
  const run = openRun(session, surroundings, await methodOf(session, settings, signal))
  const look = () => run.checking((either) => listImages(run, either))
  let found = await look()
  signal.throwIfAborted()
  const { cloud, project } = session
  const candidates = settings.minAge > 0 ? await recallCandidates(memory, cloud, project.id) : undefined
  const context = { ...contextOf(run, wanted), candidates }
  if (settings.rollback)
    return { images: await rollBack(run, wanted.definitions, found, context), unnamed: [] }
  let plan = planCloud(wanted.definitions, found, context)
  if (settings.prove && !settings.dryRun && (await proveUnproven(plan, found, run))) {
    found = await look()
    plan = planCloud(wanted.definitions, found, context)
  }
  if (plan.brake !== undefined) note('warning', `${session.cloud}: ${brakeText(plan.brake)}`)
  const unnamed = plan.unnamed.map(({ id, name }) => ({ id, name }))
  if (settings.dryRun) {
    const calls = describePlan(plan, run.method, { ...run.rules(), ...run.writer() })
    return { images: plan.images.map(plannedOutcome), unnamed, calls }
  }
  if (candidates !== undefined) await rememberCandidates(memory, cloud, project.id, candidates, plan.images)
  for (const leftover of plan.leftovers) await carryOut(leftover, run, signal)
  const refusal = await proveRights(plan, run)
  const images = await Promise.all(
    plan.images.map((one, ordinal) => publishImage(refusal(one), ordinal, run)),
  )
  return { images, unnamed }
}

export function openRun(session: CloudSession, surroundings: Surroundings, method: ImportMethod): CloudRun {
  const { settings, signal } = surroundings
  const { jobs, transfers, timeout, tag, retire, deleteAfter, yes } = settings
  const run = randomUUID()
  return {
    ...surroundings,
    session,
    method,
    glance: new Glance(session),
    owner: { project: session.project.id, tag },
    writer: () => ({ run, now: new Date(), importTimeout: settings.importTimeout }),
    rules: () => ({ retire, deleteAfter, isConfirmed: yes, now: new Date() }),
    lasting: () => outliving(signal, respite),
    sharedWith: once(() => findProjects(session, settings.share ?? [], signal)),
    checking: limited(jobs, signal, timeout),
    transferring: limited(transfers, signal),
  }
}

async function findProjects(
  session: CloudSession,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => session.findProjects(name, signal)))
  return found.flat().map(({ id }) => id)
}

function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let asked: Promise<Value> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}

/** What a plan is made by. */
export function contextOf(run: CloudRun, { definitions, others }: Wanted): PlanContext {
  const { importTimeout, includeDisabled, minAge, skip } = run.settings
  const rules = run.rules()
  const ended = definitions
    .filter(({ image }) => {
      const release = endOfLife(image, snapshot)
      return release !== undefined && hasEnded(release, isoDay(rules.now))
    })
    .map(({ image }) => image.name)
  return {
    ...run.owner,
    ...run.writer(),
    ...rules,
    ...{
      importTimeout,
      includeDisabled,
      minAge: minAge > 0 ? minAge : undefined,
      others,
      ended: new Set(ended),
    },
    skip: skip.flatMap(({ images, versions, reason }) =>
      images.flatMap((image) => (versions ?? [undefined]).map((version) => ({ image, version, reason }))),
    ),
  }
}

/** Lists our project's images, and those of others that everybody sees: their names are taken. */
export async function listImages(
  { glance, owner }: Pick<CloudRun, 'glance' | 'owner'>,
  signal: AbortSignal,
): Promise<readonly CloudImage[]> {
  const own = await glance.list({ owner: owner.project }, signal)
  const seen = await glance.list({ visibility: 'public' }, signal)
  const all = new Map([...seen, ...own].map((image) => [image.id, image]))
  return [...all.values()]
}

const kept = {
  'in-use': 'it is in use, and stays',
  protected: 'it is protected, and stays',
} as const

/**
 * Carries a change out. Returns why it was not done, if Glance refuses a removal for good reason.
 * @throws UpdaterError CLOUD_*, ABORTED
 */
export async function carryOut(
  { image: { id }, action }: Change,
  { glance }: Pick<CloudRun, 'glance'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (action.kind) {
    case 'patch':
      await glance.patch(id, action.operations, signal)
      return undefined
    case 'deactivate':
      await glance.deactivate(id, signal)
      return undefined
    case 'reactivate':
      await glance.reactivate(id, signal)
      return undefined
    case 'remove': {
      const removal = await glance.remove(id, signal)
      return removal === 'in-use' || removal === 'protected' ? kept[removal] : undefined
    }
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

function brakeText({ retirements, ours }: Brake): string {
  return `${retirements} of our ${ours} images would be retired, more than a run retires by itself: none is; look at the plan, then use --yes`
}
