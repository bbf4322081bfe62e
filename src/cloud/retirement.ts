import { type Change, patched } from './change.ts'
import type { Definition, UuidValidity } from './definition.ts'
import type { CloudImage, PatchOperation } from './image.ts'
import { marks } from './marks.ts'
import { byAge } from './match.ts'
import { setProperty } from './properties.ts'

/** What becomes of an image that was replaced. */
export const retirementKinds = ['hide', 'community', 'deactivate', 'delete', 'none'] as const
export type RetirementKind = (typeof retirementKinds)[number]

export interface RetirementRules {
  readonly retire: RetirementKind
  /** Milliseconds after its retirement, if nothing is promised for longer. */
  readonly deleteAfter?: number | undefined
  /** `--yes`: images may be deleted, and more of them retired than the brake lets pass. */
  readonly isConfirmed: boolean
  readonly now: Date
}

/** Why a retirement is not carried out in this run. */
export type Hold =
  /** It deletes, and `--yes` was not given. */
  | 'confirmation'
  /** There are too many. */
  | 'brake'
  /** Nobody knew of the image before this run: it is only marked as ours. */
  | 'adoption'

export interface Retirement extends Change {
  readonly hold?: Hold | undefined
}

/** Do users no longer see an image as they saw it? */
export function isRetired({ isHidden, visibility }: CloudImage, definition: Definition): boolean {
  return isHidden || (visibility === 'community' && definition.visibility !== 'community')
}

/** What takes an image from the users' sight; it can be booted by its id as before. Empty if they don't see it. */
export function hidingOperations(
  image: CloudImage,
  definition: Definition,
  { retire, now }: RetirementRules,
): readonly PatchOperation[] {
  if (retire === 'none' || isRetired(image, definition)) return []
  const hiding: PatchOperation =
    retire === 'community' && definition.visibility !== 'community'
      ? { op: 'replace', path: '/visibility', value: 'community' }
      : { op: 'replace', path: '/os_hidden', value: true }
  return [hiding, setProperty(marks.hiddenAt, now.toISOString())]
}

/**
 * Returns the images that must stay bootable by their ids.
 * @param images all of a definition's that are there
 * @param brought how many newer ones this run brings
 */
export function keptImages(
  images: readonly CloudImage[],
  { validity, isKept }: Definition,
  now: Date,
  brought = 0,
): ReadonlySet<CloudImage> {
  if (isKept) return new Set(images)
  return new Set([...images].sort(byAge).slice(0, Math.max(0, keptCount(validity, now) - brought)))
}

function keptCount(validity: UuidValidity, now: Date): number {
  if (validity.kind === 'last') return validity.count
  if (validity.kind === 'none') return 0
  if (validity.kind !== 'until') return Number.POSITIVE_INFINITY
  return now.toISOString().slice(0, 10) <= validity.date ? Number.POSITIVE_INFINITY : 0
}

/** What becomes of an image that has lost its name, or whose definition was switched off. */
export function retire(
  image: CloudImage,
  definition: Definition,
  rules: RetirementRules,
  { isKept, why }: { readonly isKept: boolean; readonly why: string },
): readonly Retirement[] {
  if (rules.retire === 'none') return []
  const hiding = hidingOperations(image, definition, rules)
  const hides = hiding.length > 0 ? [patched(image, hiding, [why])] : []
  if (isKept) return hides
  const hold = rules.isConfirmed ? undefined : ('confirmation' as const)
  if (deletes(image, rules) && !image.isProtected) {
    const removal = {
      image,
      action: { kind: 'remove' as const },
      why: [`${why}; nothing promises its id any longer`],
      hold,
    }
    return hold === undefined ? [removal] : [...hides, removal]
  }
  const since = hiding.length === 0 ? sinceNow(image, rules) : []
  if (rules.retire !== 'deactivate' || image.status !== 'active') return [...hides, ...since]
  return [
    ...hides,
    ...since,
    { image, action: { kind: 'deactivate' }, why: [`${why}; nothing promises its id any longer`] },
  ]
}

/** The days until a deletion are counted from now on for an image of which nobody has said when it was retired. */
function sinceNow(image: CloudImage, { deleteAfter, now }: RetirementRules): readonly Retirement[] {
  if (deleteAfter === undefined || hiddenSince(image) !== undefined) return []
  const operations = [setProperty(marks.hiddenAt, now.toISOString())]
  return [patched(image, operations, ['the days until it is deleted are counted from now on'])]
}

function deletes(image: CloudImage, { retire, deleteAfter, now }: RetirementRules): boolean {
  if (retire === 'delete') return true
  const since = hiddenSince(image)
  if (deleteAfter === undefined || since === undefined) return false
  return now.getTime() - since >= deleteAfter
}

/** Milliseconds. */
function hiddenSince({ properties }: CloudImage): number | undefined {
  const time = Date.parse(properties[marks.hiddenAt] ?? '')
  return Number.isNaN(time) ? undefined : time
}

const mostAtOnce = 5

/** A run that would retire more images than these, or more than a fifth of ours, is more likely a mistake. */
export interface Brake {
  /** Images that would be retired. */
  readonly retirements: number
  /** Those included that this run brings. */
  readonly ours: number
}

export function brakeOf(retirements: readonly Retirement[], ours: number): Brake | undefined {
  const images = new Set(retirements.filter(({ hold }) => hold === undefined).map(({ image }) => image.id))
  const isMany = images.size > mostAtOnce || images.size > Math.ceil(ours / 5)
  return isMany ? { retirements: images.size, ours } : undefined
}
