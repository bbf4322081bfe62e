import { type CatalogDocument, type CatalogNode, isList, isMapping } from '../catalog/document.ts'
import type { FieldReader, Fields } from '../catalog/fields.ts'
import type { Place } from '../errors.ts'
import { readValue } from './value.ts'

/** A text of the catalogue and where it stands. */
export interface Located {
  readonly text: string
  readonly place: Place
}

/** An entry of `versions`, as far as it can be read. */
export interface CheckedVersion {
  readonly place: Place
  readonly version: Located | undefined
  readonly url: Located | undefined
  readonly mirrorUrl: Located | undefined
  readonly checksum: Located | undefined
  readonly buildDate: Located | undefined
  /** Is there a checksum, or the URL of one? */
  readonly hasChecksum: boolean
}

/** An image definition, as far as it can be read: nothing is sure to be there. */
export interface CheckedImage {
  readonly file: string
  readonly place: Place
  /** Empty if there is none. */
  readonly name: string
  readonly shortname: string | undefined
  readonly enable: boolean
  readonly nameAt: Place
  readonly shortnameAt: Place
  readonly format: Located | undefined
  readonly architecture: Located | undefined
  readonly uuidValidity: Located | undefined
  readonly latestUrl: Located | undefined
  readonly latestChecksumUrl: Located | undefined
  readonly versions: readonly CheckedVersion[]
}

/** Reads an entry of `images`; `undefined` for what is no mapping. */
export function readImage(
  document: CatalogDocument,
  reader: FieldReader,
  item: CatalogNode,
): CheckedImage | undefined {
  const map = document.resolve(item)
  if (!isMapping(map)) return undefined
  const fields = reader.read(map)
  const located = (key: string) => locate(document, fields, key)
  const place = document.place((item ?? map).range[0])
  const name = located('name')
  const shortname = located('shortname')
  const meta = fields.get('meta')?.value
  const metaFields: Fields = isMapping(meta) ? reader.read(meta) : new Map()
  const list = fields.get('versions')?.value
  return {
    file: document.path,
    place,
    name: name?.text ?? '',
    nameAt: name?.place ?? place,
    shortname: shortname?.text,
    shortnameAt: shortname?.place ?? place,
    enable: !/^(?:no|false|off)$/i.test(located('enable')?.text ?? ''),
    format: located('format'),
    architecture: locate(document, metaFields, 'architecture'),
    uuidValidity: locate(document, metaFields, 'uuid_validity'),
    latestUrl: located('latest_url'),
    latestChecksumUrl: located('latest_checksum_url'),
    versions: isList(list)
      ? list.items.flatMap((version) => readVersion(document, reader, version) ?? [])
      : [],
  }
}

function readVersion(
  document: CatalogDocument,
  reader: FieldReader,
  item: CatalogNode,
): CheckedVersion | undefined {
  const map = document.resolve(item)
  if (!isMapping(map)) return undefined
  const fields = reader.read(map)
  const located = (key: string) => locate(document, fields, key)
  const keys = ['checksum', 'checksum_url', 'checksums_url']
  return {
    place: document.place((item ?? map).range[0]),
    version: located('version'),
    url: located('url'),
    mirrorUrl: located('mirror_url'),
    checksum: located('checksum'),
    buildDate: located('build_date'),
    hasChecksum: keys.some((key) => located(key) !== undefined),
  }
}

/** `undefined`: missing, empty, or not a scalar. */
function locate(document: CatalogDocument, fields: Fields, key: string): Located | undefined {
  const node = fields.get(key)?.value
  if (node === undefined || node === null) return undefined
  const { kind, text } = readValue(node)
  if (['nothing', 'a list', 'a mapping'].includes(kind) || text === '') return undefined
  return { text, place: document.place(node.range[0]) }
}
