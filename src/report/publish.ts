import { printable } from '../errors.ts'
import { formatCount, formatDuration } from './quantities.ts'
import { formatNames } from './repeated.ts'
import type { CloudCall, CloudFinding, CloudImageOutcome, CloudOutcome, PublishReport } from './schemas.ts'
import { formatTextTable } from './table.ts'
import { formatParagraph, type Paint, paragraphs, type TextLayout } from './terminal.ts'
import { errorText, notesOf, paintCount, safeLine, statusCell } from './text.ts'

export const cloudStatuses = [
  'published',
  'would-publish',
  'changed',
  'would-change',
  'current',
  'pending',
  'skipped',
  'failed',
] as const

/** Counts over all clouds. @param unread files that could not be read, where nothing else counts them */
export function summarizeClouds(clouds: readonly CloudOutcome[], unread = 0): PublishReport['summary'] {
  const images = clouds.flatMap((cloud) => cloud.images)
  const countOf = (status: (typeof cloudStatuses)[number]) =>
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
    failed: countOf('failed') + unusable + unread,
  }
}

/** Could a cloud not be used, or has an image failed in it? */
export function hasFailed(clouds: readonly CloudOutcome[] = []): boolean {
  return summarizeClouds(clouds).failed > 0
}

/** Was anything changed in a cloud? */
export function hasPublished(clouds: readonly CloudOutcome[] = []): boolean {
  const { published, changed } = summarizeClouds(clouds)
  return published + changed > 0
}

/** Is something to be done, or to be found out, in a cloud? */
export function isToBeDone({ images, warnings = [] }: CloudOutcome): boolean {
  return warnings.length > 0 || images.some(isOutOfOrder)
}

/** Does the cloud have of an image something else than the catalogue says? What waits, or is to be skipped, is in order. */
export function isOutOfOrder({ status, findings }: CloudImageOutcome): boolean {
  if (status === 'published' || status === 'changed') return false
  if (status === 'failed' || status === 'would-publish' || status === 'would-change') return true
  return findings.some((one) => isOpen(one) && one.what !== 'pending')
}

/** What was done in each cloud, or, after a dry run, each call that would be made; then one line of counts. */
export function formatPublishText(report: PublishReport, layout: TextLayout): string {
  const { clouds, seconds, dry_run } = report
  const ending = dry_run ? ' (dry run: nothing was changed)' : ''
  const text = `${formatCloudCounts(report, layout.paint, report.errors.length)} in ${formatDuration(seconds)}${ending}`
  return paragraphs(formatClouds(clouds, layout), formatParagraph(text, layout.columns))
}

/** `3 images, 1 published, …, 0 failed`. @param dry_run what was found, and not done, is told @param unread as of `summarizeClouds` */
export function formatCloudCounts(
  { clouds, dry_run }: Pick<PublishReport, 'clouds' | 'dry_run'>,
  paint: Paint,
  unread = 0,
): string {
  const summary = summarizeClouds(clouds, unread)
  const counts = [
    formatCount(summary.images, 'image'),
    dry_run
      ? paintCount(paint, 'cyan', summary.would_publish, 'would be published')
      : paintCount(paint, 'green', summary.published, 'published'),
    dry_run
      ? paintCount(paint, 'cyan', summary.would_change, 'would be changed')
      : paintCount(paint, 'green', summary.changed, 'changed'),
    `${summary.current} current`,
    ...(summary.pending > 0 ? [`${summary.pending} pending`] : []),
    `${summary.skipped} skipped`,
    paintCount(paint, 'red', summary.failed, 'failed'),
  ]
  return counts.join(', ')
}

/** What an update or a check says of its clouds, with a line of counts; empty without any. */
export function formatFurtherClouds(
  clouds: readonly CloudOutcome[] | undefined,
  isDryRun: boolean,
  layout: TextLayout,
): string {
  if (clouds === undefined) return ''
  const counts = formatCloudCounts({ clouds, dry_run: isDryRun }, layout.paint)
  return paragraphs(formatClouds(clouds, layout), formatParagraph(`In the clouds: ${counts}`, layout.columns))
}

/** A table for each cloud, without the images of which there is nothing to tell. */
function formatClouds(clouds: readonly CloudOutcome[], layout: TextLayout): string {
  return paragraphs(...clouds.map((cloud) => formatCloud(cloud, layout)))
}

function formatCloud(
  { cloud, images, unnamed, calls = [], warnings = [], error }: CloudOutcome,
  layout: TextLayout,
): string {
  const told = images.filter(isTold)
  const table = {
    head: [cloud, 'Version', 'Status'],
    rows: told.map((image) => [
      image.shortname ?? image.name,
      versionsOf(image),
      statusCell(image.status, image.error === undefined ? '' : `: ${image.error.code}`),
    ]),
    notes: told.map((image) => [...linesOf(image).map((text) => ({ text })), ...notesOf(image)]),
  }
  return paragraphs(
    error === undefined ? '' : `${layout.paint('red', `${cloud}: ${errorText(error)}`)}\n`,
    formatTextTable(table, layout),
    ...warnings.map((line) =>
      layout.paint('yellow', formatParagraph(`Warning: ${cloud}: ${line}`, layout.columns)),
    ),
    unnamed.length === 0 ? '' : formatParagraph(unnamedTexts(unnamed), layout.columns),
    calls.length === 0 ? '' : `${calls.map(callLine).join('\n')}\n`,
  )
}

/** All of them in a sentence. */
function unnamedTexts(images: CloudOutcome['unnamed']): string {
  const [only, ...others] = images
  if (only !== undefined && others.length === 0) return unnamedText(only)
  const names = formatNames(images.map(({ id, name }) => printable(`${name} (${id})`)))
  return `${images.length} images have our tag, and no file that was read has their definitions: left alone are ${names}`
}

export function unnamedText({ id, name }: CloudOutcome['unnamed'][number]): string {
  return printable(`${name} (${id}) has our tag, and no file that was read has its definition: left alone`)
}

/** The versions that were brought, or that are to be. */
export function versionsOf({ brought, findings }: CloudImageOutcome): string {
  const found = findings.flatMap(({ what, version = [] }) => (isComing.has(what) ? version : []))
  return (brought.length > 0 ? brought.map(({ version }) => version) : found).join(', ') || '-'
}

const isComing: ReadonlySet<CloudFinding['what']> = new Set(['missing', 'other-bytes', 'pending'])

/** A build that somebody has taken back, or does not want: the reason is told. */
function isPassedOver({ what, version }: CloudFinding): boolean {
  return what === 'skipped' && version !== undefined
}

/** Is there more to tell of an image than that all is well? */
export function isTold({ status, warnings, findings }: CloudImageOutcome): boolean {
  const isQuiet = ['current', 'skipped'].includes(status) && !findings.some(isPassedOver)
  return !isQuiet || warnings.length > 0 || findings.some(isOpen)
}

/** Is something to be done, or to be known, because of it? */
export function isOpen({ what }: CloudImageOutcome['findings'][number]): boolean {
  return what !== 'current' && what !== 'skipped'
}

/** What a run finds and does not change. */
const lasting: readonly CloudFinding['what'][] = ['unproven', 'taken', 'pending', 'limit']

const corrected: readonly CloudFinding['what'][] = ['properties', 'name', 'visibility', 'duplicate']

/** What was done, and what was found where nothing was. */
export function linesOf({ brought, changes, retired, findings, status, error }: CloudImageOutcome): string[] {
  const done = [
    ...brought.map(({ name, id, version }) => `${version} is ${name} (${id})`),
    ...changes.flatMap(({ name, what }) => what.map((one) => `${name}: ${one}`)),
    ...retired.map(({ name, how, message }) => {
      const isPlanned = status.startsWith('would-') && how !== 'kept'
      return `${name}: ${isPlanned ? 'to be ' : ''}${how}, ${message}`
    }),
  ]
  const isDone = ['published', 'changed'].includes(status)
  const left = findings.filter((one) => {
    // The lines of what is changed and retired, and of the failure, say so.
    if (one.what === 'retire' && retired.length > 0) return false
    if (corrected.includes(one.what) && changes.length > 0) return false
    if (one.message === error?.message) return false
    return isDone ? lasting.includes(one.what) : isOpen(one) || isPassedOver(one)
  })
  const found = left.map(({ message }) => message)
  return [...done, ...found]
}

function callLine({ method, path, body, about }: CloudCall): string {
  const text = body === undefined ? '' : ` ${JSON.stringify(body)}`
  return safeLine(`${method} ${path}${text}  # ${about}`)
}
