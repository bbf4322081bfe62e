import { formatDocument } from './json.ts'
import { escapeMarkdown } from './markdown.ts'
import { formatCount } from './quantities.ts'
import { formatCsv, formatMarkdownTable, formatRstTable, formatTextTable, type Table } from './table.ts'
import { paragraphs, type TextLayout } from './terminal.ts'

/** An image of the catalogue as its users see it; what stands nowhere is absent. */
export interface ListedImage {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly shortname?: string | undefined
  readonly enable: boolean
  readonly format: string
  readonly login?: string | undefined
  /** The one that everybody knows, for images that have one. */
  readonly password?: string | undefined
  /** GiB. */
  readonly minDisk?: number | undefined
  /** MiB. */
  readonly minRam?: number | undefined
  readonly architecture?: string | undefined
  readonly osDistro?: string | undefined
  readonly osVersion?: string | undefined
  readonly osPurpose?: string | undefined
  readonly visibility?: string | undefined
  /** Entries of `versions`. */
  readonly versions: number
  /** Of the newest version, by its build date. */
  readonly version?: string | undefined
  readonly buildDate?: string | undefined
  readonly checksum?: string | undefined
  readonly url?: string | undefined
  readonly mirrorUrl?: string | undefined
}

export const listFormats = ['text', 'markdown', 'rst', 'csv', 'json'] as const
export type ListFormat = (typeof listFormats)[number]

interface Column {
  readonly head: string
  readonly text: (image: ListedImage) => string | undefined
  readonly isRight?: boolean
}

const image: Column = { head: 'Image', text: ({ name }) => name }
const built: Column = { head: 'Built', text: ({ buildDate }) => buildDate }
const architecture: Column = { head: 'Architecture', text: (one) => one.architecture }

/** What people choose an image by. */
const shared: readonly Column[] = [
  { head: 'Login', text: ({ login }) => login },
  { head: 'Password', text: ({ password }) => password },
  { head: 'Format', text: ({ format }) => format },
  { head: 'Disk', text: ({ minDisk }) => withUnit(minDisk, 'GiB'), isRight: true },
  { head: 'RAM', text: ({ minRam }) => withUnit(minRam, 'MiB'), isRight: true },
  { head: 'Version', text: ({ version }) => version },
]

function withUnit(count: number | undefined, unit: string): string | undefined {
  return count === undefined ? undefined : `${count} ${unit}`
}

/** A table for a terminal: long names are cut off where it is too narrow. */
export function formatListText(images: readonly ListedImage[], layout: TextLayout): string {
  const table = tableOf([image, ...shared], images)
  return paragraphs(formatTextTable(table, layout), `${formatCount(images.length, 'image')}\n`)
}

export function formatListMarkdown(images: readonly ListedImage[]): string {
  const table = tableOf([image, architecture, ...shared, built], images)
  return formatMarkdownTable({ ...table, rows: table.rows.map((row) => row.map(escapeMarkdown)) })
}

export function formatListRst(images: readonly ListedImage[]): string {
  return formatRstTable(tableOf([image, architecture, ...shared, built], images))
}

/** Every field, named as in JSON. */
export function formatListCsv(images: readonly ListedImage[]): string {
  const documents = images.map(documentOf)
  const keys = Object.keys(documentOf(nothing)) as (keyof ReturnType<typeof documentOf>)[]
  return formatCsv({
    head: keys,
    rows: documents.map((document) => keys.map((key) => String(document[key] ?? ''))),
  })
}

const nothing: ListedImage = { file: '', line: 1, name: '', enable: true, format: '', versions: 0 }

export function formatListJson(images: readonly ListedImage[]): string {
  return formatDocument({ schema_version: 1, images: images.map(documentOf) })
}

function documentOf(image: ListedImage) {
  return {
    file: image.file,
    line: image.line,
    name: image.name,
    shortname: image.shortname,
    enable: image.enable,
    format: image.format,
    login: image.login,
    password: image.password,
    min_disk: image.minDisk,
    min_ram: image.minRam,
    architecture: image.architecture,
    os_distro: image.osDistro,
    os_version: image.osVersion,
    os_purpose: image.osPurpose,
    visibility: image.visibility,
    versions: image.versions,
    version: image.version,
    build_date: image.buildDate,
    checksum: image.checksum,
    url: image.url,
    mirror_url: image.mirrorUrl,
  }
}

/** Without columns that have nothing in any row. */
function tableOf(columns: readonly Column[], images: readonly ListedImage[]): Table {
  const filled = columns.filter(({ text }) => images.some((one) => text(one) !== undefined))
  return {
    head: filled.map(({ head }) => head),
    rows: images.map((one) => filled.map(({ text }) => text(one) ?? '')),
    right: filled.flatMap(({ isRight }, index) => (isRight ? [index] : [])),
  }
}
