import { isScalar } from 'yaml'
import { UpdaterError } from '../errors.ts'
import { type Image, type ImageFormat, type ImageVersion, imageFormats } from '../image.ts'
import { DefectList, throwDefects } from './defects.ts'
import {
  CatalogDocument,
  type CatalogMap,
  type CatalogNode,
  isList,
  isMapping,
  openDocument,
} from './document.ts'
import { FieldReader, type FieldReport, type Fields, isNull, textOf } from './fields.ts'

/** One catalogue file as it was read. */
export interface CatalogFile {
  /** As the user named it (for messages and reports). */
  readonly path: string
  readonly text: string
  readonly images: readonly Image[]
}

/** The keys of a version that the updater reads and writes, in the order in which it writes them. */
export const versionKeys = ['version', 'url', 'mirror_url', 'checksum', 'build_date'] as const
export type VersionKey = (typeof versionKeys)[number]

/** Only these are read, so that merge keys (`<<`) cost little whatever they bring. */
const knownKeys: ReadonlySet<string> = new Set([
  ...'images name shortname enable format min_disk multi latest_url latest_checksum_url meta versions'.split(
    ' ',
  ),
  ...'os_distro os_version architecture replace_frequency uuid_validity'.split(' '),
  ...versionKeys,
])

/**
 * Reads the images of a catalogue file. Only what the updater needs is looked at: other keys may hold
 * anything. An image without `latest_url` needs no more than a `name`.
 * @throws UpdaterError CATALOG_SYNTAX, CATALOG_TYPE; several defects as `throwDefects` says
 */
export function parseCatalog(path: string, text: string): CatalogFile {
  const { entries, defects } = new CatalogReader(openDocument(path, text))
  throwDefects(defects)
  return { path, text, images: entries.map(({ image }) => image) }
}

/** The images of a file that may have defects, as far as they can be read. */
export function readImages(path: string, text: string): Image[] {
  return new CatalogReader(new CatalogDocument(path, text)).entries.map(({ image }) => image)
}

/** An image and where it stands. */
export interface CatalogEntry {
  readonly image: Image
  /** As it stands in the list: `map` or an alias of it. */
  readonly item: CatalogNode
  readonly map: CatalogMap
  /** CATALOG_TYPE: what is wrong in it. */
  readonly defects: readonly UpdaterError[]
}

export const shortnamePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/
const numberPattern = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
/** What YAML does not read as text when it stands without quotes. */
const notText =
  /^(?:true|True|TRUE|false|False|FALSE|[-+]?\d+|0[ox][\da-fA-F]+|[-+]?(?:\.\d+|\d+\.\d*|\d+[eE][-+]?\d+)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** Leniently: neither key is the updater's own. */
function lastVersions(multi: string | undefined, validity: string | undefined): number | undefined {
  const [, count] = /^last-([1-9]\d{0,2})$/.exec(validity ?? '') ?? []
  return count !== undefined && /^(?:true|yes|on)$/i.test(multi ?? '') ? Number(count) : undefined
}

function textAt(fields: Fields, key: string): string | undefined {
  return textOf(fields.get(key)?.value)
}

/** Reads the entries of `images`. One with a defect is among them, without the values that cannot be read. */
export class CatalogReader {
  readonly entries: readonly CatalogEntry[]
  readonly #defects = new DefectList()
  readonly #document: CatalogDocument
  readonly #fields: FieldReader

  constructor(document: CatalogDocument) {
    this.#document = document
    const report: FieldReport = (problem, offset, message) => {
      if (problem !== 'key is not text') this.#defectAt(offset, message)
    }
    this.#fields = new FieldReader(document, report, knownKeys)
    const { root } = document
    const list = isMapping(root) ? this.#fields.read(root).get('images')?.value : undefined
    if (!isList(list)) this.#defect(list ?? root, 'The file has no list "images" at its top level')
    const items = isList(list) ? list.items : []
    this.entries = items.flatMap((item, index) => this.#entry(item, index) ?? [])
  }

  /** CATALOG_TYPE */
  get defects(): readonly UpdaterError[] {
    return this.#defects.all
  }

  #entry(item: CatalogNode, index: number): CatalogEntry | undefined {
    const map = this.#document.resolve(item)
    const told = this.defects.length
    if (isMapping(map)) {
      const image = this.#image(item, map, index)
      return { image, item, map, defects: this.defects.slice(told) }
    }
    return this.#defect(item, `Image ${index + 1} of the list is not a mapping`)
  }

  #image(item: CatalogNode, map: CatalogMap, index: number): Image {
    const fields = this.#fields.read(map)
    const { line = 1, column = 1 } = this.#document.place((item ?? map).range[0])
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
      // Nothing is made from these two if there is no `latest_url`.
      shortname: this.#shortname(map, fields, latestUrl),
      format: this.#format(map, fields, latestUrl),
      minDisk: this.#number(fields, 'min_disk'),
      latestUrl,
      latestChecksumUrl: this.#url(fields, 'latest_checksum_url'),
      osDistro: textAt(meta, 'os_distro'),
      osVersion: textAt(meta, 'os_version'),
      architecture: textAt(meta, 'architecture'),
      replaceFrequency: textAt(meta, 'replace_frequency'),
      lastVersions: lastVersions(textAt(fields, 'multi'), textAt(meta, 'uuid_validity')),
      versions: this.#versions(fields),
    }
  }

  #name(map: CatalogMap, fields: Fields): string | undefined {
    const node = fields.get('name')?.value
    if (isNull(node)) return this.#defect(node ?? map, 'An image has no "name"')
    const name = this.#text(node, 'name')
    return name?.trim() === '' ? this.#defect(node, 'The "name" of an image is empty') : name
  }

  #shortname(map: CatalogMap, fields: Fields, latestUrl: string | undefined): string | undefined {
    if (latestUrl === undefined) return textAt(fields, 'shortname')
    const node = fields.get('shortname')?.value
    if (isNull(node)) return this.#defect(node ?? map, 'An image with "latest_url" has no "shortname"')
    const shortname = this.#text(node, 'shortname')
    if (shortname === undefined || shortnamePattern.test(shortname)) return shortname
    return this.#defect(
      node,
      'The "shortname" cannot be a part of a path on the mirror',
      'Use letters, digits, ".", "_", "+" and "-" only, with a letter or a digit first',
    )
  }

  #format(map: CatalogMap, fields: Fields, latestUrl: string | undefined): ImageFormat {
    const format = imageFormats.find((known) => known === textAt(fields, 'format'))
    if (format === undefined && latestUrl !== undefined) {
      const message = 'The "format" of the image is missing or unknown'
      this.#defect(fields.get('format')?.value ?? map, message, `Use one of ${imageFormats.join(', ')}`)
    }
    return format ?? 'raw'
  }

  /** YAML 1.1 words without quotes (`yes`, `off`) count, since OpenStack Image Manager reads them so. */
  #enable(fields: Fields): boolean {
    const node = fields.get('enable')?.value
    if (node === undefined) return true
    if (isScalar(node) && node.type === 'PLAIN') {
      const word = String(node.value).toLowerCase()
      if (['true', 'yes', 'on'].includes(word)) return true
      if (['false', 'no', 'off'].includes(word)) return false
    }
    this.#defect(node, '"enable" is neither true nor false')
    return false
  }

  /** What is no address of the web is left to that one image's search, and keeps no other image from its own. */
  #url(fields: Fields, key: string): string | undefined {
    const node = fields.get(key)?.value
    return isNull(node) ? undefined : this.#text(node, key)
  }

  #number(fields: Fields, key: string): number | undefined {
    const node = fields.get(key)?.value
    if (isNull(node)) return undefined
    const text = textOf(node) ?? ''
    if (isScalar(node) && node.type === 'PLAIN' && numberPattern.test(text)) return Number(text)
    return this.#defect(node, `"${key}" is not a number`)
  }

  #meta(fields: Fields): Fields {
    const node = fields.get('meta')?.value
    if (isMapping(node)) return this.#fields.read(node)
    if (!isNull(node)) this.#defect(node, '"meta" is not a mapping')
    return new Map()
  }

  #versions(fields: Fields): ImageVersion[] {
    const node = fields.get('versions')?.value
    if (isList(node)) return node.items.flatMap((item) => this.#version(item) ?? [])
    if (!isNull(node)) this.#defect(node, '"versions" is not a list')
    return []
  }

  #version(item: CatalogNode): ImageVersion | undefined {
    const map = this.#document.resolve(item)
    if (!isMapping(map)) return this.#defect(item, 'An entry of "versions" is not a mapping')
    const fields = this.#fields.read(map)
    const text = (key: VersionKey) => {
      const node = fields.get(key)?.value
      if (isNull(node)) return undefined
      return textOf(node) ?? this.#defect(node, `"${key}" of a version is not text`)
    }
    return {
      version: text('version'),
      buildDate: text('build_date'),
      checksum: text('checksum'),
      url: text('url'),
      mirrorUrl: text('mirror_url'),
    }
  }

  #text(node: CatalogNode | undefined, key: string): string | undefined {
    const text = textOf(node)
    if (text === undefined) return this.#defect(node, `"${key}" is not text`)
    if (isScalar(node) && node.type === 'PLAIN' && notText.test(text)) {
      return this.#defect(node, `"${key}" is not text`, 'Put the value into quotes')
    }
    return text
  }

  #defect(node: CatalogNode | undefined, message: string, remedy?: string): undefined {
    return this.#defectAt(node?.range[0] ?? 0, message, remedy)
  }

  #defectAt(offset: number, message: string, remedy = 'Correct the value in the catalogue file'): undefined {
    this.#defects.add(
      () => new UpdaterError('CATALOG_TYPE', message, { place: this.#document.place(offset), remedy }),
    )
    return undefined
  }
}
