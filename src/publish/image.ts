import type { Change } from '../cloud/change.ts'
import type { CloudImage } from '../cloud/image.ts'
import { journalOf } from '../cloud/marks.ts'
import { versionName } from '../cloud/names.ts'
import type { ImagePlan } from '../cloud/plan.ts'
import { type Bring, claimOf, promotionOf } from '../cloud/promotion.ts'
import type { Retirement } from '../cloud/retirement.ts'
import { UpdaterError } from '../errors.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudImageOutcome } from '../report/schemas.ts'
import { errorOf, type Tell, tellOf } from '../run/run.ts'
import { bringVersion, leaveRecord } from './bring.ts'
import { passGate } from './gate.ts'
import { type CloudRun, carryOut, listNamed } from './run.ts'
import { membersOf, shareImage } from './share.ts'
import { stepBack } from './step-back.ts'

type Brought = CloudImageOutcome['brought'][number]
type Changed = CloudImageOutcome['changes'][number]
type Retired = CloudImageOutcome['retired'][number]

/**
 * Carries the plan of one definition out: what an interrupted run left, then what is missing, then what is wrong with what
 * is there, and at last what is kept no longer. Whatever is thrown is this image's outcome and nobody else's.
 */
export async function publishImage(
  plan: ImagePlan,
  ordinal: number,
  run: CloudRun,
): Promise<CloudImageOutcome> {
  const { definition, findings, failures, repairs, brings, corrections, retirements } = plan
  const { about, warnings, tell } = tellOf(definition.image, ordinal, run.onEvent)
  const brought: Brought[] = []
  const changes: Changed[] = []
  const retired: Retired[] = []
  const end = (error?: UpdaterError): CloudImageOutcome => {
    const status = error === undefined ? statusOf(plan, { brought, changes, retired }) : 'failed'
    tell({ type: 'done', status: eventStatus[status] })
    const reported = error && reportedError(error, definition.image)
    return { ...about, status, findings, brought, changes, retired, warnings, error: reported }
  }
  try {
    tell({ type: 'checking' })
    for (const one of repairs) changes.push(await change(one, run, tell))
    for (const one of brings) brought.push(await publishVersion(one, run, tell))
    for (const one of corrections) changes.push(await change(one, run, tell))
    if (definition.visibility === 'shared') {
      for (const { what, id } of findings)
        if (what === 'current' && id !== undefined) await shareImage(id, [], run, tell)
    }
    for (const one of retirements) retired.push(await retireImage(one, run, tell))
    const [failure] = failures
    if (failure !== undefined) tell({ type: 'failed', error: failure })
    return end(failure)
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    return end(error)
  }
}

/** Brings a version, has it tried, and gives it its name. */
async function publishVersion(bring: Bring, run: CloudRun, tell: Tell): Promise<Brought> {
  const { definition, version } = bring
  const { session, settings, signal } = run
  const { resumes } = bring
  for (const one of claimOf(bring, run.writer())) await change(one, run, tell)
  const isProven = resumes !== undefined && journalOf(resumes)?.step !== 'bringing'
  const { image, ...transfer } = isProven ? { image: resumes } : await bringVersion(bring, run, tell)
  const { gate: command, gateTimeout: timeout } = settings
  try {
    if (command !== undefined) {
      const onLine = (message: string) => tell({ type: 'gate', message })
      const gate = { command, timeout, cloud: session.cloud, signal, tell: onLine }
      await passGate(gate, definition, version, image)
    }
    await promoteImage(bring, image, run, tell)
  } catch (error) {
    // Its bytes are proven: the next run goes on with it.
    await leaveRecord(image, run)
    throw error
  }
  return { id: image.id, name: bring.record.name, version: version.version, ...transfer }
}

/** Once it has begun, it is carried through: an abort waits for it. */
async function promoteImage(bring: Bring, fresh: CloudImage, run: CloudRun, tell: Tell): Promise<void> {
  const { record, definition, version } = bring
  const names = [record.name, versionName(definition, version.version)]
  const listed = await run.checking((signal) => listNamed(names, run, signal))
  // What another run has left may have any name.
  const image = await run.checking((signal) => run.glance.get(fresh.id, signal))
  if (image === undefined) throw gone(bring, fresh)
  const changes = promotionOf(bring, image, listed, { ...run.owner, ...run.rules(), ...run.writer() })
  const isShared = record.visibility === 'shared'
  const displaced = changes.flatMap((one) => (one.image.id === image.id ? [] : one.image))
  const carried = isShared ? await membersOf(displaced, run) : []
  const lasting = run.lasting()
  for (const one of changes) {
    await carryOut(one, run, lasting)
    tell({ type: 'in-cloud', cloud: run.session.cloud, message: sentenceOf(one) })
  }
  await stepBack(bring, image, run, lasting)
  if (isShared) await shareImage(image.id, carried, run, tell)
}

function gone({ record }: Bring, { id }: CloudImage): UpdaterError {
  return new UpdaterError('CLOUD_CONFLICT', `The new image of ${record.name} (${id}) is gone`, {
    remedy: 'Look who has deleted it, then run again',
  })
}

async function change(one: Change, run: CloudRun, tell: Tell): Promise<Changed> {
  await run.checking((signal) => carryOut(one, run, signal))
  tell({ type: 'in-cloud', cloud: run.session.cloud, message: sentenceOf(one) })
  return changedOf(one)
}

export function changedOf({ image: { id, name }, why }: Change): Changed {
  return { id, name, what: [...why] }
}

function sentenceOf({ image: { id, name }, why }: Change): string {
  return `${name} (${id}) ${why.join(', ')}`
}

const holds: Record<NonNullable<Retirement['hold']>, string> = {
  confirmation: 'it would be deleted, and that needs --yes',
  brake: 'more images would be retired than a run retires by itself: look at them, then use --yes',
  adoption: 'nobody knew of it before this run; the next one retires it',
}

async function retireImage(one: Retirement, run: CloudRun, tell: Tell): Promise<Retired> {
  const planned = retiredOf(one)
  if (one.hold !== undefined) return planned
  const done = await run.checking((signal) => carryOut(one, run, signal))
  if (done !== undefined) {
    tell({ type: 'in-cloud', cloud: run.session.cloud, message: `${planned.name} (${planned.id}): ${done}` })
    return { ...planned, how: 'kept', message: done }
  }
  tell({
    type: 'in-cloud',
    cloud: run.session.cloud,
    message: `${planned.name} (${planned.id}): ${planned.how}`,
  })
  return planned
}

export function retiredOf({ image: { id, name }, action, why, hold }: Retirement): Retired {
  if (hold !== undefined) return { id, name, how: 'kept', message: holds[hold] }
  const message = why.join(', ')
  if (action.kind === 'remove') return { id, name, how: 'deleted', message }
  if (action.kind === 'deactivate') return { id, name, how: 'deactivated', message }
  const isHidden = action.kind === 'patch' && action.operations.some(({ path }) => path === '/os_hidden')
  const isCommunity = action.kind === 'patch' && action.operations.some(({ path }) => path === '/visibility')
  return { id, name, how: isHidden ? 'hidden' : isCommunity ? 'community' : 'kept', message }
}

const eventStatus = {
  published: 'updated',
  'would-publish': 'would-update',
  changed: 'updated',
  'would-change': 'would-update',
  current: 'up-to-date',
  pending: 'unknown',
  skipped: 'skipped',
  failed: 'failed',
} as const

function statusOf(
  { findings, definition }: ImagePlan,
  { brought, changes, retired }: Pick<CloudImageOutcome, 'brought' | 'changes' | 'retired'>,
): CloudImageOutcome['status'] {
  if (brought.length > 0) return 'published'
  if (changes.length > 0 || retired.some(({ how }) => how !== 'kept')) return 'changed'
  return restingStatus(findings, definition.image.enable)
}

/** The status of an image with which nothing was done. */
export function restingStatus(
  findings: CloudImageOutcome['findings'],
  isEnabled: boolean,
): CloudImageOutcome['status'] {
  if (findings.some(({ what }) => what === 'pending')) return 'pending'
  if (!isEnabled || findings.some(({ what }) => what === 'skipped')) return 'skipped'
  return 'current'
}

/** What a dry run says of a definition. */
export function plannedOutcome(plan: ImagePlan): CloudImageOutcome {
  const { definition, findings, failures, repairs, brings, corrections, retirements } = plan
  const { file, line, name, shortname, enable } = definition.image
  const changes = [...repairs, ...corrections].map(changedOf)
  const retired = retirements.map(retiredOf)
  const isChanging = changes.length > 0 || retired.some(({ how }) => how !== 'kept')
  const [failure] = failures
  const resting = isChanging ? 'would-change' : restingStatus(findings, enable)
  const status = brings.length > 0 ? 'would-publish' : resting
  return {
    ...{ file, line, name, shortname, status: failure === undefined ? status : 'failed', findings },
    ...{ brought: [], changes, retired, warnings: [] },
    error: failure && reportedError(failure, definition.image),
  }
}
