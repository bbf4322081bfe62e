import { formatCount, formatDuration } from './quantities.ts'
import type { CloudCall, CloudFinding, CloudImageOutcome, CloudOutcome, PublishReport } from './schemas.ts'
import { formatTextTable, type Painted } from './table.ts'
import { formatParagraph, paragraphs, type TextLayout } from './terminal.ts'
import { errorText, notesOf, paintCount, safeLine, statusCell } from './text.ts'

const statuses = [
  'published',
  'would-publish',
  'changed',
  'would-change',
  'current',
  'pending',
  'skipped',
  'failed',
] as const

/** Counts over all clouds. */
export function summarizeClouds(clouds: readonly CloudOutcome[]): PublishReport['summary'] {
  const images = clouds.flatMap((cloud) => cloud.images)
  const countOf = (status: (typeof statuses)[number]) =>
    images.filter((image) => image.status === status).length
  const retired = images.flatMap((image) => image.retired).filter(({ how }) => how !== 'kept').length
  const unusable = clouds.filter(({ error }) => error !== undefined).length
  return {
    images: images.length,
    published: countOf('published'),
    would_publish: countOf('would-publish'),
    changed: countOf('changed'),
    would_change: countOf('would-change'),
    current: countOf('current'),
    pending: countOf('pending'),
    skipped: countOf('skipped'),
    retired,
    failed: countOf('failed') + unusable,
  }
}

/** What was done in each cloud, or, after a dry run, each call that would be made; then one line of counts. */
export function formatPublishText(report: PublishReport, layout: TextLayout): string {
  const { clouds, summary, seconds, dry_run } = report
  const counts = [
    formatCount(summary.images, 'image'),
    dry_run ? `${summary.would_publish} would be published` : `${summary.published} published`,
    dry_run ? `${summary.would_change} would be changed` : `${summary.changed} changed`,
    `${summary.current} current`,
    ...(summary.pending > 0 ? [`${summary.pending} pending`] : []),
    `${summary.skipped} skipped`,
    paintCount(layout.paint, 'red', summary.failed, 'failed'),
  ]
  const ending = dry_run ? ' (dry run: nothing was changed)' : ''
  const text = `${counts.join(', ')} in ${formatDuration(seconds)}${ending}`
  return paragraphs(formatClouds(clouds, layout), formatParagraph(text, layout.columns))
}

/** A table for each cloud, without the images of which there is nothing to tell. */
export function formatClouds(clouds: readonly CloudOutcome[], layout: TextLayout): string {
  return paragraphs(...clouds.map((cloud) => formatCloud(cloud, layout)))
}

function formatCloud(
  { cloud, images, unnamed, calls = [], error }: CloudOutcome,
  layout: TextLayout,
): string {
  const told = images.filter(isTold)
  const table = {
    head: [cloud, 'Version', 'Status'],
    rows: told.map((image) => [
      image.shortname ?? image.name,
      image.brought.map(({ version }) => version).join(', ') || '-',
      statusCell(image.status, image.error === undefined ? '' : `: ${image.error.code}`),
    ]),
    notes: told.map((image) => [...linesOf(image), ...notesOf(image)]),
  }
  const left = unnamed.map(
    ({ id, name }) => `${name} (${id}) has our tag, and no file that was read has its definition: left alone`,
  )
  return paragraphs(
    error === undefined ? '' : `${layout.paint('red', `${cloud}: ${errorText(error)}`)}\n`,
    formatTextTable(table, layout),
    ...left.map((line) => formatParagraph(line, layout.columns)),
    calls.length === 0 ? '' : `${calls.map(callLine).join('\n')}\n`,
  )
}

function isTold({ status, warnings, findings }: CloudImageOutcome): boolean {
  return !['current', 'skipped'].includes(status) || warnings.length > 0 || findings.some(isOpen)
}

/** Is something to be done, or to be known, because of it? */
export function isOpen({ what }: CloudImageOutcome['findings'][number]): boolean {
  return what !== 'current' && what !== 'skipped'
}

/** What a run finds and does not change. */
const lasting: readonly CloudFinding['what'][] = ['unproven', 'taken', 'pending', 'limit']

/** What was done, and what was found where nothing was. */
function linesOf({ brought, changes, retired, findings, status }: CloudImageOutcome): Painted[] {
  const done = [
    ...brought.map(({ name, id, version }) => `${version} is ${name} (${id})`),
    ...changes.flatMap(({ name, what }) => what.map((one) => `${name}: ${one}`)),
    ...retired.map(({ name, how, message }) => `${name}: ${how}, ${message}`),
  ]
  const isDone = ['published', 'changed'].includes(status)
  const left = findings.filter((one) => (isDone ? lasting.includes(one.what) : isOpen(one)))
  const found = left.map(({ message }) => message)
  return [...done, ...found].map((text) => ({ text }))
}

function callLine({ method, path, body, about }: CloudCall): string {
  const text = body === undefined ? '' : ` ${JSON.stringify(body)}`
  return safeLine(`${method} ${path}${text}  # ${about}`)
}
