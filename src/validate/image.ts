import {
  type CatalogDocument,
  type CatalogMap,
  type CatalogNode,
  isList,
  isMapping,
} from '../catalog/document.ts'
import type { FieldReader } from '../catalog/fields.ts'
import { readValue } from '../catalog/value.ts'
import type { Place } from '../errors.ts'

/** A text of the catalogue and where it stands. */
export interface Located {
  readonly key: string
  readonly text: string
  readonly place: Place
}

/** The texts of a mapping by their keys; an empty value, a list or a mapping is left out. */
export type Texts = Readonly<Record<string, Located | undefined>>

/** A mapping, as far as it can be read: no key is sure to be there. */
export interface Entry {
  readonly place: Place
  readonly texts: Texts
}

/** A version of an image; what its own `meta` says goes over the image's. */
export interface CheckedVersion extends Entry {
  readonly meta: Texts
}

/** An image definition. */
export interface CheckedImage extends Entry {
  readonly file: string
  /** Empty if there is none. */
  readonly name: string
  readonly shortname: string | undefined
  readonly meta: Texts
  readonly versions: readonly CheckedVersion[]
}

/** Whether OpenStack Image Manager imports it. */
export function isEnabled({ texts }: CheckedImage): boolean {
  return !/^(?:no|false|off)$/i.test(texts.enable?.text ?? '')
}

/** Reads an entry of `images`; `undefined` for what is no mapping. */
export function readImage(
  document: CatalogDocument,
  fields: FieldReader,
  item: CatalogNode,
): CheckedImage | undefined {
  const entryOf = (node: CatalogNode): Entry | undefined => {
    const map = document.resolve(node)
    if (!isMapping(map)) return undefined
    const texts = [...fields.read(map)].flatMap(([key, { value = null }]) => {
      const { kind, text } = readValue(value)
      const isAbsent = value === null || kind === 'nothing' || text === ''
      return isAbsent ? [] : [[key, { key, text, place: document.place(value.range[0]) }] as const]
    })
    return { place: document.place((node ?? map).range[0]), texts: Object.fromEntries(texts) }
  }
  const metaOf = (map: CatalogMap): Texts => entryOf(fields.read(map).get('meta')?.value ?? null)?.texts ?? {}
  const versionOf = (node: CatalogNode): CheckedVersion[] => {
    const map = document.resolve(node)
    const entry = entryOf(node)
    return entry === undefined || !isMapping(map) ? [] : [{ ...entry, meta: metaOf(map) }]
  }
  const map = document.resolve(item)
  const entry = entryOf(item)
  if (entry === undefined || !isMapping(map)) return undefined
  const versions = fields.read(map).get('versions')?.value
  return {
    ...entry,
    file: document.path,
    name: entry.texts.name?.text ?? '',
    shortname: entry.texts.shortname?.text,
    meta: metaOf(map),
    versions: isList(versions) ? versions.items.flatMap(versionOf) : [],
  }
}
