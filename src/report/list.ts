import { escapeMarkdown } from './markdown.ts'
import { formatCount } from './quantities.ts'
import type { ListedImage, ListReport } from './schemas.ts'
import { formatCsv, formatMarkdownTable, formatRstTable, formatTextTable, type Table } from './table.ts'
import { paragraphs, type TextLayout } from './terminal.ts'

interface Column {
  readonly head: string
  readonly text: (image: ListedImage) => string | undefined
  readonly isRight?: boolean
}

const image: Column = { head: 'Image', text: ({ name }) => name }
const built: Column = { head: 'Built', text: ({ build_date }) => build_date }
const architecture: Column = { head: 'Architecture', text: (one) => one.architecture }

/** What people choose an image by. */
const shared: readonly Column[] = [
  { head: 'Login', text: ({ login }) => login },
  { head: 'Password', text: ({ password }) => password },
  { head: 'Format', text: ({ format }) => format },
  { head: 'Disk', text: ({ min_disk }) => withUnit(min_disk, 'GiB'), isRight: true },
  { head: 'RAM', text: ({ min_ram }) => withUnit(min_ram, 'MiB'), isRight: true },
  { head: 'Version', text: ({ version }) => version },
]

function withUnit(count: number | undefined, unit: string): string | undefined {
  return count === undefined ? undefined : `${count} ${unit}`
}

/** The catalogue as a table for a terminal. */
export function formatListText({ images }: ListReport, layout: TextLayout): string {
  const table = tableOf([image, ...shared], images)
  return paragraphs(formatTextTable(table, layout), `${formatCount(images.length, 'image')}\n`)
}

export function formatListMarkdown({ images }: ListReport): string {
  const table = tableOf([image, architecture, ...shared, built], images)
  return formatMarkdownTable({ ...table, rows: table.rows.map((row) => row.map(escapeMarkdown)) })
}

export function formatListRst({ images }: ListReport): string {
  return formatRstTable(tableOf([image, architecture, ...shared, built], images))
}

/** The columns of the CSV: every key of an image. */
const keys = [
  ...(['file', 'line', 'name', 'shortname', 'enable', 'format', 'login', 'password'] as const),
  ...(['min_disk', 'min_ram', 'architecture', 'os_distro', 'os_version', 'os_purpose'] as const),
  ...(['visibility', 'versions', 'version', 'build_date', 'checksum', 'url', 'mirror_url'] as const),
]

export function formatListCsv({ images }: ListReport): string {
  return formatCsv({ head: keys, rows: images.map((one) => keys.map((key) => String(one[key] ?? ''))) })
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
