import { buildDay, daysBetween } from './check.ts'
import { cloudStatuses, hasFailed, isOutOfOrder } from './publish.ts'
import type {
  CheckedImage,
  CheckReport,
  CloudFinding,
  CloudImageOutcome,
  CloudOutcome,
  ImageOutcome,
  MirrorState,
  PublishReport,
  RunReport,
} from './schemas.ts'
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

/** An update, a check or a publication as Prometheus text (version 0.0.4). */
export function formatMetrics(report: RunReport | CheckReport | PublishReport): string {
  const { started_at, seconds, summary, errors, clouds = [] } = report
  const command = 'command' in report ? report.command : 'update'
  const images = distinct(measureImages(report))
  const end = Date.parse(started_at) / 1000 + seconds
  const succeeded = summary.failed === 0 && errors.length === 0 && !hasFailed(clouds)
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
  const known = command === 'publish' ? [] : statuses[command]
  const states = images.flatMap(({ labels, status }) =>
    known.map((one): Sample => [{ command, ...labels, status: one }, Number(one === status)]),
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
    ...formatCloudMetrics(command, clouds),
  ].join('')
}

/** All that can be found of an image, so that a count that falls to 0 is told. */
const findings: Readonly<Record<CloudFinding['what'], true>> = {
  ...{ missing: true, current: true, 'other-bytes': true, unproven: true, unfinished: true },
  ...{ properties: true, name: true, visibility: true, retire: true, duplicate: true },
  ...{ taken: true, pending: true, skipped: true, limit: true },
}

/** Series of a cloud are as many as its statuses and kinds of findings, and one for each image of the catalogue. */
function formatCloudMetrics(command: string, outcomes: readonly CloudOutcome[]): string[] {
  const clouds = [...new Map(outcomes.map((one) => [one.cloud, one])).values()]
  const ofClouds = (name: string, help: string, samplesOf: (cloud: CloudOutcome) => readonly Sample[]) => {
    const samples = clouds.flatMap((one) =>
      samplesOf(one).map(([labels, value]): Sample => [{ command, cloud: one.cloud, ...labels }, value]),
    )
    return family(`cloud_${name}`, help, samples)
  }
  const countsOf = <Name extends string>(label: string, names: readonly Name[], found: readonly Name[]) =>
    names.map((name): Sample => [{ [label]: name }, found.filter((one) => one === name).length])
  const quotaOf = (key: 'used' | 'limit') => (cloud: CloudOutcome) =>
    Object.entries(cloud.quota ?? {}).map(([resource, share]): Sample => [{ resource }, share?.[key]])
  return [
    ofClouds('up', 'Whether the cloud could be asked, and published into.', (cloud) => [
      [{}, Number(isUp(cloud))],
    ]),
    ofClouds('images', "The catalogue's images by what the last run made of them in the cloud.", (cloud) =>
      isUp(cloud)
        ? countsOf(
            'status',
            cloudStatuses,
            cloud.images.map(({ status }) => status),
          )
        : [],
    ),
    ofClouds('findings', 'What the last run found in the cloud, as it was before the run.', (cloud) =>
      isUp(cloud)
        ? countsOf(
            'finding',
            Object.keys(findings) as CloudFinding['what'][],
            cloud.images.flatMap((image) => image.findings.map(({ what }) => what)),
          )
        : [],
    ),
    ofClouds('unnamed_images', 'Images with our tag whose definition no file has.', (cloud) =>
      isUp(cloud) ? [[{}, cloud.unnamed.length]] : [],
    ),
    ofClouds('image_in_order', 'Whether the cloud has of the image what the catalogue says.', ({ images }) =>
      [...new Map(images.map((image) => [JSON.stringify([image.file, image.name]), image])).values()].map(
        (image): Sample => [labelsOf(image), inOrder(image)],
      ),
    ),
    ofClouds('quota_used', 'What our project has of its quota: images, bytes.', quotaOf('used')),
    ofClouds('quota_limit', 'What our project may have: images, bytes.', quotaOf('limit')),
  ]
}

/** Images that are not retired, for there would be too many, are no reason to doubt the rest. */
function isUp({ error }: CloudOutcome): boolean {
  return error === undefined || error.code === 'CLOUD_BRAKE'
}

/** Unknown of one that is to be left out. */
function inOrder(image: CloudImageOutcome): number | undefined {
  return image.status === 'skipped' ? undefined : Number(!isOutOfOrder(image))
}

function measureImages(report: RunReport | CheckReport | PublishReport): MeasuredImage[] {
  if (!('command' in report)) return report.images.map((image) => measureUpdated(image, report))
  return report.command === 'check' ? report.images.map(measureChecked) : []
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

function labelsOf({ file, name, shortname = '' }: CheckedImage | ImageOutcome | CloudImageOutcome): Labels {
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
