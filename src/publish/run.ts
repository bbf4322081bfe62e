import type { Change } from '../cloud/change.ts'
import type { ImportMethod } from '../cloud/describe.ts'
import type { Glance } from '../cloud/glance.ts'
import type { CloudImage } from '../cloud/image.ts'
import type { Writer } from '../cloud/marks.ts'
import type { Owner } from '../cloud/match.ts'
import type { RetirementRules } from '../cloud/retirement.ts'
import type { CloudSession } from '../cloud/session.ts'
import type { Listener } from '../events.ts'
import type { HttpClient } from '../http/client.ts'
import type { Limit, Note } from '../run/run.ts'
import type { Memory } from '../state.ts'
import type { PublishSettings } from './options.ts'

/** What all clouds of a run share. */
export interface Surroundings {
  readonly settings: PublishSettings
  /** For the mirror and the distributions. */
  readonly http: HttpClient
  readonly signal: AbortSignal
  readonly onEvent: Listener
  readonly note: Note
  readonly memory: Memory
  /** Names of images that have failed earlier in this run. */
  readonly failed?: ReadonlySet<string> | undefined
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

/** Lists the images of some names, ours and those that everybody sees: what a swap of names has to know anew. */
export async function listNamed(
  names: readonly string[],
  { glance }: Pick<CloudRun, 'glance'>,
  signal: AbortSignal,
): Promise<readonly CloudImage[]> {
  const found = await Promise.all([...new Set(names)].map((name) => glance.list({ name }, signal)))
  return found.flat()
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
