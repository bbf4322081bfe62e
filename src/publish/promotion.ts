import { patched } from '../cloud/change.ts'
import type { CloudImage } from '../cloud/image.ts'
import { definitionOf, hasBytes, isOurs } from '../cloud/match.ts'
import { nameOfOld } from '../cloud/names.ts'
import { type Bring, displacementsOf, type Promotion } from '../cloud/promotion.ts'
import { UpdaterError } from '../errors.ts'
import { type CloudRun, carryOut, listImages } from './run.ts'

/**
 * Reads the images anew, for Glance has no compare-and-set, and says who loses the name.
 * @throws UpdaterError CLOUD_CONFLICT if the image is gone, or its name belongs to somebody else meanwhile
 */
export async function promotionOf(
  bring: Bring,
  fresh: CloudImage,
  run: CloudRun,
): Promise<{ readonly promotion: Promotion; readonly image: CloudImage }> {
  const { definition, record, version } = bring
  const images = await run.checking((signal) => listImages(run, signal))
  const image = images.find(({ id }) => id === fresh.id)
  if (image === undefined) throw conflict(`The new image ${fresh.id} of ${record.name} is gone`)
  const named = images.filter((one) => one.id !== fresh.id && one.name === record.name && hasBytes(one))
  const isHolder = (one: CloudImage) =>
    isOurs(one, run.owner) && definitionOf(one, [definition]) === definition
  const stranger = named.find((one) => !isHolder(one) && !one.isHidden && one.visibility === 'public')
  if (stranger !== undefined) {
    throw conflict(`The name ${record.name} has been given to ${stranger.id} meanwhile, which is not ours`)
  }
  const planned = new Map(
    bring.displaces.flatMap(({ image, name, isDefined }) => (isDefined ? [[image.id, name] as const] : [])),
  )
  const taken = new Set(images.map(({ name }) => name))
  const displaces = displacementsOf(definition, named.filter(isHolder), taken, planned)
  const evidence = { definition: definition.image.name, version }
  return { promotion: { definition, record, evidence, displaces }, image }
}

/**
 * Lists the images of the name after the swap: of two runs at once the later one gives it back.
 * @throws UpdaterError CLOUD_CONFLICT if it was this one
 */
export async function stepBack(
  { definition, record }: Bring,
  { id }: CloudImage,
  run: CloudRun,
  signal: AbortSignal,
): Promise<void> {
  const images = await run.glance.list({ owner: run.owner.project, name: record.name }, signal)
  const ours = images.find((one) => one.id === id)
  const earlier = images.find((one) => one.id !== id && ours !== undefined && isRival(one, ours, run))
  if (ours === undefined || earlier === undefined) return
  const name = nameOfOld(definition, ours, new Set(images.map((one) => one.name)))
  const operations = [
    { op: 'replace', path: '/name', value: name },
    { op: 'replace', path: '/os_hidden', value: true },
  ] as const
  await carryOut(patched(ours, operations, ['gives the name back']), run, signal)
  throw conflict(
    `Another run has published ${record.name} at the same time (${earlier.id}): ours is called ${name}`,
  )
}

function isRival(one: CloudImage, ours: CloudImage, { owner }: CloudRun): boolean {
  const isEarlier =
    one.createdAt < ours.createdAt ||
    (one.createdAt.getTime() === ours.createdAt.getTime() && one.id < ours.id)
  return (
    isEarlier && isOurs(one, owner) && hasBytes(one) && !one.isHidden && one.visibility === ours.visibility
  )
}

function conflict(message: string): UpdaterError {
  return new UpdaterError('CLOUD_CONFLICT', message, { remedy: 'Run again once no other run is at work' })
}
