import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatCount, formatDuration } from './quantities.ts'
import type { Verdict, VerifiedUrl, VerifiedVersion, VerifyReport } from './schemas.ts'
import { formatMarkdownTable, formatTextTable } from './table.ts'
import { formatParagraph, paragraphs, type TextLayout } from './terminal.ts'
import { statusCell, styleOf } from './text.ts'

/** The exit status of each verdict, the most severe one first. */
const statuses = {
  mismatch: 5,
  unmirrorable: 7,
  missing: 3,
  private: 4,
  error: 1,
  pending: 6,
  unknown: 0,
  ok: 0,
}

/** The verdicts, the most severe one first. */
export const severities = Object.keys(statuses) as readonly Verdict[]

/** The exit status of the most severe verdict. */
export function verifyStatus({ summary }: VerifyReport): number {
  const worst = severities.find((verdict) => summary[verdict] > 0)
  return worst === undefined ? 0 : statuses[worst]
}

/** The versions of which there is something to say, then one line of counts. */
export function formatVerifyText(report: VerifyReport, layout: TextLayout): string {
  const told = troubled(report)
  const table = {
    head: ['Image', 'Version', 'Status'],
    rows: told.map(({ name, shortname, version, verdict }) => [
      ...[shortname ?? name, version ?? '-'],
      statusCell(verdict),
    ]),
    notes: told.map((one) => problemSentences(one).map((text) => ({ text, style: styleOf(one.verdict) }))),
  }
  return paragraphs(formatTextTable(table, layout), formatParagraph(countsOf(report), layout.columns))
}

/** What is to be said of a version, one sentence for each of its URLs. */
export function problemSentences(version: VerifiedVersion): string[] {
  return problemsOf(version).map(({ key, url, message = '' }) =>
    message.includes(url) ? `${key}: ${message}.` : `${key} ${url}: ${message}.`,
  )
}

function troubled({ versions }: VerifyReport): readonly VerifiedVersion[] {
  return versions.filter(({ verdict }) => verdict !== 'ok')
}

function problemsOf(version: VerifiedVersion): (VerifiedUrl & { readonly key: string })[] {
  return (['url', 'mirror_url'] as const).flatMap((key) => {
    const one = version[key]
    return one === undefined || one.status === 'ok' ? [] : [{ key, ...one }]
  })
}

function countsOf({ summary, versions, seconds, full }: VerifyReport): string {
  const counts = severities.filter((verdict) => verdict === 'ok' || summary[verdict] > 0)
  const told = counts.map((verdict) => `${summary[verdict]} ${verdict}`).reverse()
  const how = full ? 'downloaded' : 'asked'
  return `${formatCount(versions.length, 'version')} ${how} in ${formatDuration(seconds)}: ${told.join(', ')}`
}

/** For a comment on a pull request or a job's summary. */
export function formatVerifyMarkdown(report: VerifyReport): string {
  const rows = troubled(report).map((one) => [
    ...[escapeMarkdown(one.name), codeSpan(one.version ?? '-'), one.verdict],
    problemsOf(one).map(problemMarkdown).join(' '),
  ])
  const table = formatMarkdownTable({ head: ['Image', 'Version', 'Verdict', 'What'], rows })
  return `${rows.length === 0 ? '' : `${table}\n`}${escapeMarkdown(countsOf(report))}.\n`
}

function problemMarkdown({ key, url, message = '' }: VerifiedUrl & { readonly key: string }): string {
  const [before, ...after] = message.split(url).map(escapeMarkdown)
  const where = after.length > 0 ? '' : ` ${codeSpan(url)}`
  return `${escapeMarkdown(key)}${where}: ${[before, ...after].join(codeSpan(url))}.`
}
