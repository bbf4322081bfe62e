import { isMap, isSeq } from 'yaml'
import type { CatalogDocument } from '../catalog/document.ts'
import type { CatalogMap, CatalogNode } from '../catalog/nodes.ts'
import type { Place } from '../errors.ts'
import { type Mapping, resolved } from './mapping.ts'
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
  /** Where a checksum can be had, or a checksum itself. */
  readonly hasChecksum: boolean
}

/** An image definition, as far as it can be read: nothing is sure to be there. */
export interface CheckedImage {
  readonly file: string
  readonly place: Place
  /** Empty where there is none. */
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

type Read = (map: CatalogMap) => Mapping

/** Reads an entry of `images`; `undefined` for what is no mapping. */
export function readImage(
  document: CatalogDocument,
  read: Read,
  item: CatalogNode,
): CheckedImage | undefined {
  const node = resolved(document, item)
  if (!isMap(node)) return undefined
  const fields = read(node as CatalogMap)
  const located = (key: string) => locate(document, fields, key)
  const place = document.place((item ?? node).range[0])
  const name = located('name')
  const shortname = located('shortname')
  const meta = fields.get('meta')?.value
  const metaFields: Mapping = isMap(meta) ? read(meta as CatalogMap) : new Map()
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
    versions: isSeq(list)
      ? list.items.flatMap((version) => readVersion(document, read, version as CatalogNode) ?? [])
      : [],
  }
}

function readVersion(document: CatalogDocument, read: Read, item: CatalogNode): CheckedVersion | undefined {
  const node = resolved(document, item)
  if (!isMap(node)) return undefined
  const fields = read(node as CatalogMap)
  const located = (key: string) => locate(document, fields, key)
  const keys = ['checksum', 'checksum_url', 'checksums_url']
  return {
    place: document.place((item ?? node).range[0]),
    version: located('version'),
    url: located('url'),
    mirrorUrl: located('mirror_url'),
    checksum: located('checksum'),
    buildDate: located('build_date'),
    hasChecksum: keys.some((key) => located(key) !== undefined),
  }
}

/** `undefined`: missing, empty, or not a scalar. */
function locate(document: CatalogDocument, fields: Mapping, key: string): Located | undefined {
  const node = fields.get(key)?.value
  if (node === undefined || node === null) return undefined
  const { kind, text } = readValue(node)
  if (['nothing', 'a list', 'a mapping'].includes(kind) || text === '') return undefined
  return { text, place: document.place(node.range[0]) }
}
