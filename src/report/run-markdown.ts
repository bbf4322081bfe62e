import { formatPlace } from '../errors.ts'
import {
  type CheckColumn,
  checkColumns,
  checkTable,
  formatCheckCounts,
  shownVersion,
  trustWord,
} from './check.ts'
import { codeSpan, longestRun } from './markdown.ts'
import { isOpen, isTold, unnamedText, versionsOf } from './publish.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { tellOnce } from './repeated.ts'
import type {
  CheckedImage,
  CheckReport,
  CloudOutcome,
  FileChange,
  ImageOutcome,
  OutcomeError,
  RunReport,
} from './schemas.ts'
import { formatMarkdownTable, type Table } from './table.ts'
import { createPaint } from './terminal.ts'
import { safeLine } from './text.ts'
import { dryRunNote, formatUpdateCounts } from './update.ts'

/**
 * Reports as GitHub and GitLab show them. Text from a catalogue or a server stands in code spans, in which
 * no markup, mention or reference is one.
 */

/** Characters: GitHub takes 65 536 in the text of a pull request. */
const roomForDiffs = 60_000

const plain = createPaint(false)

/** A report as the text of a pull request or a job's summary: a table for each file, then failures, then diffs. */
export function formatMarkdown(report: RunReport | CheckReport): string {
  const errors = report.errors.map((error) => `- ${describe(error)}`)
  if (errors.length > 0 && report.images.length === 0) return `Nothing was done.\n\n${errors.join('\n')}\n`
  if ('command' in report) {
    const { images } = report
    const tableOf = (some: readonly CheckedImage[]) => checkTable(checkColumns(images), some, checkCell)
    const parts = [`${formatCheckCounts(report, plain)}.`, ...errors, ...sections(images, tableOf)]
    return `${[...parts, ...cloudSections(report.clouds), ...troubles(imagesOf(report))].join('\n\n')}\n`
  }
  const ending = report.dry_run ? ` ${dryRunNote}` : ''
  const changed = report.images.filter(isChanged)
  const parts = [
    `${formatUpdateCounts(report, plain)}${ending}.`,
    ...errors,
    ...sections(changed, tableOfUpdate),
  ]
  const all = [...parts, ...cloudSections(report.clouds), ...troubles(imagesOf(report))]
  return fitDiffs(all.join('\n\n'), report.changes)
}

/** Those of the catalogue, then those of each cloud. */
function imagesOf({
  images,
  clouds = [],
}: Pick<RunReport | CheckReport, 'clouds'> & { readonly images: readonly Troubled[] }): readonly Troubled[] {
  const inClouds = clouds.flatMap(({ cloud, images }) =>
    images.map((image) => ({ ...image, name: `${image.name} in ${cloud}` })),
  )
  return [...images, ...inClouds]
}

/** What there is to tell of each cloud. */
function cloudSections(clouds: readonly CloudOutcome[] = []): string[] {
  return clouds.flatMap(({ cloud, images, unnamed, warnings = [], error }) => {
    const told = images.filter(isTold)
    const table = {
      head: ['Image', 'Version', 'Status', 'Found'],
      rows: told.map((image) => [
        codeSpan(image.name),
        codeSpan(versionsOf(image)),
        image.status.replaceAll('-', ' '),
        [...new Set(image.findings.filter(isOpen).map(({ what }) => what))].join(', ') || '-',
      ]),
    }
    const lines = [
      ...(error === undefined ? [] : [`- ${describe(error)}`]),
      ...[...warnings, ...unnamed.map(unnamedText)].map((line) => `- ${codeSpan(line)}`),
    ]
    return [
      `### Cloud ${codeSpan(cloud)}`,
      ...(lines.length === 0 ? [] : [lines.join('\n')]),
      told.length === 0
        ? `${formatCount(images.length, 'image')}, nothing to tell.`
        : formatMarkdownTable(table).trimEnd(),
    ]
  })
}

function isChanged({ status, mirror }: ImageOutcome): boolean {
  return status === 'updated' || status === 'would-update' || mirror?.status === 'stored'
}

/** The images of each file below its name. */
function sections<Image extends { readonly file: string }>(
  images: readonly Image[],
  tableOf: (images: readonly Image[]) => Table,
): string[] {
  return [...new Set(images.map(({ file }) => file))].flatMap((file) => [
    `### ${codeSpan(file)}`,
    formatMarkdownTable(tableOf(images.filter((image) => image.file === file))).trimEnd(),
  ])
}

function tableOfUpdate(images: readonly ImageOutcome[]): Table {
  return {
    head: ['Image', 'Version', 'Trust', 'Mirrored'],
    rows: images.map(({ name, previous, current, trust, mirror }) => [
      codeSpan(name),
      previous?.version === current?.version
        ? codeOrDash(current?.version)
        : `${codeOrDash(previous?.version)} → ${codeOrDash(current?.version)}`,
      trustWord({ trust }),
      mirror?.bytes === undefined ? '-' : formatBytes(mirror.bytes),
    ]),
    right: [3],
  }
}

/** Names and versions come from outside; the other words are ours. */
function checkCell(image: CheckedImage, { head, text }: CheckColumn): string {
  if (head === 'Image') return codeSpan(image.name)
  if (head === 'Version') return codeOrDash(shownVersion(image)?.version)
  const word = text(image)
  return head === 'Newest' && word === image.newest?.version ? codeSpan(word) : word
}

type Troubled = Pick<ImageOutcome, 'name' | 'error' | 'warnings'>

function troubles(images: readonly Troubled[]): string[] {
  const failed = images.flatMap(({ name, error }) =>
    error === undefined ? [] : [`- ${codeSpan(name)}: ${describe(error)}`],
  )
  const warned = tellOnce(images).flatMap(({ name, warnings }) =>
    warnings.map((warning) => `- ${codeSpan(name)}: ${codeSpan(warning)}`),
  )
  return [
    ...(failed.length === 0 ? [] : ['### Failed', failed.join('\n')]),
    ...(warned.length === 0 ? [] : ['### Warnings', warned.join('\n')]),
  ]
}

function describe({ code: kind, message, remedy, place }: OutcomeError): string {
  const where = place === undefined ? '' : ` at ${codeSpan(formatPlace(place))}`
  return `**${kind}**${where}  \n  ${codeSpan(message)}${remedy === undefined ? '' : `  \n  ${codeSpan(remedy)}`}`
}

/** Leaves out the diffs that would make the text too long for a pull request, and says so. */
function fitDiffs(text: string, changes: readonly FileChange[]): string {
  const told = changes.filter(({ diff }) => diff !== '')
  const kept: string[] = []
  let room = roomForDiffs - text.length
  for (const { diff } of told) {
    const folded = details(diff)
    room -= folded.length
    if (room < 0) break
    kept.push(folded)
  }
  const left = told.length - kept.length
  const note = left === 0 ? [] : [`The diffs of ${formatCount(left, 'file')} are too long to be shown.`]
  return `${[text, ...kept, ...note].join('\n\n')}\n`
}

function details(diff: string): string {
  const lines = diff.trimEnd().split('\n')
  const fence = '`'.repeat(Math.max(3, longestRun(diff) + 1))
  return `<details><summary>Diff</summary>\n\n${[`${fence}diff`, ...lines.map((line) => safeLine(line.replace(/\r$/, ''))), fence].join('\n')}\n\n</details>`
}

function codeOrDash(text: string | undefined): string {
  return text === undefined ? '-' : codeSpan(text)
}
