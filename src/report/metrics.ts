import { buildDay, daysBetween } from './check.ts'
import type { CheckReport, RunReport } from './schemas.ts'
import { printableLines } from './text.ts'

/** The measured values of one image; an unknown value has no sample. */
interface MeasuredImage {
  readonly file: string
  readonly name: string
  readonly shortname?: string | undefined
  readonly status: string
  readonly age_days?: number | undefined
  readonly days_behind?: number | undefined
  /** `YYYY-MM-DD`. */
  readonly end_of_life?: string | undefined
  /** Stored on the mirror by this run. */
  readonly bytes?: number | undefined
  readonly isMirrored?: boolean | undefined
}

interface Measured {
  readonly command: string
  readonly statuses: readonly string[]
  readonly images: readonly MeasuredImage[]
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number | undefined]

/** An update or a check as Prometheus text (version 0.0.4). */
export function formatMetrics(report: RunReport | CheckReport): string {
  const { started_at, seconds, summary, errors } = report
  const measured = 'command' in report ? measuredCheck(report) : measuredUpdate(report)
  const { command, statuses } = measured
  const images = distinct(measured.images)
  const end = Date.parse(started_at) / 1000 + seconds
  const succeeded = summary.failed === 0 && errors.length === 0
  const whole = (value: number): Sample[] => [[{ command }, value]]
  const each = (value: (image: MeasuredImage) => number | undefined) =>
    images.map((image): Sample => [labelsOf(image, command), value(image)])
  const states = images.flatMap((image) =>
    statuses.map(
      (status): Sample => [{ ...labelsOf(image, command), status }, Number(image.status === status)],
    ),
  )
  const bytes = images.some((image) => image.bytes !== undefined)
  return [
    family('last_run_timestamp_seconds', 'When the last run ended.', whole(Math.round(end * 1000) / 1000)),
    family('last_run_duration_seconds', 'How long the last run took.', whole(seconds)),
    family('last_run_success', 'Whether no image failed in the last run.', whole(Number(succeeded))),
    family(
      'mirrored_bytes',
      'Bytes that the last run stored on the mirror.',
      bytes ? whole(images.reduce((sum, image) => sum + (image.bytes ?? 0), 0)) : [],
    ),
    family('image_status', 'What the last run made of the image: 1 for that status.', states),
    family(
      'image_age_days',
      "Days from the catalogue's build to the last run.",
      each((image) => image.age_days),
    ),
    family(
      'image_days_behind',
      "Days from the catalogue's build to the newest one.",
      each((image) => image.days_behind),
    ),
    family(
      'image_end_of_life_timestamp_seconds',
      'When support of the release ends.',
      each(({ end_of_life }) => (end_of_life === undefined ? undefined : Date.parse(end_of_life) / 1000)),
    ),
    family(
      'image_mirrored',
      "Whether the catalogue's mirror_url leads to the image.",
      each(({ isMirrored }) => (isMirrored === undefined ? undefined : Number(isMirrored))),
    ),
    family(
      'image_mirrored_bytes',
      'Bytes of the image that the last run stored on the mirror.',
      each((image) => image.bytes),
    ),
  ].join('')
}

function measuredUpdate(report: RunReport): Measured {
  return {
    command: 'update',
    statuses: ['updated', 'would-update', 'up-to-date', 'skipped', 'failed'],
    images: report.images.map((image) => {
      const { file, name, shortname, status, previous, current, mirror } = image
      const force = report.dry_run || status === 'failed' ? previous : current
      const built = force && buildDay(force)
      const newest = status === 'failed' ? undefined : current && buildDay(current)
      return {
        ...{ file, name, shortname, status },
        age_days: daysBetween(built, Date.parse(report.started_at)),
        days_behind: daysBetween(built, newest),
        bytes: mirror?.bytes ?? (status === 'skipped' ? undefined : 0),
      }
    }),
  }
}

function measuredCheck(report: CheckReport): Measured {
  return {
    command: 'check',
    statuses: ['up-to-date', 'outdated', 'skipped', 'failed'],
    images: report.images.map((image) => {
      const isAsked = !['none', 'unasked', 'unknown'].includes(image.mirror.status)
      return { ...image, isMirrored: isAsked ? image.mirror.status === 'present' : undefined }
    }),
  }
}

/** Two samples of the same labels would make the whole file invalid. */
function distinct(images: readonly MeasuredImage[]): MeasuredImage[] {
  return [...new Map(images.map((image) => [JSON.stringify([image.file, image.name]), image])).values()]
}

function labelsOf({ file, name, shortname }: MeasuredImage, command: string): Labels {
  return { command, file, image: name, shortname: shortname ?? '' }
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const full = `image_updater_${name}`
  const lines = samples.flatMap(([labels, value]) =>
    value === undefined || Number.isNaN(value) ? [] : [`${full}${formatLabels(labels)} ${value}\n`],
  )
  return lines.length === 0 ? '' : [`# HELP ${full} ${help}\n`, `# TYPE ${full} gauge\n`, ...lines].join('')
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return `{${pairs.join(',')}}`
}

/** Backslash, quote and newline are escaped as the format asks; other control characters become `\u{…}`. */
function escapeLabel(value: string): string {
  return printableLines(value).replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}
