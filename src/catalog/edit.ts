import { isMap, isSeq } from 'yaml'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { ImageVersion, VersionValues } from '../image.ts'
import { type CatalogDocument, openDocument } from './document.ts'
import { differences, spliceEntry, uneditable, type Values } from './entry.ts'
import { isNull, readVersion, type VersionKey } from './fields.ts'
import { ImageFinder } from './find-image.ts'
import { spliceFirstEntry } from './first-entry.ts'
import { type History, type HistoryPlan, planHistory, spliceNewEntry, spliceRemovals } from './history.ts'
import { type Layout, measureLayout, ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { isAsPlanned, type PlannedChange } from './same.ts'
import { isDate } from './scalar.ts'
import { applySplices, type Splice } from './splice.ts'
import type { VersionEdit } from './types.ts'

/** What became of several edits of one text. */
export interface EditedText {
  readonly text: string
  readonly applied: readonly VersionEdit[]
  readonly failed: readonly FailedEdit[]
}

export interface FailedEdit {
  readonly edit: VersionEdit
  readonly error: UpdaterError
}

/**
 * Writes new values into the first versions of some images, or new versions in front of them. Only the
 * bytes of these values (and the lines of keys and entries that come or go) change; the result is read
 * again and compared with the plan.
 * @throws UpdaterError CATALOG_SYNTAX; CATALOG_CHANGED: an image is not what it was when the edit was
 * planned; CATALOG_UNEDITABLE: its layout does not allow a safe edit. Then nothing is edited.
 */
export function editCatalog(path: string, text: string, edits: readonly VersionEdit[]): string {
  const edited = editEach(path, text, edits)
  const [failure] = edited.failed
  if (failure !== undefined) throw failure.error
  return edited.text
}

/**
 * Like `editCatalog`, but an edit that cannot be made does not keep the others from being made.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function editEach(path: string, text: string, edits: readonly VersionEdit[]): EditedText {
  const planner = new EditPlanner(openDocument(path, text))
  const failed: FailedEdit[] = []
  const plans: Plan[] = []
  for (const edit of edits) {
    try {
      plans.push(planner.plan(edit))
    } catch (error) {
      failed.push({ edit, error: asUpdaterError(error) })
    }
  }
  const edited = carryOut(planner.document, plans)
  return { ...edited, failed: [...failed, ...edited.failed] }
}

interface Plan {
  readonly edit: VersionEdit
  readonly image: CatalogMap
  readonly change: PlannedChange
  readonly splices: readonly Splice[]
}

/** Where the result is not as planned, halves are tried, until those that spoil it stand alone. */
function carryOut(document: CatalogDocument, plans: readonly Plan[]): EditedText {
  const effective = plans.filter(({ splices }) => splices.length > 0)
  const applied = plans.map(({ edit }) => edit)
  const text = applyPlans(document, effective)
  if (text !== undefined) return { text, applied, failed: [] }
  const [plan] = effective
  if (effective.length === 1 && plan !== undefined) {
    const error = uneditable(document, plan.image.range[0], 'more than the planned values would change')
    return {
      text: document.text,
      applied: applied.filter((edit) => edit !== plan.edit),
      failed: [{ edit: plan.edit, error }],
    }
  }
  const middle = Math.ceil(plans.length / 2)
  const first = carryOut(document, plans.slice(0, middle))
  const edits = plans.slice(middle).map(({ edit }) => edit)
  const second = editEach(document.path, first.text, edits)
  return {
    text: second.text,
    applied: [...first.applied, ...second.applied],
    failed: [...first.failed, ...second.failed],
  }
}

function applyPlans(document: CatalogDocument, plans: readonly Plan[]): string | undefined {
  if (plans.length === 0) return document.text
  const text = applySplices(
    document.text,
    plans.flatMap(({ splices }) => splices),
  )
  if (text === undefined) return undefined
  try {
    const planned = new Map<CatalogNode, PlannedChange>(plans.map(({ image, change }) => [image, change]))
    return isAsPlanned(document.root, openDocument(document.path, text).root, planned) ? text : undefined
  } catch (error) {
    if (error instanceof UpdaterError) return undefined
    throw error
  }
}

class EditPlanner {
  readonly document: CatalogDocument
  readonly #images: ImageFinder
  readonly #edited = new Set<CatalogMap>()
  #layout: Layout | undefined

  constructor(document: CatalogDocument) {
    this.document = document
    this.#images = new ImageFinder(document)
  }

  plan(edit: VersionEdit): Plan {
    const image = this.#images.find(edit)
    if (this.#edited.has(image)) throw this.#images.changed(image, edit.name, 'is edited twice')
    const wanted = valuesOf(edit.after)
    const date = edit.after.buildDate
    if (date !== undefined && !isDate(date)) {
      throw uneditable(this.document, image.range[0], `the build date "${date}" is not a date`)
    }
    const history = this.#history(image)
    const versions = this.#versions(image)
    if (!sameVersion(versions[0], edit.before)) {
      throw this.#images.changed(image, edit.name, 'has another version than when it was checked')
    }
    this.#edited.add(image)
    return { edit, image, ...this.#change(image, history, planHistory(edit, versions), wanted) }
  }

  #change(
    image: CatalogMap,
    history: History | undefined,
    { isNew, removed }: HistoryPlan,
    wanted: Values,
  ): Pick<Plan, 'change' | 'splices'> {
    const { document } = this
    const layout = this.#measure()
    if (history === undefined) {
      const values = withoutNulls(wanted)
      const splices = spliceFirstEntry(document, layout, image, values)
      return { change: { values, isNew: values.size > 0, removed: [] }, splices }
    }
    const older = spliceRemovals(document, history, removed)
    if (isNew) {
      const values = withoutNulls(wanted)
      const splices = [spliceNewEntry(document, layout, history, values), ...older]
      return { change: { values, isNew, removed }, splices }
    }
    const values = differences(history.first, wanted)
    const splices = [...spliceEntry(document, layout, history.first, values), ...older]
    return { change: { values, isNew, removed }, splices }
  }

  /** The image's versions as they stand in it; `undefined` where there is none. */
  #history(image: CatalogMap): History | undefined {
    const versions = ownPair(image, 'versions')
    if (versions === undefined) {
      if (this.#images.fieldOf(image, 'versions') !== undefined) {
        throw uneditable(this.document, image.range[0], '"versions" comes from a merge key (<<)')
      }
      return undefined
    }
    const list = versions.value
    if (isNull(list)) return undefined
    if (!isSeq(list) || list.anchor !== undefined || list.tag !== undefined) {
      throw uneditable(
        this.document,
        versions.key.range[0],
        '"versions" is an alias, or has an anchor or a tag',
      )
    }
    const [first] = list.items
    if (first === undefined) return undefined
    if (isMap(first)) {
      const items = list.items as CatalogNode[]
      return { pair: versions, isFlow: list.flow === true, items, first: first as CatalogMap }
    }
    throw uneditable(this.document, list.range[0], 'the first of "versions" is an alias or not a mapping')
  }

  #versions(image: CatalogMap): (ImageVersion | undefined)[] {
    const list = this.document.resolve(this.#images.fieldOf(image, 'versions') ?? null)
    const items = isSeq(list) ? (list.items as CatalogNode[]) : []
    return items.map((item) => {
      const entry = this.document.resolve(item)
      return isMap(entry) ? readVersion(this.document, this.#images.fieldsOf(entry as CatalogMap)) : undefined
    })
  }

  #measure(): Layout {
    const { list } = this.#images
    if (list === undefined) throw uneditable(this.document, 0, 'the file has no list "images"')
    this.#layout ??= measureLayout(this.document, list)
    return this.#layout
  }
}

function valuesOf(after: Partial<VersionValues>): Values {
  const all: [VersionKey, string | null | undefined][] = [
    ['version', after.version],
    ['url', after.url],
    ['mirror_url', after.mirrorUrl],
    ['checksum', after.checksum],
    ['build_date', after.buildDate],
  ]
  return new Map(all.filter((pair): pair is [VersionKey, string | null] => pair[1] !== undefined))
}

function withoutNulls(values: Values): Values {
  return new Map([...values].filter(([, value]) => value !== null))
}

function sameVersion(a: ImageVersion | undefined, b: ImageVersion | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const keys = ['version', 'buildDate', 'checksum', 'url', 'mirrorUrl'] as const
  return keys.every((key) => a[key] === b[key])
}
