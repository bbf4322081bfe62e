import { isMap, isSeq } from 'yaml'
import type { ImageVersion, VersionValues } from '../image.ts'
import { isImageAsPlanned, type PlannedChange } from './as-planned.ts'
import { carryOut, type Edited, type Plan } from './carry-out.ts'
import type { CatalogDocument } from './document.ts'
import { differences, spliceEntry, uneditable, type Values } from './entry.ts'
import { isNull, readVersion, type VersionKey } from './fields.ts'
import { ImageFinder } from './find-image.ts'
import { spliceFirstEntry } from './first-entry.ts'
import { type History, type HistoryPlan, planHistory, spliceNewEntry, spliceRemovals } from './history.ts'
import { type Layout, measureLayout, ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { isDate } from './scalar.ts'
import type { Splice } from './splice.ts'
import type { VersionEdit } from './types.ts'

/** What became of several edits of one text. */
export type EditedText = Edited<VersionEdit>

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
  return carryOut(path, text, edits, (document) => {
    const planner = new EditPlanner(document)
    return (edit) => planner.plan(edit)
  })
}

class EditPlanner {
  readonly #document: CatalogDocument
  readonly #images: ImageFinder
  readonly #edited = new Set<CatalogMap>()
  #layout: Layout | undefined

  constructor(document: CatalogDocument) {
    this.#document = document
    this.#images = new ImageFinder(document)
  }

  plan(edit: VersionEdit): Plan {
    const image = this.#images.find(edit)
    if (this.#edited.has(image)) throw this.#images.changed(image, edit.name, 'is edited twice')
    const wanted = valuesOf(edit.after)
    const date = edit.after.buildDate
    if (date !== undefined && !isDate(date)) {
      throw uneditable(this.#document, image.range[0], `the build date "${date}" is not a date`)
    }
    const history = this.#history(image)
    const versions = this.#versions(image)
    if (!sameVersion(versions[0], edit.before)) {
      throw this.#images.changed(image, edit.name, 'has another version than when it was checked')
    }
    this.#edited.add(image)
    const { change, splices } = this.#change(image, history, planHistory(edit, versions), wanted)
    return { image, splices, isDone: (after) => isImageAsPlanned(image, after, change) }
  }

  #change(
    image: CatalogMap,
    history: History | undefined,
    { isNew, removed }: HistoryPlan,
    wanted: Values,
  ): { change: PlannedChange; splices: readonly Splice[] } {
    const document = this.#document
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
        throw uneditable(this.#document, image.range[0], '"versions" comes from a merge key (<<)')
      }
      return undefined
    }
    const list = versions.value
    if (isNull(list)) return undefined
    if (!isSeq(list) || list.anchor !== undefined || list.tag !== undefined) {
      throw uneditable(
        this.#document,
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
    throw uneditable(this.#document, list.range[0], 'the first of "versions" is an alias or not a mapping')
  }

  #versions(image: CatalogMap): (ImageVersion | undefined)[] {
    const list = this.#document.resolve(this.#images.fieldOf(image, 'versions') ?? null)
    const items = isSeq(list) ? (list.items as CatalogNode[]) : []
    return items.map((item) => {
      const entry = this.#document.resolve(item)
      return isMap(entry)
        ? readVersion(this.#document, this.#images.fieldsOf(entry as CatalogMap))
        : undefined
    })
  }

  #measure(): Layout {
    const { list } = this.#images
    if (list === undefined) throw uneditable(this.#document, 0, 'the file has no list "images"')
    this.#layout ??= measureLayout(this.#document, list)
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
