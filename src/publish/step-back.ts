import { patched } from '../cloud/change.ts'
import type { CloudImage } from '../cloud/image.ts'
import { byAge, hasBytes, isOurs } from '../cloud/match.ts'
import { nameOfOld } from '../cloud/names.ts'
import type { Bring } from '../cloud/promotion.ts'
import { UpdaterError } from '../errors.ts'
import { type CloudRun, carryOut } from './run.ts'

/**
 * Lists the images of the name after the swap, for Glance has no compare-and-set: of two runs at once the later one gives
 * the name back.
 * @throws UpdaterError CLOUD_CONFLICT if it was this one
 */
export async function stepBack(
  { definition, record }: Bring,
  { id }: CloudImage,
  run: CloudRun,
  signal: AbortSignal,
): Promise<void> {
  const { project } = run.owner
  const images = await run.glance.list({ owner: project, name: record.name, visibility: 'all' }, signal)
  const ours = images.find((one) => one.id === id)
  if (ours === undefined) return
  const isRival = (one: CloudImage) =>
    one.id !== id && isOurs(one, run.owner) && hasBytes(one) && !one.isHidden && one.visibility !== 'private'
  const earlier = images.find((one) => isRival(one) && byAge(ours, one) < 0)
  if (earlier === undefined) return
  const name = nameOfOld(definition, ours, new Set(images.map((one) => one.name)))
  const operations = [
    { op: 'replace', path: '/name', value: name },
    { op: 'replace', path: '/os_hidden', value: true },
  ] as const
  await carryOut(patched(ours, operations, ['gives the name back']), run, signal)
  const message = `Another run has published ${record.name} at the same time (${earlier.id}): ours is called ${name}, and hidden`
  throw new UpdaterError('CLOUD_CONFLICT', message, { remedy: 'One run at a time is enough' })
}
