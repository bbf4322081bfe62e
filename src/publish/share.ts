import type { CloudImage } from '../cloud/image.ts'
import { UpdaterError } from '../errors.ts'
import type { Tell } from '../run/run.ts'
import type { CloudRun } from './run.ts'

/** Returns the ids of the projects with which images are shared; only shared ones have any. @throws UpdaterError CLOUD_* */
export async function membersOf(
  images: readonly CloudImage[],
  { glance, checking }: CloudRun,
): Promise<readonly string[]> {
  const shared = images.filter(({ visibility }) => visibility === 'shared')
  const members = await Promise.all(shared.map(({ id }) => checking((signal) => glance.members(id, signal))))
  return members.flat().flatMap(({ project, status }) => (status === 'rejected' ? [] : project))
}

/**
 * Shares an image with those with whom the ones before it were shared, and with those that the operator names. It is
 * accepted for them where our rights allow that.
 * @param id of a shared image; others have no members
 * @param carried ids of projects
 * @throws UpdaterError CLOUD_*, ABORTED
 */
export async function shareImage(
  id: string,
  carried: readonly string[],
  run: CloudRun,
  tell: Tell,
): Promise<void> {
  const { glance, checking, session } = run
  const wanted = new Set([...carried, ...(await run.sharedWith())])
  if (wanted.size === 0) return
  const there = new Set(
    (await checking((signal) => glance.members(id, signal))).map(({ project }) => project),
  )
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
