import {
  type CatalogDocument,
  type CatalogNode,
  isList,
  isMapping,
  openDocument,
} from '../catalog/document.ts'
import { FieldReader, type Fields, isNull, textOf } from '../catalog/fields.ts'
import { type CatalogEntry, CatalogReader } from '../catalog/parse.ts'
import { calendarDay, readValue } from '../catalog/value.ts'
import { UpdaterError } from '../errors.ts'
import { compressions, type Digest, type Image, imageFormats, parseDigest } from '../image.ts'
import { compareNatural } from '../natural-order.ts'
import { type Visibility, visibilities } from './image.ts'

/**
 * How long an image that was replaced can be booted by its id
 * (`uuid_validity`, https://docs.scs.community/standards/scs-0102-v1-image-metadata).
 */
export type UuidValidity =
  /** The newest `count` images, the current one included. */
  | { readonly kind: 'last'; readonly count: number }
  /** `none`: no longer than it is the current one; `notice`: until its operator gives notice. */
  | { readonly kind: 'none' | 'notice' | 'forever' }
  /** `YYYY-MM-DD`: up to and on that day, UTC. */
  | { readonly kind: 'until'; readonly date: string }

/** What a catalogue file says of an image for a cloud. */
export interface Definition {
  readonly image: Image
  /** The newest version has the name alone; else each has its version in its name. */
  readonly multi: boolean
  /** Between name and version. */
  readonly separator: string
  /** GiB. */
  readonly minDisk: number
  /** MiB. */
  readonly minRam: number
  readonly visibility: Visibility
  /** `status: deactivated`: it is shown, and cannot be booted. */
  readonly isActive: boolean
  /** `keep: true`: it is never deleted. */
  readonly isKept: boolean
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly login: string | undefined
  readonly validity: UuidValidity
  /** The newest first. */
  readonly versions: readonly DefinedVersion[]
}

/** An entry of `versions`. */
export interface DefinedVersion {
  readonly version: string
  /** `YYYY-MM-DD`. */
  readonly buildDate: string | undefined
  /** Of what is at `mirrorUrl`, or at `url` if there is none. */
  readonly digest: Digest | undefined
  readonly url: string | undefined
  readonly mirrorUrl: string | undefined
  /** `source`: what users are told in place of `url`. */
  readonly source: string | undefined
  /** The id that Glance is to give it. */
  readonly id: string | undefined
  readonly osVersion: string | undefined
  readonly description: string | undefined
  readonly visibility: Visibility | undefined
  readonly isHidden: boolean
  readonly meta: Readonly<Record<string, string>>
  /** Of `version: latest`: where the checksum of what is at `url` is found; of one file, or of a list. */
  readonly checksumUrl: string | undefined
  /** Of `version: latest`: the day of what is at `url`, `YYYYMMDD`, as the one who has asked has found it. */
  readonly internalVersion?: string | undefined
}

/** An entry of `images`, and what keeps it from the clouds. */
export interface ReadDefinition {
  readonly image: Image
  /** Undefined if there are defects. */
  readonly definition: Definition | undefined
  /** CATALOG_TYPE, with their places. */
  readonly defects: readonly UpdaterError[]
}

/**
 * Reads the definitions of a catalogue file. A defect is its own image's.
 * @throws UpdaterError CATALOG_SYNTAX; CATALOG_TYPE: there is no list of images
 */
export function readCloudDefinitions(path: string, text: string): ReadDefinition[] {
  const document = openDocument(path, text)
  const { entries, defects } = new CatalogReader(document)
  if (entries.length === 0 && defects[0] !== undefined) throw defects[0]
  return entries.map((entry) => {
    const reader = new DefinitionReader(document, entry)
    const found = withoutRepetitions([...entry.defects, ...reader.defects])
    return {
      image: entry.image,
      definition: found.length === 0 ? reader.definition : undefined,
      defects: found,
    }
  })
}

/** The version as it is when what is at its URL has been asked for. @param day `YYYYMMDD` */
export function resolveLatest(version: DefinedVersion, digest: Digest, day: string): DefinedVersion {
  return { ...version, digest, internalVersion: day }
}

/** Is what the digest is of packed, so that Glance gets other bytes than those? */
export function isPacked({ mirrorUrl, url = '' }: DefinedVersion): boolean {
  const path = url.replace(/[?#].*$/s, '').toLowerCase()
  return mirrorUrl === undefined && compressions.some((one) => path.endsWith(`.${one}`))
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Reads one entry. What an anchor brings is read anew for each, so that each is told what is wrong with it. */
class DefinitionReader {
  readonly definition: Definition
  readonly defects: UpdaterError[] = []
  readonly #document: CatalogDocument
  readonly #fields: FieldReader
  readonly #entry: CatalogEntry

  constructor(document: CatalogDocument, entry: CatalogEntry) {
    this.#document = document
    this.#entry = entry
    this.#fields = new FieldReader(document, (problem, offset, message) => {
      if (problem !== 'key is not text') this.#defectAt(offset, message)
    })
    this.definition = this.#read(this.#fields.read(entry.map))
  }

  #read(fields: Fields): Definition {
    const { image } = this.#entry
    this.#require(fields, ['format', 'visibility', 'multi'])
    const format = this.#oneOf(fields, 'format', imageFormats) ?? image.format
    const meta = this.#mapping(fields, 'meta')
    return {
      image: { ...image, format },
      multi: this.#flag(fields, 'multi') ?? false,
      separator: this.#anyText(fields, 'separator') ?? ' ',
      minDisk: this.#count(fields, 'min_disk') ?? 0,
      minRam: this.#count(fields, 'min_ram') ?? 0,
      visibility: this.#oneOf(fields, 'visibility', visibilities) ?? 'private',
      isActive: this.#oneOf(fields, 'status', ['active', 'deactivated']) !== 'deactivated',
      isKept: this.#flag(fields, 'keep') ?? false,
      tags: this.#texts(fields, 'tags'),
      meta: this.#properties(meta),
      login: this.#text(fields, 'login'),
      validity: this.#validity(meta),
      versions: this.#versions(fields),
    }
  }

  #versions(fields: Fields): DefinedVersion[] {
    const seen = new Set<string>()
    const versions = this.#items(fields, 'versions').flatMap((item) => {
      const map = this.#document.resolve(item)
      if (!isMapping(map)) return this.#defect(item, 'An entry of "versions" is not a mapping') ?? []
      const version = this.#version(this.#fields.read(map), map)
      if (seen.has(version.version)) {
        this.#defect(map, `The version "${version.version}" stands there twice`)
      }
      seen.add(version.version)
      return [version]
    })
    // As OpenStack Image Manager sorts them; "latest" is newer than any.
    return versions.sort((a, b) => rankOf(b) - rankOf(a) || compareNatural(b.version, a.version))
  }

  #version(fields: Fields, map: CatalogNode): DefinedVersion {
    const version = this.#text(fields, 'version')
    const [url, mirrorUrl] = [this.#text(fields, 'url'), this.#text(fields, 'mirror_url')]
    if (version === undefined && isEmpty(fields.get('version')?.value)) {
      this.#defect(map, 'A version has no "version"')
    }
    if (url === undefined && mirrorUrl === undefined) this.#defect(map, 'A version has no "url"')
    return {
      version: version ?? '',
      buildDate: this.#day(fields, 'build_date'),
      digest: this.#digest(fields),
      url,
      mirrorUrl,
      source: this.#text(fields, 'source'),
      id: this.#matching(fields, 'id', uuid, 'a UUID in lower case with hyphens'),
      osVersion: this.#text(fields, 'os_version'),
      description: this.#text(fields, 'image_description'),
      visibility: this.#oneOf(fields, 'visibility', visibilities),
      isHidden: this.#flag(fields, 'hidden') ?? false,
      meta: this.#properties(this.#mapping(fields, 'meta')),
      checksumUrl: this.#text(fields, 'checksum_url') ?? this.#text(fields, 'checksums_url'),
    }
  }

  #digest(fields: Fields): Digest | undefined {
    const text = this.#text(fields, 'checksum')
    const digest = text === undefined ? undefined : parseDigest(text)
    if (text === undefined || digest !== undefined) return digest
    return this.#defect(fields.get('checksum')?.value, '"checksum" is not an algorithm, ":" and its digest')
  }

  /** Each value as Glance takes it: a text. What is empty is left out. */
  #properties(fields: Fields): Record<string, string> {
    const entries = [...fields].flatMap(([key, { value }]) => {
      const text = this.#property(key, value ?? null)
      return text === undefined ? [] : [[key, text] as const]
    })
    return Object.fromEntries(entries)
  }

  #property(key: string, node: CatalogNode): string | undefined {
    const { kind, text } = readValue(node)
    if (kind === 'nothing') return undefined
    if (kind === 'text') return text
    if (kind === 'yes or no') return String(/^(?:yes|true|on)$/i.test(text))
    if (kind === 'a date') {
      const day = calendarDay(text)
      return day ?? this.#defect(node, `"${key}" is no day of the calendar`)
    }
    // 24.10 is read as 24.1, and 010 as 8.
    if (kind === 'a whole number' && /^(?:0|-?[1-9]\d*)$/.test(text)) return text
    return this.#defect(node, `"${key}" is ${kind}, not text`, 'Put the value into quotes')
  }

  /** A catalogue that promises nothing has not said either that an id may end: it is taken for `notice`. */
  #validity(meta: Fields): UuidValidity {
    const node = meta.get('uuid_validity')?.value ?? null
    const { text } = readValue(node)
    const [, count] = /^last-([1-9]\d{0,5})$/.exec(text) ?? []
    if (count !== undefined) return { kind: 'last', count: Number(count) }
    if (text === 'none' || text === 'notice' || text === 'forever') return { kind: text }
    const date = calendarDay(text)
    if (date !== undefined) return { kind: 'until', date }
    if (text !== '') {
      const remedy = 'Write none, notice, forever, a date such as 2029-05-31, or last- and a number from 1 up'
      this.#defect(node, '"uuid_validity" does not say how long an image is kept', remedy)
    }
    return { kind: 'notice' }
  }

  #require(fields: Fields, keys: readonly string[]): void {
    for (const key of keys) {
      const node = fields.get(key)?.value
      if (isNull(node)) this.#defect(node ?? this.#entry.map, `The image has no "${key}"`)
    }
  }

  #items(fields: Fields, key: string): readonly CatalogNode[] {
    const node = fields.get(key)?.value
    if (isList(node)) return node.items
    // "versions" that is no list has been told.
    if (!isNull(node) && key !== 'versions') this.#defect(node, `"${key}" is not a list`)
    return []
  }

  #texts(fields: Fields, key: string): string[] {
    return this.#items(fields, key).flatMap((item) => {
      return this.#textOf(this.#document.resolve(item), key) ?? []
    })
  }

  #mapping(fields: Fields, key: string): Fields {
    const node = fields.get(key)?.value
    if (isMapping(node)) return this.#fields.read(node)
    if (!isNull(node)) this.#defect(node, `"${key}" is not a mapping`)
    return new Map()
  }

  #text(fields: Fields, key: string): string | undefined {
    return this.#anyText(fields, key) || undefined
  }

  /** Also one that is empty. */
  #anyText(fields: Fields, key: string): string | undefined {
    const node = fields.get(key)?.value
    return isNull(node) ? undefined : this.#textOf(node, key)
  }

  #textOf(node: CatalogNode | undefined, key: string): string | undefined {
    const { kind, text } = readValue(node ?? null)
    if (kind === 'text') return text
    const remedy = text === '' ? undefined : 'Put the value into quotes'
    return this.#defect(node, `"${key}" is ${kind}, not text`, remedy)
  }

  #matching(fields: Fields, key: string, pattern: RegExp, what: string): string | undefined {
    const text = this.#text(fields, key)
    if (text === undefined || pattern.test(text)) return text
    return this.#defect(fields.get(key)?.value, `"${key}" is not ${what}`)
  }

  #oneOf<const One extends string>(fields: Fields, key: string, known: readonly One[]): One | undefined {
    const node = fields.get(key)?.value
    if (isNull(node)) return undefined
    const text = textOf(node)
    const found = known.find((one) => one === text)
    return found ?? this.#defect(node, `"${key}" is not one of ${known.join(', ')}`)
  }

  #flag(fields: Fields, key: string): boolean | undefined {
    const node = fields.get(key)?.value
    if (isNull(node)) return undefined
    const { kind, text } = readValue(node ?? null)
    if (kind === 'yes or no') return /^(?:yes|true|on)$/i.test(text)
    return this.#defect(node, `"${key}" is neither true nor false`)
  }

  #count(fields: Fields, key: string): number | undefined {
    const node = fields.get(key)?.value
    if (isNull(node)) return undefined
    const { kind, text } = readValue(node ?? null)
    if (kind === 'a whole number' && /^(?:0|[1-9]\d{0,9})$/.test(text) && Number(text) < 2 ** 31) {
      return Number(text)
    }
    return this.#defect(node, `"${key}" is not a whole number from 0 to ${2 ** 31 - 1}`)
  }

  #day(fields: Fields, key: string): string | undefined {
    const node = fields.get(key)?.value
    if (isNull(node)) return undefined
    const day = calendarDay(textOf(node) ?? '')
    return day ?? this.#defect(node, `"${key}" is not a date such as 2026-07-05`)
  }

  #defect(node: CatalogNode | undefined, message: string, remedy?: string): undefined {
    return this.#defectAt((node ?? this.#entry.map).range[0], message, remedy)
  }

  #defectAt(offset: number, message: string, remedy = 'Correct the value in the catalogue file'): undefined {
    this.defects.push(
      new UpdaterError('CATALOG_TYPE', message, { place: this.#document.place(offset), remedy }),
    )
    return undefined
  }
}

function isEmpty(node: CatalogNode | undefined): boolean {
  return isNull(node) || textOf(node) === ''
}

function rankOf({ version }: DefinedVersion): number {
  return version === 'latest' ? 1 : 0
}

/** Both readers look at some of the values. */
function withoutRepetitions(defects: readonly UpdaterError[]): UpdaterError[] {
  const told = new Set<string>()
  return defects.filter(({ place, message }) => {
    const key = JSON.stringify([place?.line, place?.column, message])
    if (told.has(key)) return false
    told.add(key)
    return true
  })
}
