import { isMap, isSeq } from 'yaml'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { ImageVersion, VersionValues } from '../image.ts'
import { type CatalogDocument, type CatalogMap, type CatalogNode, openDocument } from './document.ts'
import { differences, spliceEntry, uneditable, type Values } from './entry.ts'
import { createFieldReader, type Fields, isNull, readVersion, textOf, type VersionKey } from './fields.ts'
import { spliceFirstEntry } from './first-entry.ts'
import { type History, type HistoryPlan, planHistory, spliceNewEntry, spliceRemovals } from './history.ts'
import { type CatalogPair, type Layout, measureLayout, ownPair } from './layout.ts'
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
  readonly #fieldsOf: (map: CatalogMap) => Fields
  readonly #list: CatalogPair | undefined
  readonly #edited = new Set<CatalogMap>()
  #layout: Layout | undefined
  #byName: Map<string, CatalogNode[]> | undefined

  constructor(document: CatalogDocument) {
    this.document = document
    this.#fieldsOf = createFieldReader(document)
    this.#list = isMap(document.root) ? ownPair(document.root as CatalogMap, 'images') : undefined
  }

  plan(edit: VersionEdit): Plan {
    const image = this.#find(edit)
    if (this.#edited.has(image)) throw this.#changed(image, edit.name, 'is edited twice')
    const wanted = valuesOf(edit.after)
    const date = edit.after.buildDate
    if (date !== undefined && !isDate(date)) {
      throw uneditable(this.document, image.range[0], `the build date "${date}" is not a date`)
    }
    const history = this.#history(image)
    const versions = this.#versions(image)
    if (!sameVersion(versions[0], edit.before)) {
      throw this.#changed(image, edit.name, 'has another version than when it was checked')
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

  /** The image at the place where it was read, or else the only one of its name. */
  #find({ index, name }: VersionEdit): CatalogMap {
    const items = this.#items()
    const there = items[index] ?? null
    const found = this.#nameOf(there) === name ? [there] : this.#named(name)
    if (found.length !== 1) {
      throw this.#changed(
        null,
        name,
        found.length === 0 ? 'is not there any more' : 'has moved and is there more than once',
      )
    }
    const [image = null] = found
    const listNode = this.#list?.value ?? null
    if (!isMap(image) || !isSeq(listNode)) {
      throw uneditable(this.document, image?.range[0] ?? 0, 'the image stands behind an alias')
    }
    const shared = [this.document.root, listNode, image].some((node) => this.document.isShared(node))
    if (shared || image.tag !== undefined) {
      throw uneditable(this.document, image.range[0], 'the image has a tag, or an alias stands for it')
    }
    return image as CatalogMap
  }

  /** The image's versions as they stand in it; `undefined` where there is none. */
  #history(image: CatalogMap): History | undefined {
    const versions = ownPair(image, 'versions')
    if (versions === undefined) {
      if (this.#fieldsOf(image).has('versions')) {
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
    const list = this.document.resolve(this.#fieldsOf(image).get('versions') ?? null)
    const items = isSeq(list) ? (list.items as CatalogNode[]) : []
    return items.map((item) => {
      const entry = this.document.resolve(item)
      return isMap(entry) ? readVersion(this.document, this.#fieldsOf(entry as CatalogMap)) : undefined
    })
  }

  #items(): readonly CatalogNode[] {
    const list = this.document.resolve(this.#list?.value ?? null)
    return isSeq(list) ? (list.items as CatalogNode[]) : []
  }

  #nameOf(item: CatalogNode): string | undefined {
    const image = this.document.resolve(item)
    return isMap(image) ? textOf(this.#fieldsOf(image as CatalogMap).get('name')) : undefined
  }

  #named(name: string): readonly CatalogNode[] {
    if (this.#byName === undefined) {
      this.#byName = new Map()
      for (const item of this.#items()) {
        const key = this.#nameOf(item) ?? ''
        const others = this.#byName.get(key)
        if (others === undefined) this.#byName.set(key, [item])
        else others.push(item)
      }
    }
    return this.#byName.get(name) ?? []
  }

  #measure(): Layout {
    if (this.#list === undefined) throw uneditable(this.document, 0, 'the file has no list "images"')
    this.#layout ??= measureLayout(this.document, this.#list)
    return this.#layout
  }

  #changed(image: CatalogMap | null, name: string, what: string): UpdaterError {
    return new UpdaterError('CATALOG_CHANGED', `The image "${name}" in ${this.document.path} ${what}`, {
      place: image === null ? { file: this.document.path } : this.document.place(image.range[0]),
      remedy: 'Somebody else has changed the file meanwhile: run again',
    })
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
