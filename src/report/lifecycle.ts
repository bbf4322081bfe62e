import { formatPlace } from '../errors.ts'
import { escapeMarkdown } from './markdown.ts'
import { countStatuses, formatCount } from './quantities.ts'
import type { LifecycleRelease, LifecycleReport, LifecycleStatus } from './schemas.ts'
import { formatCsv, formatMarkdownTable, formatTextTable, type Table } from './table.ts'
import { formatParagraph, paragraphs, type TextLayout, wrap } from './terminal.ts'
import { errorText, formatChanges } from './text.ts'

/** What is to be done, as a table; in a dry run what would change stands before it. Quiet: no line of counts. */
export function formatLifecycleText(
  report: LifecycleReport,
  { quiet = false, ...layout }: TextLayout & { readonly quiet?: boolean | undefined },
): string {
  const failures = report.failures.flatMap((failure) => wrap(errorText(failure), layout.columns))
  const changes = formatChanges(report.dry_run ? report.changes : [], layout.paint)
  const text = paragraphs(
    formatTextTable(tableOf(told(report)), layout),
    switchedOff(report)
      .map((sentence) => formatParagraph(sentence, layout.columns))
      .join(''),
    failures.map((line) => `${layout.paint('red', line)}\n`).join(''),
    quiet ? '' : formatParagraph(countsOf(report), layout.columns),
  )
  return changes + text
}

export function formatLifecycleMarkdown(report: LifecycleReport): string {
  const { head, rows, right } = tableOf(told(report))
  const table = { head, right, rows: rows.map((row) => row.map(escapeMarkdown)) }
  return [
    '## Lifecycle of the images\n\n',
    rows.length > 0 ? `${formatMarkdownTable(table)}\n` : '',
    ...report.failures.map((failure) => `- ${escapeMarkdown(errorText(failure))}\n`),
    report.failures.length > 0 ? '\n' : '',
    ...switchedOff(report).map((sentence) => `- ${escapeMarkdown(sentence)}\n`),
    report.switched_off.length > 0 ? '\n' : '',
    `${countsOf(report)}\n`,
  ].join('')
}

/** Every release, one line for each of its images. */
export function formatLifecycleCsv({ releases }: LifecycleReport): string {
  const keys = ['status', 'product', 'release', 'released', 'end_of_life', 'days_left'] as const
  const rows = releases.flatMap((one) => {
    const cells = keys.map((key) => String(one[key] ?? ''))
    if (one.images.length === 0) return [[...cells, '', '', '']]
    return one.images.map(({ name, file, line }) => [...cells, name, file, String(line)])
  })
  return formatCsv({ head: [...keys, 'image', 'file', 'line'], rows })
}

/** 1: something could not be had or done; 10: there is something to do; 0: all well. */
export function lifecycleStatus({ failures, releases }: LifecycleReport): 0 | 1 | 10 {
  if (failures.length > 0) return 1
  return releases.some(({ status }) => ['expired', 'expiring', 'missing'].includes(status)) ? 10 : 0
}

function told({ releases }: LifecycleReport): readonly LifecycleRelease[] {
  const order: readonly LifecycleStatus[] = ['expired', 'expiring', 'missing', 'unknown']
  return order.flatMap((status) => releases.filter((one) => one.status === status))
}

function tableOf(releases: readonly LifecycleRelease[]): Table {
  return {
    head: ['Images', 'Release', 'End of life', 'Days', 'Status'],
    right: [3],
    rows: releases.map(({ status, label, release = '?', end_of_life = '-', days_left = '-', images }) => [
      images.map(({ name, shortname }) => shortname ?? name).join(', ') || '-',
      `${label} ${release}`,
      end_of_life,
      String(days_left),
      status,
    ]),
  }
}

function switchedOff({ dry_run, switched_off }: LifecycleReport): string[] {
  return switched_off.map(
    ({ file, line, name }) =>
      `${name} (${formatPlace({ file, line })}) ${dry_run ? 'would be' : 'is'} switched off`,
  )
}

function countsOf({ releases, within_days, dates_of, changes }: LifecycleReport): string {
  const { expired, expiring, missing, acknowledged, supported, disabled, unknown } = countStatuses(
    releases.map(({ status }) => status),
    ...(['expired', 'expiring', 'missing', 'acknowledged', 'supported', 'disabled', 'unknown'] as const),
  )
  const isIdle = expired + expiring + missing === 0
  const parts = [
    `${expired} expired, ${expiring} expiring within ${within_days} days, ${missing} missing`,
    `${supported} supported, ${disabled} disabled`,
    ...(acknowledged > 0 ? [`${acknowledged} acknowledged`] : []),
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ]
  const files = changes.length === 0 ? '' : `; ${formatCount(changes.length, 'file')} changed`
  return `${isIdle ? 'Nothing to do: ' : ''}${parts.join(', ')} (dates of ${dates_of})${files}`
}
