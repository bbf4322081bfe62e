import type { ImageVersion, VersionValues } from '../image.ts'
import { carryOut, type EditableFile, type Edited, type ImagePosition, type Plan } from './carry-out.ts'
import { contentOf, contentOfList, contentOfScalar, contentWith } from './content.ts'
import {
  type CatalogDocument,
  type CatalogMap,
  hasProperties,
  isList,
  isMapping,
  ownPair,
} from './document.ts'
import { isNull, textOf } from './fields.ts'
import type { CatalogEntry, VersionKey } from './parse.ts'
import { isDate, type Values, VersionRenderer } from './render.ts'
import { uneditable } from './splice.ts'
import {
  spliceEntry,
  spliceFirstEntry,
  spliceNewEntry,
  spliceRemovals,
  type VersionList,
} from './versions.ts'

/** A change of one image's versions, planned from a read file. */
export interface VersionEdit extends ImagePosition {
  /** What the entry held when the change was planned; `undefined` for an empty list. */
  readonly before: ImageVersion | undefined
  /** Position in `versions` of an entry whose values are corrected in their place. Default: 0. */
  readonly position?: number | undefined
  /** Only the fields that differ from what stands in the file are written. */
  readonly after: Partial<VersionValues>
  /**
   * Entries, at most, that the list is to have: `after` goes in front as an entry of its own, and the oldest
   * ones go. An entry of the same version is replaced, not doubled. Absent: as many as it has.
   */
  readonly keep?: number | undefined
}

/**
 * Writes new values into the first versions of some images, or new versions in front of them. Only the
 * bytes of these values (and the lines of keys and entries that come or go) change; the result is read
 * again and compared with the plan. An edit that cannot be made does not keep the others from being made:
 * CATALOG_CHANGED: the image is not what it was when the edit was planned; CATALOG_UNEDITABLE: its layout
 * does not allow a safe edit.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function editEach(path: string, text: string, edits: readonly VersionEdit[]): Edited<VersionEdit> {
  return carryOut(path, text, edits, (file) => {
    const renderer = new VersionRenderer(file.document, file.list)
    return (edit) => planEdit(file, renderer, edit)
  })
}

function planEdit(file: EditableFile, renderer: VersionRenderer, edit: VersionEdit): Plan {
  const { document } = file
  const entry = file.find(edit)
  const { image, map } = entry
  const date = edit.after.buildDate
  if (date !== undefined && !isDate(date)) {
    throw uneditable(document, map, `the build date "${date}" is not a date`)
  }
  const standing = versionListOf(document, entry)
  const { position = 0 } = edit
  if (!isSameVersion(image.versions[position], edit.before)) {
    throw file.changed(edit.name, 'has another version than when it was checked', map)
  }
  const wanted = valuesOf(edit.after)
  const contentHolding = (...entries: readonly string[]) =>
    contentWith(map, new Map([['versions', contentOfList(entries)]]))
  if (standing === undefined) {
    const splices = spliceFirstEntry(renderer, map, wanted)
    return { image: map, splices, content: contentHolding(contentOfEntry(undefined, wanted)) }
  }
  const { list, first } = standing
  const { isNew, removed } = planHistory(edit, image.versions)
  if (!isNew && removed.length === 0) {
    const changed = position === 0 ? first : list.items[position]
    if (!isMapping(changed)) throw uneditable(document, changed, 'a version is an alias or not a mapping')
    const values = differences(changed, wanted)
    const contents = list.items.map((item) =>
      item === changed ? contentOfEntry(changed, values) : contentOf(item),
    )
    return {
      image: map,
      splices: spliceEntry(renderer, changed, values),
      content: contentHolding(...contents),
    }
  }
  const kept = list.items.filter((_, index) => (isNew || index > 0) && !removed.includes(index))
  const values = isNew ? wanted : differences(first, wanted)
  const entrySplices = isNew
    ? [spliceNewEntry(renderer, standing, values)]
    : spliceEntry(renderer, first, values)
  const entryContent = contentOfEntry(isNew ? undefined : first, values)
  return {
    image: map,
    splices: [...entrySplices, ...spliceRemovals(document, standing, removed)],
    content: contentHolding(entryContent, ...kept.map((item) => contentOf(item))),
  }
}

/** The content of an entry with its new values, beside what it holds already. */
function contentOfEntry(standing: CatalogMap | undefined, values: Values): string {
  const contents = [...values].map(([key, value]) => {
    return [key, value === null ? null : contentOfScalar(value, key !== 'build_date')] as const
  })
  return contentWith(standing, new Map(contents))
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

/** The values that are not what the version holds already. */
function differences(version: CatalogMap, values: Values): Values {
  return new Map(
    [...values].filter(([key, value]) => {
      const pair = ownPair(version, key)
      return value === null ? pair !== undefined : textOf(pair?.value) !== value
    }),
  )
}

function isSameVersion(a: ImageVersion | undefined, b: ImageVersion | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const keys = ['version', 'buildDate', 'checksum', 'url', 'mirrorUrl'] as const
  return keys.every((key) => a[key] === b[key])
}

/** The versions as they stand in the image; `undefined` if there is none. */
function versionListOf(document: CatalogDocument, { image, map }: CatalogEntry): VersionList | undefined {
  const pair = ownPair(map, 'versions')
  if (pair === undefined) {
    if (image.versions.length === 0) return undefined
    throw uneditable(document, map, '"versions" comes from a merge key (<<)')
  }
  const list = pair.value
  if (hasProperties(list) || !(isNull(list) || isList(list))) {
    throw uneditable(document, pair.key, '"versions" is an alias, or has an anchor or a tag')
  }
  if (!isList(list) || list.items.length === 0) return undefined
  const [first] = list.items
  if (!isMapping(first)) {
    throw uneditable(document, list, 'the first of "versions" is an alias or not a mapping')
  }
  if (image.versions.length < list.items.length) {
    throw uneditable(document, list, 'one of "versions" is not a mapping')
  }
  return { pair, list, first }
}

/** As OpenStack Image Manager sorts versions; it takes the last one for the newest, wherever it stands in the file. */
const natural = new Intl.Collator('en', { numeric: true })

/** Would Image Manager take the entry for newer than `version`? So it does a date beside a `4230.2.4`. */
export function outranks(entry: ImageVersion, version: string): boolean {
  return natural.compare(entry.version ?? '', version) > 0
}

/**
 * Whether the values make an entry of their own in front, and the positions of the entries that go. An entry does not
 * stay if it is of the same version, if its object is replaced by the new one, or if it outranks the new one; of the
 * others the newest stay. If the first does not stay, the new values take its place.
 */
function planHistory({ after, keep }: VersionEdit, versions: readonly ImageVersion[]) {
  const { version, mirrorUrl } = after
  if (version === undefined) return { isNew: false, removed: [] }
  const possible = versions
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => entry.version !== version && !outranks(entry, version))
    .filter(({ entry }) => entry.mirrorUrl === undefined || entry.mirrorUrl !== mirrorUrl)
    .sort((a, b) => natural.compare(b.entry.version ?? '', a.entry.version ?? ''))
  const kept = possible.slice(0, (keep ?? versions.length) - 1).map(({ index }) => index)
  const isStaying = (index: number) => kept.includes(index)
  return {
    isNew: isStaying(0),
    removed: [...versions.keys()].filter((index) => index > 0 && !isStaying(index)),
  }
}
