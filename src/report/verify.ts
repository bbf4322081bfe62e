import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatCount, formatDuration } from './quantities.ts'
import type { Verdict, VerifiedUrl, VerifiedVersion, VerifyReport } from './schemas.ts'
import { formatMarkdownTable, formatTextTable } from './table.ts'
import { formatParagraph, paragraphs, type Style, type TextLayout } from './terminal.ts'

/** The exit status and the colour of each verdict, the most severe one first. */
const verdicts: Record<Verdict, { readonly status: number; readonly style: Style }> = {
  mismatch: { status: 5, style: 'red' },
  unmirrorable: { status: 7, style: 'red' },
  missing: { status: 3, style: 'red' },
  private: { status: 4, style: 'red' },
  error: { status: 1, style: 'red' },
  pending: { status: 6, style: 'yellow' },
  ok: { status: 0, style: 'green' },
}

/** The verdicts, the most severe one first. */
export const severities = Object.keys(verdicts) as readonly Verdict[]

/** The exit status of the most severe verdict. */
export function verifyStatus({ summary }: VerifyReport): number {
  const worst = severities.find((verdict) => summary[verdict] > 0)
  return worst === undefined ? 0 : verdicts[worst].status
}

/** The versions of which there is something to say, then one line of counts. */
export function formatVerifyText(report: VerifyReport, layout: TextLayout): string {
  const told = troubled(report)
  const table = {
    head: ['Image', 'Version', 'Status'],
    rows: told.map(({ name, shortname, version, verdict }) => [
      shortname ?? name,
      version ?? '-',
      { text: verdict, style: verdicts[verdict].style },
    ]),
    notes: told.map((one) =>
      problemSentences(one).map((text) => ({ text, style: verdicts[one.verdict].style })),
    ),
  }
  return paragraphs(formatTextTable(table, layout), formatParagraph(countsOf(report), layout.columns))
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

function problemsOf({ url, mirror_url }: VerifiedVersion): (readonly [key: string, problem: VerifiedUrl])[] {
  return (
    [
      ['url', url],
      ['mirror_url', mirror_url],
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
