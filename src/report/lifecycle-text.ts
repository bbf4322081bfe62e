import { errorDocument, formatDocument } from './json.ts'
import type { LifecycleRelease, LifecycleReport, LifecycleStatus } from './lifecycle.ts'
import { lifecycleStatus, needsWork } from './lifecycle.ts'
import { escapeMarkdown } from './markdown.ts'
import { formatCsv, formatMarkdownTable, formatTextTable, type Table } from './table.ts'
import { paragraphs, type TextLayout, wrap } from './terminal.ts'
import { errorText, formatChanges } from './text.ts'

export const lifecycleFormats = ['text', 'json', 'markdown', 'csv'] as const
export type LifecycleFormat = (typeof lifecycleFormats)[number]

export interface LifecycleLayout extends TextLayout {
  /** No line of counts. */
  readonly quiet?: boolean | undefined
}

/** What is to be done, as a table; in a dry run with what would change before it. */
export function formatLifecycleText(report: LifecycleReport, layout: LifecycleLayout): string {
  const { paint, columns, quiet } = layout
  const table = tableOf(told(report))
  const paragraph = (text: string) => wrap(text, columns ?? Number.POSITIVE_INFINITY)
  const failures = report.failures.flatMap((failure) =>
    paragraph(errorText(failure)).map((line) => paint('red', line)),
  )
  const changes = formatChanges(report.dryRun ? report.changes : [], paint)
  return (
    changes +
    paragraphs(
      formatTextTable(table, layout),
      failures.map((line) => `${line}\n`).join(''),
      quiet ? '' : `${paragraph(countsOf(report)).join('\n')}\n`,
    )
  )
}

export function formatLifecycleMarkdown(report: LifecycleReport): string {
  const { head, rows, right } = tableOf(told(report))
  const table = { head, right, rows: rows.map((row) => row.map(escapeMarkdown)) }
  return [
    '## Lifecycle of the images\n\n',
    rows.length > 0 ? `${formatMarkdownTable(table)}\n` : '',
    ...report.failures.map((failure) => `- ${escapeMarkdown(errorText(failure))}\n`),
    report.failures.length > 0 ? '\n' : '',
    `${countsOf(report)}\n`,
  ].join('')
}

/** Every release, one line for each of its images. */
export function formatLifecycleCsv({ releases }: LifecycleReport): string {
  const head = [
    'status',
    'product',
    'release',
    'released',
    'end_of_life',
    'days_left',
    'image',
    'file',
    'line',
  ]
  const rows = releases.flatMap((one) => {
    const { status, product, release = '', released = '', endOfLife = '', daysLeft = '' } = one
    const cells = [status, product, release, released, endOfLife, String(daysLeft)]
    if (one.images.length === 0) return [[...cells, '', '', '']]
    return one.images.map(({ name, file, line }) => [...cells, name, file, String(line)])
  })
  return formatCsv({ head, rows })
}

export function formatLifecycleJson(report: LifecycleReport): string {
  return formatDocument({
    schema_version: 1,
    exit_status: lifecycleStatus(report),
    today: report.today,
    dates_of: report.datesOf,
    within_days: report.within,
    dry_run: report.dryRun,
    releases: report.releases.map(({ endOfLife, daysLeft, ...rest }) => ({
      ...rest,
      end_of_life: endOfLife,
      days_left: daysLeft,
    })),
    failures: report.failures.map(errorDocument),
    changes: report.changes,
  })
}

function told({ releases }: LifecycleReport): readonly LifecycleRelease[] {
  const order: readonly LifecycleStatus[] = ['expired', 'expiring', 'missing', 'unknown']
  return order.flatMap((status) => releases.filter((one) => one.status === status))
}

function tableOf(releases: readonly LifecycleRelease[]): Table {
  return {
    head: ['Images', 'Release', 'End of life', 'Days', 'Status'],
    right: [3],
    rows: releases.map(({ status, label, release = '?', endOfLife = '-', daysLeft, images }) => [
      images.map(({ name, shortname }) => shortname ?? name).join(', ') || '-',
      `${label} ${release}`,
      endOfLife,
      daysLeft === undefined ? '-' : String(daysLeft),
      status,
    ]),
  }
}

function countsOf({ releases, within, datesOf, changes }: LifecycleReport): string {
  const count = (status: LifecycleStatus) => releases.filter((one) => one.status === status).length
  const idle = !releases.some(({ status }) => needsWork(status))
  const parts = [
    `${count('expired')} expired`,
    `${count('expiring')} expiring within ${within} days`,
    `${count('missing')} missing`,
    `${count('supported')} supported`,
    `${count('disabled')} disabled`,
    ...(count('unknown') > 0 ? [`${count('unknown')} unknown`] : []),
  ]
  const files =
    changes.length === 0 ? '' : `; ${changes.length} ${changes.length === 1 ? 'file' : 'files'} changed`
  return `${idle ? 'Nothing to do: ' : ''}${parts.join(', ')} (dates of ${datesOf})${files}`
}
