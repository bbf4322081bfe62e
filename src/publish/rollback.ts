import type { Definition } from '../cloud/definition.ts'
import { callOf } from '../cloud/describe.ts'
import type { CloudImage } from '../cloud/image.ts'
import { planRollback } from '../cloud/rollback.ts'
import type { PlanContext } from '../cloud/scene.ts'
import { reportedError } from '../report/refusal.ts'
import type { CloudCall, CloudImageOutcome, CloudOutcome } from '../report/schemas.ts'
import { errorOf, tellOf } from '../run/run.ts'
import { changedOf } from './image.ts'
import { type CloudRun, carryOut } from './run.ts'

/**
 * Gives each definition's name back to the image before; whatever goes wrong with one stops no other.
 * @returns the calls too, if it is a dry run
 */
export async function rollBack(
  run: CloudRun,
  definitions: readonly Definition[],
  images: readonly CloudImage[],
  context: PlanContext,
): Promise<Pick<CloudOutcome, 'images' | 'calls'>> {
  const calls: CloudCall[] = []
  const outcomes = await Promise.all(
    definitions.map(async (definition, ordinal): Promise<CloudImageOutcome> => {
      const { about, warnings, tell } = tellOf(definition.image, ordinal, run.onEvent)
      const nothing = { findings: [], brought: [], changes: [], retired: [], warnings }
      const { dryRun, reason = 'taken back' } = run.settings
      try {
        tell({ type: 'checking' })
        const { changes } = planRollback(definition, definitions, images, context, reason)
        const lasting = run.lasting()
        run.signal.throwIfAborted()
        if (dryRun) calls.push(...changes.map(callOf))
        for (const one of dryRun ? [] : changes) {
          await carryOut(one, run, lasting)
          tell({ type: 'in-cloud', cloud: run.session.cloud, message: callOf(one).about })
        }
        const status = dryRun ? 'would-change' : 'changed'
        tell({ type: 'done', status: dryRun ? 'would-update' : 'updated' })
        return { ...about, status, ...nothing, changes: changes.map(changedOf) }
      } catch (thrown) {
        const error = errorOf(thrown, run.signal)
        tell({ type: 'failed', error })
        tell({ type: 'done', status: 'failed' })
        return { ...about, status: 'failed', ...nothing, error: reportedError(error, definition.image) }
      }
    }),
  )
  return { images: outcomes, calls: run.settings.dryRun ? calls : undefined }
}
