import type { CloudFinding } from '../report/schemas.ts'
import { type Change, carriedOut } from './change.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { isBusy, isMark, journalOf, marks, writtenOf } from './marks.ts'
import { hasBytes, standingOf } from './match.ts'
import { versionOf } from './names.ts'
import { displacementsOf, promote } from './promotion.ts'
import { recordOf } from './properties.ts'
import { finding, isOffered, type PlanContext, reasonToSkip, type Scene, takenNames } from './scene.ts'

export interface Repaired {
  readonly changes: readonly Change[]
  /** Our images afterwards. */
  readonly images: readonly CloudImage[]
  readonly findings: readonly CloudFinding[]
}

/** A promotion is carried through; what else a run left is gone on with if it is still wanted, else removed. */
export function repair(scene: Scene): Repaired {
  const unfinished = scene.own.filter((image) => journalOf(image) !== undefined)
  return unfinished.reduce<Repaired>(
    (done, image) => {
      const changes = repairOf(image, { ...scene, own: done.images })
      const message =
        changes.length === 0 ? 'this run goes on with it' : changes.flatMap(({ why }) => why).join(', ')
      return {
        changes: [...done.changes, ...changes],
        images: carriedOut(done.images, changes),
        findings: [...done.findings, finding('unfinished', image, `A run left ${image.name}: ${message}`)],
      }
    },
    { changes: [], images: scene.own, findings: [] },
  )
}

function repairOf(image: CloudImage, scene: Scene): readonly Change[] {
  const { definition, context } = scene
  const wanted = isOffered(definition, context) ? definition.versions : []
  const isSkipped = reasonToSkip(scene, versionOfImage(image, definition)) !== undefined
  const isPromoting = journalOf(image)?.step === 'promoting' && hasBytes(image)
  if (isPromoting && !isSkipped && isOffered(definition, context)) return goOnPromoting(image, scene)
  if (!isSkipped && wanted.some((version) => isNeeded(image, version, scene))) return []
  // An id that was deleted can never be used again: who has it decides.
  if (!hasBytes(image) && wanted.some(({ id }) => id === image.id)) return []
  return [{ image, action: { kind: 'remove' }, why: ['is removed: no run is at work on it'] }]
}

/** Whatever the catalogue has by now: until this one is through, users may see no image of the name. */
function goOnPromoting(image: CloudImage, scene: Scene): readonly Change[] {
  const { definition, own, context } = scene
  const holders = own.filter((one) => one.id !== image.id && one.name === image.name && hasBytes(one))
  const defined = definition.versions.find((version) => standingOf(image, definition, version) === 'same')
  const version = defined ?? versionOfImage(image, definition)
  const record = recordOf(definition, version, { tag: context.tag, isNewest: false })
  const promotion = {
    definition,
    record: { ...record, name: image.name },
    evidence: { definition: definition.image.name },
    displaces: displacementsOf(definition, holders, takenNames(scene)),
  }
  return promote(image, promotion, context)
}

/** Can a run go on with what an earlier one left of a version? */
export function isResumable(image: CloudImage, version: DefinedVersion, { definition }: Scene): boolean {
  const step = journalOf(image)?.step
  if (step === 'proven') return hasBytes(image) && standingOf(image, definition, version) === 'same'
  return step === 'bringing' && image.status === 'queued' && image.id === version.id
}

/** Another run may have brought the version meanwhile, or left one like it. */
function isNeeded(image: CloudImage, version: DefinedVersion, scene: Scene): boolean {
  const { own, definition } = scene
  const isThere = own.some(
    (one) => hasBytes(one) && journalOf(one) === undefined && standingOf(one, definition, version) === 'same',
  )
  return !isThere && own.find((one) => isResumable(one, version, scene))?.id === image.id
}

/** A version that the catalogue no longer has, as its image has it. */
export function versionOfImage(image: CloudImage, { meta }: Definition): DefinedVersion {
  const { properties } = image
  const written = writtenOf(image)?.properties ?? []
  const own = written.filter((key) => !Object.hasOwn(meta, key) && !isMark(key) && !isTold.has(key))
  return {
    version: versionOf(image),
    buildDate: properties.image_build_date,
    digest: undefined,
    url: properties.image_source,
    mirrorUrl: undefined,
    source: properties.image_source,
    id: undefined,
    osVersion: properties.os_version,
    description: undefined,
    visibility: undefined,
    isHidden: false,
    meta: Object.fromEntries(
      own.flatMap((key) => (properties[key] === undefined ? [] : [[key, properties[key]]])),
    ),
    checksumUrl: undefined,
  }
}

/** Properties that the definition says, whatever the version is. */
const isTold = new Set(['image_name', 'image_description', 'image_original_user'])

/** A record of no definition: one that only showed what rights there are, or that never got any bytes. */
export function isLeftover(image: CloudImage, context: PlanContext): boolean {
  const journal = journalOf(image)
  if (journal === undefined || isBusy(image, context)) return false
  return journal.step === 'probing' || (!hasBytes(image) && image.properties[marks.definition] === undefined)
}
