import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatCount, formatDuration } from './quantities.ts'
import { formatMarkdownTable, formatTextTable } from './table.ts'
import { paragraphs, type Style, type TextLayout, wrap } from './terminal.ts'
import {
  severities,
  type Verdict,
  type VerifiedUrl,
  type VerifiedVersion,
  type VerifyReport,
} from './verification.ts'

const styles: Record<Verdict, Style> = {
  mismatch: 'red',
  unmirrorable: 'red',
  missing: 'red',
  private: 'red',
  error: 'red',
  pending: 'yellow',
  ok: 'green',
}

/** The versions of which there is something to say, then one line of counts. */
export function formatVerifyText(report: VerifyReport, layout: TextLayout): string {
  const told = troubled(report)
  const table = {
    head: ['Image', 'Version', 'Status'],
    rows: told.map(({ name, shortname, version, verdict }) => [
      shortname ?? name,
      version ?? '-',
      { text: verdict, style: styles[verdict] },
    ]),
    notes: told.map((one) => problemSentences(one).map((text) => ({ text, style: styles[one.verdict] }))),
  }
  return paragraphs(formatTextTable(table, layout), `${wrap(countsOf(report), layout.columns).join('\n')}\n`)
}

/** What is to be said of a version, one sentence for each of its URLs. */
export function problemSentences(version: VerifiedVersion): string[] {
  return problemsOf(version).map(([key, { url, message = '' }]) =>
    message.includes(url) ? `${key}: ${message}.` : `${key} ${url}: ${message}.`,
  )
}

function troubled({ versions }: VerifyReport): readonly VerifiedVersion[] {
  return versions.filter(({ verdict }) => verdict !== 'ok')
}

function problemsOf({ url, mirrorUrl }: VerifiedVersion): (readonly [key: string, problem: VerifiedUrl])[] {
  return (
    [
      ['url', url],
      ['mirror_url', mirrorUrl],
    ] as const
  ).flatMap(([key, one]) => (one === undefined || one.status === 'ok' ? [] : [[key, one] as const]))
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
    escapeMarkdown(one.name),
    codeSpan(one.version ?? '-'),
    one.verdict,
    problemsOf(one)
      .map(([key, { url, message = '' }]) => {
        const [before, ...after] = message.split(url).map(escapeMarkdown)
        const where = after.length > 0 ? '' : ` ${codeSpan(url)}`
        return `${escapeMarkdown(key)}${where}: ${[before, ...after].join(codeSpan(url))}.`
      })
      .join(' '),
  ])
  const table = formatMarkdownTable({ head: ['Image', 'Version', 'Verdict', 'What'], rows })
  return `${rows.length === 0 ? '' : `${table}\n`}${escapeMarkdown(countsOf(report))}.\n`
}
