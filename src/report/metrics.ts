import { buildDay, daysBetween } from './check.ts'
import type { CheckedImage, CheckReport, ImageOutcome, MirrorState, RunReport } from './schemas.ts'
import { printableLines } from './text.ts'

const imageMetrics = {
  age_days: "Days from the catalogue's build to the last run.",
  days_behind: "Days from the catalogue's build to the newest one.",
  end_of_life_timestamp_seconds: 'When support of the release ends.',
  key_end_timestamp_seconds: 'When the key that signed the checksum file, or the image, ends.',
  mirrored: "Whether the catalogue's mirror_url leads to the image.",
  mirrored_bytes: 'Bytes of the image that the last run stored on the mirror.',
} as const
type ImageMetric = keyof typeof imageMetrics

/** The values of one image; an unknown value has no sample. */
interface MeasuredImage {
  readonly labels: Labels
  readonly status: string
  readonly values: { readonly [Metric in ImageMetric]?: number | undefined }
}

const statuses = {
  update: ['updated', 'would-update', 'up-to-date', 'unknown', 'skipped', 'failed'],
  check: ['up-to-date', 'outdated', 'unknown', 'skipped', 'failed'],
} as const

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number | undefined]

/** An update or a check as Prometheus text (version 0.0.4). */
export function formatMetrics(report: RunReport | CheckReport): string {
  const { started_at, seconds, summary, errors } = report
  const command = 'command' in report ? report.command : 'update'
  const images = distinct(
    'command' in report
      ? report.images.map(measureChecked)
      : report.images.map((image) => measureUpdated(image, report)),
  )
  const end = Date.parse(started_at) / 1000 + seconds
  const succeeded = summary.failed === 0 && errors.length === 0
  const stored = images.flatMap(({ values }) => values.mirrored_bytes ?? [])
  const ofRun = (name: string, help: string, ...values: readonly number[]) =>
    family(
      name,
      help,
      values.map((value) => [{ command }, value]),
    )
  const ofImages = ([name, help]: [string, string]) =>
    family(
      `image_${name}`,
      help,
      images.map(({ labels, values }) => [{ command, ...labels }, values[name as ImageMetric]]),
    )
  const states = images.flatMap(({ labels, status }) =>
    statuses[command].map((one): Sample => [{ command, ...labels, status: one }, Number(one === status)]),
  )
  return [
    ofRun('last_run_timestamp_seconds', 'When the last run ended.', Math.round(end * 1000) / 1000),
    ofRun('last_run_duration_seconds', 'How long the last run took.', seconds),
    ofRun('last_run_success', 'Whether no image failed in the last run.', Number(succeeded)),
    ofRun(
      'mirrored_bytes',
      'Bytes that the last run stored on the mirror.',
      ...(stored.length === 0 ? [] : [stored.reduce((sum, bytes) => sum + bytes)]),
    ),
    family('image_status', 'What the last run made of the image: 1 for that status.', states),
    ...Object.entries(imageMetrics).map(ofImages),
  ].join('')
}

function measureUpdated(image: ImageOutcome, { dry_run, started_at }: RunReport): MeasuredImage {
  const { status, previous, current, mirror } = image
  const force = dry_run || status === 'failed' ? previous : current
  const built = force && buildDay(force)
  const newest = status === 'failed' ? undefined : current && buildDay(current)
  const values = {
    age_days: daysBetween(built, Date.parse(started_at)),
    days_behind: daysBetween(built, newest),
    mirrored: mirrored(mirror?.public),
    mirrored_bytes: mirror?.bytes ?? (status === 'skipped' ? undefined : 0),
  }
  return { labels: labelsOf(image), status, values }
}

function measureChecked(image: CheckedImage): MeasuredImage {
  const { status, age_days, days_behind, end_of_life, key_ends, mirror } = image
  const values = {
    ...{ age_days, days_behind },
    end_of_life_timestamp_seconds: secondsOf(end_of_life),
    key_end_timestamp_seconds: secondsOf(key_ends),
    mirrored: mirrored(mirror.status),
  }
  return { labels: labelsOf(image), status, values }
}

/** Unix time of a day. */
function secondsOf(day: string | undefined): number | undefined {
  return day === undefined ? undefined : Date.parse(day) / 1000
}

/** Unknown, where the mirror has not told. */
function mirrored(status: MirrorState['status'] = 'unasked'): number | undefined {
  return ['none', 'unasked', 'unknown'].includes(status) ? undefined : Number(status === 'present')
}

function labelsOf({ file, name, shortname = '' }: CheckedImage | ImageOutcome): Labels {
  return { file, image: name, shortname }
}

/** Two samples of the same labels would make the whole file invalid. */
function distinct(images: readonly MeasuredImage[]): MeasuredImage[] {
  return [
    ...new Map(
      images.map((image) => [JSON.stringify([image.labels.file, image.labels.image]), image]),
    ).values(),
  ]
}

function family(name: string, help: string, samples: readonly Sample[]): string {
  const full = `image_updater_${name}`
  const lines = samples.flatMap(([labels, value]) =>
    value === undefined || Number.isNaN(value) ? [] : [`${full}{${formatLabels(labels)}} ${value}\n`],
  )
  return lines.length === 0 ? '' : [`# HELP ${full} ${help}\n`, `# TYPE ${full} gauge\n`, ...lines].join('')
}

/** Backslash, quote and newline are escaped as the format asks; other control characters become `\u{…}`. */
function formatLabels(labels: Labels): string {
  const quoted = (value: string) => printableLines(value).replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${quoted(value)}"`)
    .join(',')
}
