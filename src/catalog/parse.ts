import { isMap, isScalar, isSeq } from 'yaml'
import { UpdaterError } from '../errors.ts'
import { type Image, type ImageFormat, type ImageVersion, imageFormats } from '../image.ts'
import { throwDefects } from './defects.ts'
import { type CatalogDocument, openDocument } from './document.ts'
import {
  createFieldReader,
  type FieldKey,
  type Fields,
  isNull,
  readVersion,
  textOf,
  typeError,
} from './fields.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import type { CatalogFile } from './types.ts'

/**
 * Reads the images of a catalogue file. Only what the updater needs is looked at: other keys may hold
 * anything. An image without `latest_url` needs no more than a `name`.
 * @throws UpdaterError CATALOG_SYNTAX, CATALOG_TYPE; several defects as `throwDefects` says
 */
export function parseCatalog(path: string, text: string): CatalogFile {
  const document = openDocument(path, text)
  const reader = new CatalogReader(document)
  const images = reader.images()
  throwDefects(reader.defects)
  return { path, text, images }
}

export const shortnamePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/
const urlPattern = /^https?:\/\/[^\s/]\S*$/i
const numberPattern = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
/** What YAML reads as something else than text when it stands unquoted. */
const notText =
  /^(?:true|True|TRUE|false|False|FALSE|[-+]?\d+|0[ox][\da-fA-F]+|[-+]?(?:\.\d+|\d+\.\d*|\d+[eE][-+]?\d+)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** Leniently: neither key is the updater's own. */
function lastVersions(multi: CatalogNode | undefined, validity: CatalogNode | undefined): number | undefined {
  const [, count] = /^last-([1-9]\d{0,2})$/.exec(textOf(validity) ?? '') ?? []
  return count !== undefined && /^(?:true|yes|on)$/i.test(textOf(multi) ?? '') ? Number(count) : undefined
}

class CatalogReader {
  readonly defects: UpdaterError[] = []
  readonly #document: CatalogDocument
  readonly #fieldsOf: (map: CatalogMap) => Fields

  constructor(document: CatalogDocument) {
    this.#document = document
    this.#fieldsOf = createFieldReader(document)
  }

  images(): Image[] {
    const root = this.#document.root
    const list = isMap(root) ? this.#fields(root as CatalogMap).get('images') : undefined
    if (!isSeq(list)) {
      this.#defect(list ?? root, 'The file has no list "images" at its top level')
      return []
    }
    return list.items.flatMap((item, index) => this.#image(item as CatalogNode, index) ?? [])
  }

  #image(item: CatalogNode, index: number): Image | undefined {
    const node = this.#document.resolve(item)
    if (!isMap(node)) return this.#defect(item, `Image ${index + 1} of the list is not a mapping`)
    const map = node as CatalogMap
    const fields = this.#fields(map)
    const { line = 1, column = 1 } = this.#document.place((item ?? node).range[0])
    const name = this.#name(map, fields)
    const latestUrl = this.#url(fields, 'latest_url')
    const meta = this.#meta(fields)
    return {
      file: this.#document.path,
      index,
      line,
      column,
      name: name ?? '',
      enable: this.#enable(fields),
      ...(latestUrl === undefined ? this.#unchecked(fields) : this.#checked(map, fields)),
      minDisk: this.#number(fields, 'min_disk'),
      latestUrl,
      latestChecksumUrl: this.#url(fields, 'latest_checksum_url'),
      osDistro: textOf(meta?.get('os_distro')),
      osVersion: textOf(meta?.get('os_version')),
      architecture: textOf(meta?.get('architecture')),
      lastVersions: lastVersions(fields.get('multi'), meta?.get('uuid_validity')),
      versions: this.#versions(fields),
    }
  }

  #name(map: CatalogMap, fields: Fields): string | undefined {
    const node = fields.get('name')
    if (isNull(node)) return this.#defect(node ?? map, 'An image has no "name"')
    const name = this.#string(node, 'name')
    return name?.trim() === '' ? this.#defect(node, 'The "name" of an image is empty') : name
  }

  /** Nothing is built from these where there is no `latest_url`. */
  #unchecked(fields: Fields): Pick<Image, 'shortname' | 'format'> {
    const format = textOf(fields.get('format'))
    return {
      shortname: textOf(fields.get('shortname')),
      format: imageFormats.find((known) => known === format) ?? 'raw',
    }
  }

  #checked(map: CatalogMap, fields: Fields): Pick<Image, 'shortname' | 'format'> {
    return { shortname: this.#shortname(map, fields), format: this.#format(map, fields) ?? 'raw' }
  }

  #shortname(map: CatalogMap, fields: Fields): string | undefined {
    const node = fields.get('shortname')
    if (isNull(node)) return this.#defect(node ?? map, 'An image with "latest_url" has no "shortname"')
    const shortname = this.#string(node, 'shortname')
    if (shortname === undefined || shortnamePattern.test(shortname)) return shortname
    return this.#defect(
      node,
      'The "shortname" cannot be a part of a path on the mirror',
      'Use letters, digits, ".", "_", "+" and "-" only, with a letter or a digit first',
    )
  }

  #format(map: CatalogMap, fields: Fields): ImageFormat | undefined {
    const node = fields.get('format')
    const text = textOf(node)
    const format = imageFormats.find((known) => known === text)
    if (format !== undefined) return format
    return this.#defect(
      node ?? map,
      'The "format" of the image is missing or unknown',
      `Use one of ${imageFormats.join(', ')}`,
    )
  }

  /** As text; unquoted YAML 1.1 words (`yes`, `off`) count, since OpenStack Image Manager reads them so. */
  #enable(fields: Fields): boolean {
    const node = fields.get('enable')
    if (node === undefined) return true
    if (isScalar(node) && node.type === 'PLAIN') {
      const word = String(node.value).toLowerCase()
      if (['true', 'yes', 'on'].includes(word)) return true
      if (['false', 'no', 'off'].includes(word)) return false
    }
    this.#defect(node, '"enable" is neither true nor false')
    return false
  }

  #url(fields: Fields, key: FieldKey): string | undefined {
    const node = fields.get(key)
    if (isNull(node)) return undefined
    const text = textOf(node)
    if (text !== undefined && urlPattern.test(text)) return text
    return this.#defect(node, `"${key}" is not an http or https URL`)
  }

  #number(fields: Fields, key: FieldKey): number | undefined {
    const node = fields.get(key)
    if (isNull(node)) return undefined
    const text = textOf(node) ?? ''
    if (isScalar(node) && node.type === 'PLAIN' && numberPattern.test(text)) return Number(text)
    return this.#defect(node, `"${key}" is not a number`)
  }

  #meta(fields: Fields): Fields | undefined {
    const node = fields.get('meta')
    if (isNull(node)) return undefined
    return isMap(node) ? this.#fields(node as CatalogMap) : this.#defect(node, '"meta" is not a mapping')
  }

  #versions(fields: Fields): ImageVersion[] {
    const node = fields.get('versions')
    if (isNull(node)) return []
    if (!isSeq(node)) {
      this.#defect(node, '"versions" is not a list')
      return []
    }
    return node.items.flatMap((item) => this.#version(item as CatalogNode) ?? [])
  }

  #version(item: CatalogNode): ImageVersion | undefined {
    const node = this.#document.resolve(item)
    if (!isMap(node)) return this.#defect(item, 'An entry of "versions" is not a mapping')
    return this.#attempt(() => readVersion(this.#document, this.#fields(node as CatalogMap)))
  }

  #string(node: CatalogNode | undefined, key: FieldKey): string | undefined {
    const text = textOf(node)
    if (text === undefined) return this.#defect(node, `"${key}" is not text`)
    if (isScalar(node) && node.type === 'PLAIN' && notText.test(text)) {
      return this.#defect(node, `"${key}" is not text`, 'Put the value into quotes')
    }
    return text
  }

  #fields(map: CatalogMap): Fields {
    return this.#attempt(() => this.#fieldsOf(map)) ?? new Map()
  }

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error
      this.defects.push(error)
      return undefined
    }
  }

  #defect(node: CatalogNode | undefined, message: string, remedy?: string): undefined {
    this.defects.push(typeError(this.#document, node ?? null, message, remedy))
    return undefined
  }
}
