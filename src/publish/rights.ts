import { formatJournal, marks } from '../cloud/marks.ts'
import type { CloudPlan, ImagePlan } from '../cloud/plan.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { CloudRun } from './run.ts'

/**
 * Proves, before any byte is sent, that images can be made, hidden and made public: by a hidden record without bytes,
 * which is removed at once.
 * @returns what makes a plan one that fails, if its images are to be public and cannot be
 * @throws UpdaterError CLOUD_DENIED, CLOUD_QUOTA and other CLOUD_* if no image can be made
 */
export async function proveRights(
  { images }: CloudPlan,
  run: CloudRun,
): Promise<(plan: ImagePlan) => ImagePlan> {
  const isPublic = ({ brings }: ImagePlan) => brings.some(({ record }) => record.visibility === 'public')
  if (!images.some(({ brings }) => brings.length > 0)) return (plan) => plan
  const denied = await probe(images.some(isPublic), run)
  if (denied === undefined) return (plan) => plan
  return (plan) =>
    isPublic(plan) ? { ...plan, brings: [], retirements: [], failures: [denied, ...plan.failures] } : plan
}

async function probe(wantsPublic: boolean, run: CloudRun): Promise<UpdaterError | undefined> {
  const { glance, writer, session, checking } = run
  const { run: id, now } = writer()
  const journal = formatJournal({ step: 'probing', time: now, run: id })
  const record = await checking((signal) =>
    glance.create(
      {
        name: `image-updater tries its rights (${id})`,
        visibility: 'private',
        os_hidden: true,
        [marks.journal]: journal,
      },
      signal,
    ),
  )
  try {
    if (!wantsPublic) return undefined
    const toPublic = [{ op: 'replace', path: '/visibility', value: 'public' }] as const
    await checking((signal) => glance.patch(record.id, toPublic, signal))
    return undefined
  } catch (error) {
    const { code, message } = asUpdaterError(error)
    if (code !== 'CLOUD_DENIED' || !wantsPublic) throw error
    return new UpdaterError('CLOUD_DENIED', `${session.cloud} lets us make no image public: ${message}`, {
      remedy: 'Ask for the right publicize_image (docs/publishing.md), or give the image another visibility',
      cause: error,
    })
  } finally {
    await glance.remove(record.id, run.lasting()).catch((error: unknown) => {
      run.note(
        'warning',
        `The empty image ${record.id} could not be removed: ${asUpdaterError(error).message}`,
      )
    })
  }
}
