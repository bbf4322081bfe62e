import { formatPlace, printable } from '../errors.ts'
import { type CheckWords, checkColumns, checkTitles, checkWords, shownVersion } from './check.ts'
import { codeSpan } from './markdown.ts'
import { formatBytes, formatCount, formatDuration } from './quantities.ts'
import type {
  CheckedImage,
  CheckReport,
  FileChange,
  ImageOutcome,
  OutcomeError,
  RunReport,
} from './schemas.ts'
import { formatMarkdownTable } from './table.ts'
import { formatSkipped } from './text.ts'

/**
 * Reports as GitHub and GitLab show them. Text from a catalogue or a server stands in code spans, in which
 * no markup, mention or reference is one.
 */

/** Characters: GitHub takes 65 536 in the text of a pull request. */
const roomForDiffs = 60_000

/** A report as the text of a pull request or a job's summary. */
export function formatMarkdown(report: RunReport | CheckReport): string {
  if (report.errors.length > 0) return formatRefusal(report.errors)
  return 'command' in report ? formatCheck(report) : formatUpdate(report)
}

/** The changes of each file, then failures, then diffs. */
function formatUpdate(report: RunReport): string {
  const { images, summary, dry_run, seconds } = report
  const changed = images.filter(isChanged)
  const files = [...new Set(changed.map(({ file }) => file))]
  const counts = [
    `${summary.checked} checked`,
    dry_run ? `${summary.would_update} would be updated` : `${summary.updated} updated`,
    `${summary.up_to_date} up to date`,
    formatSkipped(summary.skipped, images),
    `${summary.failed} failed`,
  ]
  const text = [
    `${counts.join(', ')} in ${formatDuration(seconds)}${dry_run ? ' (dry run: nothing was written)' : ''}.`,
    ...files.flatMap((file) => [
      `### ${codeSpan(file)}`,
      runTable(changed.filter((image) => image.file === file)),
    ]),
    ...troubles(images),
  ]
  return fitDiffs(text.join('\n\n'), report.changes)
}

function isChanged({ status, mirror }: ImageOutcome): boolean {
  return status === 'updated' || status === 'would-update' || mirror?.status === 'stored'
}

function runTable(images: readonly ImageOutcome[]): string {
  return formatMarkdownTable({
    head: ['Image', 'Version', 'Trust', 'Mirrored'],
    rows: images.map(({ name, previous, current, trust, mirror }) => [
      codeSpan(name),
      previous?.version === current?.version
        ? codeOrDash(current?.version)
        : `${codeOrDash(previous?.version)} → ${codeOrDash(current?.version)}`,
      trust === 'first-use' ? 'first use' : (trust ?? '-'),
      mirror?.bytes === undefined ? '-' : formatBytes(mirror.bytes),
    ]),
    right: [3],
  }).trimEnd()
}

/** A table for each file, then failures. */
function formatCheck(report: CheckReport): string {
  const { images, summary, seconds } = report
  const columns = checkColumns(images)
  const files = [...new Set(images.map(({ file }) => file))]
  const counts = [
    `${summary.checked} checked`,
    `${summary.up_to_date} current`,
    `${summary.outdated} outdated`,
    `${summary.skipped} skipped`,
    `${summary.failed} failed`,
    ...(summary.not_mirrored === 0 ? [] : [`${summary.not_mirrored} not on the mirror`]),
  ]
  const parts = [
    `${counts.join(', ')} in ${formatDuration(seconds)}.`,
    ...files.flatMap((file) => [
      `### ${codeSpan(file)}`,
      formatMarkdownTable({
        head: columns.map((column) => checkTitles[column]),
        rows: images.filter((image) => image.file === file).map((image) => cellsOf(image, columns)),
        right: [columns.indexOf('age')],
      }).trimEnd(),
    ]),
    ...troubles(images),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Names and versions come from outside; the other words are ours. */
function cellsOf(image: CheckedImage, columns: readonly (keyof CheckWords)[]): string[] {
  const words = checkWords(image)
  const cells: CheckWords = {
    ...words,
    image: codeSpan(image.name),
    catalogue: codeOrDash(shownVersion(image)?.version),
    newest: words.newest === image.newest?.version ? codeSpan(words.newest) : words.newest,
  }
  return columns.map((column) => cells[column])
}

/** Why nothing was done. */
function formatRefusal(errors: readonly OutcomeError[]): string {
  return `Nothing was done.\n\n${errors.map((error) => `- ${describe(error)}`).join('\n')}\n`
}

function troubles(images: readonly Pick<ImageOutcome, 'name' | 'error' | 'warnings'>[]): string[] {
  const failed = images.flatMap(({ name, error }) =>
    error === undefined ? [] : [`- ${codeSpan(name)}: ${describe(error)}`],
  )
  const warned = images.flatMap(({ name, warnings }) =>
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
  const lines = diff
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\r$/, '').split('\t').map(printable).join('\t'))
  const fence = '`'.repeat(Math.max(3, longestRun(diff) + 1))
  return `<details><summary>Diff</summary>\n\n${[`${fence}diff`, ...lines, fence].join('\n')}\n\n</details>`
}

function codeOrDash(text: string | undefined): string {
  return text === undefined ? '-' : codeSpan(text)
}

/** The length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
