import { UpdaterError } from '../errors.ts'
import { type Change, patched } from './change.ts'
import type { Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { isBusy, journalOf, marks } from './marks.ts'
import { byAge, byRetirement, definitionOf, hasBytes, isOurs } from './match.ts'
import { finalName, versionOf } from './names.ts'
import { displacementsOf, promote } from './promotion.ts'
import { recordOf, setProperty } from './properties.ts'
import { repair, versionOfImage } from './repair.ts'
import { type PlanContext, reasonToSkip, type Scene, takenNames } from './scene.ts'

/** What takes a build back. */
export interface RollbackPlan {
  readonly definition: Definition
  /** The image that loses its name. Its build is skipped as long as it is there. */
  readonly bad: CloudImage
  /** The image that gets the name. */
  readonly before: CloudImage
  /** In their order. */
  readonly changes: readonly Change[]
}

/**
 * Gives the name of a definition back to the image before.
 * @param definitions all of the catalogue's
 * @param reason for people; kept on the bad image
 * @throws UpdaterError CLOUD_CONFLICT: another run is at work on it; CLOUD_FAILED: there is no image of the name, or none
 * before it
 */
export function planRollback(
  definition: Definition,
  definitions: readonly Definition[],
  images: readonly CloudImage[],
  context: PlanContext,
  reason: string,
): RollbackPlan {
  const isOwn = (image: CloudImage) =>
    isOurs(image, context) && definitionOf(image, definitions) === definition
  const own = images.filter(isOwn)
  if (own.some((image) => isBusy(image, context))) {
    const message = `Another run is at work on ${definition.image.name}`
    throw new UpdaterError('CLOUD_CONFLICT', message, { remedy: 'Let it end, then run again' })
  }
  const scene = { definition, own, strangers: images.filter((image) => !isOwn(image)), context }
  const repaired = repair(scene)
  const there = repaired.images.filter((image) => hasBytes(image) && journalOf(image) === undefined)
  const { bad, before } = choose({ ...scene, own: there })
  const record = recordOf(definition, versionOfImage(before, definition), {
    tag: context.tag,
    isNewest: false,
  })
  const promotion = {
    definition,
    record: { ...record, name: bad.name },
    evidence: { definition: definition.image.name },
    displaces: displacementsOf(definition, [bad], takenNames({ ...scene, own: there })),
  }
  const changes = promote(before, promotion, context).map((change) =>
    change.image.id === bad.id ? withReason(change, reason) : change,
  )
  return { definition, bad, before, changes: [...repaired.changes, ...changes] }
}

function choose(scene: Scene): Pick<RollbackPlan, 'bad' | 'before'> {
  const { definition, own } = scene
  const { name } = definition.image
  const names = definition.versions.map((version, at) => finalName(definition, version, at === 0))
  const holders = own.filter((image) => !image.isHidden && names.includes(image.name)).sort(byAge)
  const bad = holders.find((image) => image.name === names[0]) ?? holders[0]
  if (bad === undefined) {
    const remedy = 'See with check --cloud what is there'
    throw new UpdaterError('CLOUD_FAILED', `There is no image of ${name} that could be taken back`, {
      remedy,
    })
  }
  const before = own
    .filter(({ id }) => id !== bad.id)
    .filter(
      ({ createdAt, properties }) => properties[marks.hiddenAt] !== undefined || createdAt <= bad.createdAt,
    )
    .filter((image) => definition.multi || versionOf(image) === versionOf(bad))
    .filter((image) => image.properties[marks.skip] === undefined)
    .filter((image) => reasonToSkip(scene, versionOfImage(image, definition)) === undefined)
    .sort(byRetirement)[0]
  if (before === undefined) {
    const remedy = 'Name the build before in the catalogue, then run publish'
    throw new UpdaterError('CLOUD_FAILED', `There is no image of ${name} before ${bad.id}`, { remedy })
  }
  return { bad, before }
}

/** The patch that takes the name also says why. */
function withReason(change: Change, reason: string): Change {
  const { image, action, why } = change
  if (action.kind !== 'patch') return change
  // Glance takes no character above U+FFFF.
  const text = reason.replaceAll(/[\0\ud800-\udfff]/g, '').trim() || 'taken back'
  return patched(
    image,
    [...action.operations, setProperty(marks.skip, text)],
    [...why, 'skipped from now on'],
  )
}
