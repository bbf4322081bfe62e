import type { CloudImage } from '../cloud/image.ts'
import { UpdaterError } from '../errors.ts'
import type { Tell } from '../run/run.ts'
import type { CloudRun } from './run.ts'

/**
 * Shares an image with those with whom the ones before it are shared, and with those that the operator names. It is
 * accepted for them where our rights allow that.
 * @param id of a shared image; others have no members
 * @param before images that have lost their name to it
 * @throws UpdaterError CLOUD_*, ABORTED
 */
export async function shareImage(
  id: string,
  before: readonly CloudImage[],
  run: CloudRun,
  tell: Tell,
): Promise<void> {
  const { glance, checking, session } = run
  const membersOf = (image: string) => checking((signal) => glance.members(image, signal))
  const shared = before.filter(({ visibility }) => visibility === 'shared')
  const carried = (await Promise.all(shared.map((image) => membersOf(image.id)))).flat()
  const wanted = new Set([
    ...carried.flatMap(({ project, status }) => (status === 'rejected' ? [] : project)),
    ...(await run.sharedWith()),
  ])
  const there = new Set(wanted.size === 0 ? [] : (await membersOf(id)).map(({ project }) => project))
  for (const project of wanted) {
    if (there.has(project)) continue
    await checking((signal) => glance.addMember(id, project, signal))
    const isAccepted = await accept(id, project, run)
    const how = isAccepted ? 'which has it accepted' : 'which has to accept it'
    tell({ type: 'in-cloud', cloud: session.cloud, message: `${id} is shared with ${project}, ${how}` })
  }
}

/** Only administrators, and the project itself, may accept. */
async function accept(id: string, project: string, { glance, checking }: CloudRun): Promise<boolean> {
  try {
    await checking((signal) => glance.acceptMember(id, project, signal))
    return true
  } catch (error) {
    if (error instanceof UpdaterError && error.code === 'CLOUD_DENIED') return false
    throw error
  }
}
