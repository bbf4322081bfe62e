import { z } from 'zod'
import { errorCodes } from '../errors.ts'

/**
 * The shape of every report. Each schema is the only definition: the library's types are inferred from it, the JSON of
 * a report is the report itself, and `schema/*.schema.json` is printed from it (`npm run schema`). zod is needed
 * only where a report is read or a schema printed: all others import types.
 */

const count = z.int().min(0)

/** Lines and columns count from 1. */
const place = { file: z.string(), line: z.int().min(1).optional(), column: z.int().min(1).optional() }

const error = z.object({
  code: z.enum(errorCodes),
  message: z.string().describe('One sentence: what happened to what'),
  remedy: z.string().optional().describe('What to do about it'),
  place: z.object(place).optional(),
})

function oneOf<const Value extends string>(values: readonly Value[], description: string) {
  return z.enum(values).describe(description)
}

function counts<const Name extends string>(...names: readonly Name[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, count])) as Record<Name, typeof count>)
}

/** Reports of earlier versions do not have it. */
const unknown = count.default(0)

const time = { started_at: z.iso.datetime().describe('UTC'), seconds: z.number().min(0) }

function exitStatus(meaning: string) {
  return z.int().min(0).max(255).describe(meaning)
}

function exitStatusOfRun(meaning: string) {
  return exitStatus(
    `${meaning}; 2: wrong usage, configuration or catalogue, nothing was done; 70: the program itself failed; 129, 130, 143: interrupted by SIGHUP, SIGINT, SIGTERM`,
  )
}

const refusal = z
  .array(error)
  .describe(
    'Why the run was refused, the failure of the program itself that ended it, or why it brought nothing to the mirror; empty otherwise',
  )

const definition = {
  file: z.string(),
  line: z.int().min(1).describe('Line of the definition in file, from 1'),
  name: z.string(),
  shortname: z.string().optional(),
}

const fileChange = z.object({ file: z.string(), diff: z.string().describe('Unified diff') })

function published<Shape extends z.ZodRawShape>(title: string, shape: Shape) {
  const description = 'Keys may be added within a schema_version: readers ignore those that they do not know.'
  return z.object({ schema_version: z.literal(1), ...shape }).meta({ title, description })
}

const values = z
  .object({
    version: z.string().optional().describe("The distribution's own, or YYYYMMDD"),
    build_date: z.string().optional().describe('YYYY-MM-DD'),
    checksum: z
      .string()
      .optional()
      .describe('algorithm:hex, of what is at mirror_url, or at url if there is no mirror_url'),
    url: z.string().optional(),
    mirror_url: z.string().optional(),
  })
  .describe('Values of an entry of versions; a key that the entry does not have is absent')

const discovery = {
  reason: oneOf(
    ['no-latest-url', 'disabled'],
    'Why no newest build was looked for; only with skipped',
  ).optional(),
  resolver: z.string().optional().describe('What found the newest build'),
  trust: oneOf(
    ['signed', 'checksum', 'first-use'],
    "How far the build's digest can be trusted: a signature of its manifest, or of the image's own bytes, was verified in this run; it is the distribution's published checksum; it was computed from the first download",
  ).optional(),
}

const transfer = {
  object: z.string().optional().describe("Key in the bucket, or path below the mirror's folder"),
  bytes: count.optional().describe('Bytes stored by this run'),
  seconds: z.number().min(0).optional(),
}

const storedMirror = z.object({
  status: oneOf(
    ['present', 'stored', 'would-store', 'foreign', 'none'],
    'present: it was there, with the right digest or of another tool; stored: transferred in this run; would-store: dry run; foreign: the catalogue names another mirror, which is left alone; none: nothing was done on a mirror',
  ),
  ...transfer,
  public: oneOf(
    ['present', 'other-bytes', 'missing', 'unknown'],
    'What a reader without credentials finds at the mirror_url that the catalogue names now, as in the report of check; absent: there is none, or it was not asked',
  ).optional(),
})

const inCloud = { id: z.string().describe('Of the image in Glance'), name: z.string() }

const cloudFinding = z.object({
  what: oneOf(
    [
      'missing',
      'current',
      'other-bytes',
      'unproven',
      'unfinished',
      'properties',
      'name',
      'visibility',
      'retire',
      'duplicate',
      'taken',
      'pending',
      'skipped',
      'limit',
    ],
    "missing: the cloud lacks a version; current: it has it; other-bytes: what has its name has other bytes; unproven: nobody knows its digest in Glance's algorithm; unfinished: an earlier run was interrupted; properties, name, visibility: they are not as the catalogue says; retire: the catalogue keeps it no longer; duplicate: two images that all can see have one name; taken: the name is an image's that is not ours; pending: the build is younger than min-age; skipped: it is not to be taken; limit: Glance cannot hold what the catalogue says",
  ),
  version: z.string().optional(),
  id: z.string().optional().describe('Of the image in Glance'),
  message: z.string().describe('One sentence'),
})

const cloudImage = z.object({
  ...definition,
  status: oneOf(
    ['published', 'would-publish', 'changed', 'would-change', 'current', 'pending', 'skipped', 'failed'],
    'published: a version was brought; changed: images that were there were corrected, renamed or retired; pending: a build waits for min-age, or (check) another run is at work; skipped: disabled, or a build that is not to be taken',
  ),
  findings: z.array(cloudFinding).describe('Of the cloud as it was found'),
  brought: z.array(
    z.object({
      ...inCloud,
      version: z.string(),
      bytes: count.optional().describe('Bytes'),
      seconds: z.number().min(0).optional(),
    }),
  ),
  changes: z.array(z.object({ ...inCloud, what: z.array(z.string()).describe('One sentence each') })),
  retired: z.array(
    z.object({
      ...inCloud,
      how: z.enum(['hidden', 'community', 'deactivated', 'deleted', 'kept']),
      message: z.string().describe('Why'),
    }),
  ),
  warnings: z.array(z.string()),
  error: error.optional(),
})

const cloudCall = z.object({
  method: z.string(),
  path: z
    .string()
    .describe('Below the address of the Image API; {id} stands for an id that Glance will give'),
  body: z.unknown().optional(),
  about: z.string().describe('What it is for'),
})

const cloudShare = z.object({ used: count, limit: count }).describe('Of our project')

const cloud = z.object({
  cloud: z.string().describe('NAME or NAME/REGION'),
  project: z.string().optional().describe('Name of the project whose images are ours'),
  images: z.array(cloudImage).describe('In catalogue order'),
  unnamed: z
    .array(z.object(inCloud))
    .describe('Images with our tag whose definition no file that was read has: they are left alone'),
  quota: z
    .object({ images: cloudShare.optional(), bytes: cloudShare.optional() })
    .optional()
    .describe('Only in a check, of what is limited, where Glance tells it'),
  warnings: z.array(z.string()).optional().describe('Of the cloud as a whole; only in a check'),
  calls: z.array(cloudCall).optional().describe('Only in a dry run, in their order'),
  error: error.optional().describe('Why nothing, or not all, could be done in this cloud'),
})

const clouds = z.array(cloud).describe('In the order in which they were named')

const updatedImage = z.object({
  ...definition,
  status: oneOf(
    ['updated', 'would-update', 'up-to-date', 'unknown', 'skipped', 'failed'],
    'unknown: only a download of the packed file could tell, which a dry run or a run without its mirror does not make',
  ),
  ...discovery,
  previous: values.optional(),
  current: values.optional(),
  mirror: storedMirror.optional(),
  warnings: z.array(z.string()),
  error: error.optional(),
})

export const publishSchema = published('Report of image-updater publish', {
  command: z.literal('publish'),
  ...time,
  dry_run: z.boolean(),
  exit_status: exitStatusOfRun(
    '0: all well; 1: at least one image failed, a cloud could not be used, or a file not be read',
  ),
  summary: counts(
    'images',
    'published',
    'would_publish',
    'changed',
    'would_change',
    'current',
    'pending',
    'skipped',
    'retired',
    'failed',
  ).describe(
    'Of all clouds; failed counts clouds that could not be used, and files that could not be read, as well',
  ),
  clouds,
  errors: refusal,
})

export const reportSchema = published('Report of image-updater', {
  ...time,
  dry_run: z.boolean(),
  exit_status: exitStatusOfRun(
    '0: all well; 1: at least one image failed, also in a cloud, or a cloud could not be used; 75: another run works on the catalogue, nothing was done',
  ),
  summary: counts('checked', 'updated', 'would_update', 'up_to_date', 'skipped', 'failed').extend({
    unknown,
  }),
  images: z.array(updatedImage).describe('In catalogue order'),
  changes: z.array(fileChange).describe('Changes of catalogue files, made or (dry run) planned'),
  clouds: clouds.optional().describe('Only with publish'),
  errors: refusal,
})

const publicMirror = z.object({
  status: oneOf(
    ['present', 'other-bytes', 'missing', 'unknown', 'unasked', 'none'],
    'present: the public URL answers, and tells no other digest; other-bytes: it tells another digest; missing: a reader is turned away; unknown: it says neither; unasked: the image is disabled, or the check did not get to it, or --no-check-public; none: the catalogue names no mirror',
  ),
  url: z.string().optional(),
  size: count.optional().describe('Bytes'),
})

const endOfLife = z.iso
  .date()
  .optional()
  .describe("From this day on nobody mends the release's faults free of charge")

const checkedImage = z.object({
  ...definition,
  distribution: z.string().optional().describe('os_distro'),
  release: z.string().optional().describe('os_version'),
  architecture: z.string().optional(),
  format: z.enum(['aki', 'ari', 'ami', 'raw', 'iso', 'vhd', 'vdi', 'qcow2', 'vmdk']),
  status: oneOf(
    ['up-to-date', 'outdated', 'unknown', 'skipped', 'failed'],
    'outdated: the distribution has another build, or the checksum is not that of what is at mirror_url; unknown: only a download of the packed file could tell, which a check does not make',
  ),
  ...discovery,
  versions: z.array(values).describe("The catalogue's versions; the first one is in force"),
  newest: values.optional(),
  age_days: z.int().optional().describe("Whole days from the catalogue's build to started_at (UTC)"),
  days_behind: z.int().optional().describe("Whole days from the catalogue's build to the newest one"),
  mirror: publicMirror,
  end_of_life: endOfLife,
  key_ends: z.iso
    .date()
    .optional()
    .describe('If it is signed: the day on which the key, or the subkey that signed, ends (UTC)'),
  warnings: z.array(z.string()),
  error: error.optional(),
})

export const checkSchema = published('Report of image-updater check', {
  command: z.literal('check'),
  ...time,
  exit_status: exitStatusOfRun(
    '0: nothing is to be done; 10: there are updates, images that the mirror lacks or of which it is unknown, or something to be done in a cloud; 1: at least one image could not be checked, or a cloud could not be asked',
  ),
  summary: counts('checked', 'up_to_date', 'outdated', 'skipped', 'failed', 'not_mirrored').extend({
    unknown,
  }),
  images: z.array(checkedImage).describe('In catalogue order'),
  clouds: clouds.optional().describe('Only with cloud'),
  errors: refusal,
})

const mirroredVersion = z.object({
  ...definition,
  version: z.string().optional(),
  url: z.string().optional(),
  mirror_url: z.string(),
  status: oneOf(
    ['present', 'stored', 'would-store', 'foreign', 'failed'],
    'present: it was there, with the right digest or of another tool; stored: transferred in this run; would-store: dry run; foreign: mirror_url is of another mirror, and left alone; failed: it could not be brought there',
  ),
  ...transfer,
  warnings: z.array(z.string()),
  reason: oneOf(
    ['source-gone', 'mismatch', 'other'],
    "Only with failed. source-gone: its url answers 404 or 410; mismatch: its bytes are not those of the catalogue's checksum",
  ).optional(),
  error: error.optional(),
})

export const mirrorSchema = published('Report of image-updater mirror', {
  command: z.literal('mirror'),
  ...time,
  dry_run: z.boolean(),
  exit_status: exitStatusOfRun('0: all of them are there; 1: at least one could not be brought there'),
  summary: counts('versions', 'present', 'stored', 'would_store', 'foreign', 'failed').describe(
    'versions: those that name a mirror_url; then how many there are of each status',
  ),
  versions: z.array(mirroredVersion).describe('Those that name a mirror_url, in catalogue order'),
  changes: z
    .array(fileChange)
    .describe('Checksums of packed files that became, or (dry run) would become, those of the objects'),
  errors: refusal,
})

const verifiedUrl = z.object({
  url: z.string(),
  status: oneOf(
    ['ok', 'missing', 'private', 'mismatch', 'error', 'unknown'],
    "missing: it answers 404 or 410; private: a reader without credentials is turned away; mismatch: its bytes are not those of the catalogue's checksum; error: it could not be found out; unknown: nothing is recorded of an unpacked image, and full was not asked for",
  ),
  message: z.string().optional().describe('One sentence; not with ok'),
})

const verdicts = [
  'mismatch',
  'unmirrorable',
  'missing',
  'private',
  'error',
  'pending',
  'unknown',
  'ok',
] as const

const verifiedVersion = z.object({
  ...definition,
  version: z.string().optional(),
  verdict: oneOf(
    verdicts,
    'unmirrorable: it is not on the mirror, and its source is gone as well; pending: the newest version of an image is not on the mirror yet; the others as the status of one of its URLs',
  ),
  url: verifiedUrl.optional(),
  mirror_url: verifiedUrl.optional(),
})

export const verifySchema = published('Report of image-updater verify', {
  command: z.literal('verify'),
  ...time,
  full: z.boolean().describe('Were the files downloaded and hashed?'),
  exit_status: exitStatusOfRun(
    'Of the most severe verdict, in this order: 5: mismatch; 7: unmirrorable; 3: missing; 4: private; 1: error; 6: pending; 0: unknown, ok',
  ),
  summary: counts(...verdicts).describe('Versions of each verdict'),
  versions: z.array(verifiedVersion).describe('In catalogue order'),
  errors: refusal,
})

const prunedObject = z.object({
  key: z.string().describe("Key in the bucket, or path below the mirror's folder"),
  size: count.describe('Bytes'),
  last_modified: z.string().describe('ISO 8601, UTC'),
  status: z.enum(['would-remove', 'removed', 'failed']),
  error: error.optional(),
})

export const pruneSchema = published('Report of image-updater prune', {
  command: z.literal('prune'),
  ...time,
  place: z.string().optional().describe('The mirror; absent where the run was refused'),
  grace_seconds: z
    .number()
    .min(0)
    .optional()
    .describe('What is younger stays; absent where the run was refused'),
  remove: z.boolean().describe('Was anything to be removed, or only listed?'),
  exit_status: exitStatusOfRun(
    '0: all well; 1: at least one object could not be removed; 75: another run works on the catalogue, nothing was removed',
  ),
  summary: z.object({
    would_remove: count,
    removed: count,
    failed: count,
    bytes: count.describe('Of the objects that were, or would be, removed'),
    named: count.describe('Objects that the catalogue names'),
    young: count.describe('That it does not name, younger than the grace period'),
    others: count.describe("Whose keys are not of the updater's form: never touched"),
  }),
  objects: z.array(prunedObject).describe('That no catalogue file names any more, by key'),
  errors: refusal,
})

const listedImage = z.object({
  ...definition,
  enable: z.boolean(),
  format: z.string(),
  login: z.string().optional(),
  password: z.string().optional().describe('The one that everybody knows, of images that have one'),
  min_disk: z.number().optional().describe('GiB'),
  min_ram: z.number().optional().describe('MiB'),
  architecture: z.string().optional(),
  os_distro: z.string().optional(),
  os_version: z.string().optional(),
  os_purpose: z.string().optional(),
  visibility: z.string().optional(),
  versions: count.describe(
    'Entries of versions; the keys that follow are of the one with the newest build date',
  ),
  ...values.shape,
})

export const listSchema = published('Report of image-updater list', {
  images: z.array(listedImage).describe('In catalogue order'),
})

const fieldChange = z.object({
  key: z.string().describe('Dotted: min_disk, meta.os_version'),
  before: z.string().optional().describe('Absent: the key was not there'),
  after: z.string().optional().describe('Absent: the key is gone'),
})

const comparedImage = z.object({
  file: z.string().describe('Name of the file that the image is in; of a removed one: that it was in'),
  name: z.string(),
  shortname: z.string().optional(),
  status: z.enum(['added', 'removed', 'changed']),
  fields: z.array(fieldChange).describe('Everything but the versions; only with changed'),
  versions: z.object({
    added: z.array(values),
    removed: z.array(values),
    changed: z.array(z.object({ version: z.string(), fields: z.array(fieldChange) })),
  }),
})

export const diffSchema = published('Report of image-updater diff', {
  summary: counts('added', 'removed', 'changed').describe('Images'),
  images: z
    .array(comparedImage)
    .describe('Those of the new catalogue in its order, then those that were removed'),
})

const finding = z.object({
  severity: z.enum(['error', 'warning']),
  rule: z.string().describe('Stable name of the rule'),
  ...place,
  image: z.string().optional().describe('Name of the image definition that it is in'),
  message: z.string().describe('One sentence without its full stop'),
  remedy: z.string().describe('What to do about it: one sentence without its full stop'),
})

export const validateSchema = published('Report of image-updater validate', {
  exit_status: exitStatus('0: no error was found; 1: errors were found (with --strict: or warnings)'),
  summary: counts('files', 'images', 'errors', 'warnings'),
  findings: z.array(finding).describe('By file as they were read, then by line and column'),
  ignored: z
    .array(z.object({ rule: z.string(), findings: count.describe('What it would have found') }))
    .describe('Rules that were switched off'),
})

const lifecycleRelease = z.object({
  status: oneOf(
    ['expired', 'expiring', 'missing', 'acknowledged', 'supported', 'disabled', 'unknown'],
    "expired: enabled, although its end has come; expiring: its end comes soon; missing: supported, and the catalogue has other releases of its distribution; acknowledged: missing, and not wanted; disabled: all of its images are; unknown: its distribution's dates do not name it",
  ),
  product: z.string().describe('As endoflife.date names it'),
  label: z.string().describe('For people: Rocky Linux'),
  release: z.string().optional().describe('Absent: the image does not tell it'),
  released: z.iso.date().optional(),
  images: z.array(z.object({ ...definition, enable: z.boolean() })).describe('In catalogue order'),
  end_of_life: endOfLife,
  days_left: z.int().optional().describe('Days from today to end_of_life; negative after it'),
})

export const lifecycleSchema = published('Report of image-updater lifecycle', {
  exit_status: exitStatus(
    '0: nothing to do; 1: dates could not be had, or an image could not be switched off; 10: releases are expired (and enabled), expiring or missing',
  ),
  today: z.iso.date().describe('The day that the report is of'),
  dates_of: z.iso.date().describe('The day of which the oldest dates in use are'),
  within_days: count.describe('Days in which an end counts as coming soon'),
  dry_run: z.boolean(),
  releases: z.array(lifecycleRelease),
  failures: z
    .array(error)
    .describe(
      'Dates that could not be had (those that ship with the program stand in), images that could not be switched off',
    ),
  changes: z.array(fileChange).describe('What was (in a dry run: would be) switched off'),
  switched_off: z.array(z.object(definition)).describe('The images of which that is so'),
})

/** What a command without a report of its own prints where it could do nothing. */
export const refusalSchema = published('Refusal of image-updater', {
  command: z.string(),
  ...time,
  exit_status: z.int().min(1).max(255),
  errors: z.array(error).min(1),
})

/** The published schemas by the names of their files. */
export const publishedSchemas: Readonly<Record<string, z.ZodType>> = {
  check: checkSchema,
  diff: diffSchema,
  lifecycle: lifecycleSchema,
  list: listSchema,
  mirror: mirrorSchema,
  prune: pruneSchema,
  publish: publishSchema,
  refusal: refusalSchema,
  report: reportSchema,
  validate: validateSchema,
  verify: verifySchema,
}

/** A JSON Schema (draft 2020-12), as its file holds it. */
export function formatJsonSchema(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2)}\n`
}

/** The value of a schema, in which nothing changes. */
type Immutable<Value> = Value extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Immutable<Value[Key]> }
    : Value

/** A report as its use-case returns it: `exit_status` is added by the command that publishes it. */
type Reported<Schema extends z.ZodType<{ exit_status: number }>> = Omit<
  Immutable<z.infer<Schema>>,
  'exit_status'
>

/** An error in any report. */
export type OutcomeError = Immutable<z.infer<typeof error>>

/** Everything that an update did. */
export type RunReport = Reported<typeof reportSchema>
export type RunSummary = RunReport['summary']
/** The end of one image's way through an update. */
export type ImageOutcome = RunReport['images'][number]
/** Values of a catalogue entry. */
export type OutcomeValues = NonNullable<ImageOutcome['current']>
/** What was done on the mirror for one image. */
export type MirrorOutcome = NonNullable<ImageOutcome['mirror']>
/** The planned or made change of one catalogue file. */
export type FileChange = RunReport['changes'][number]

/** Everything that a check found out. */
export type CheckReport = Reported<typeof checkSchema>
export type CheckSummary = CheckReport['summary']
/** What a check knows of one image. */
export type CheckedImage = CheckReport['images'][number]
export type CheckStatus = CheckedImage['status']
/** What the public URL that the catalogue names says, asked without credentials. */
export type MirrorState = CheckedImage['mirror']

export type ListReport = Immutable<z.infer<typeof listSchema>>
/** An image of the catalogue as its users see it. */
export type ListedImage = ListReport['images'][number]

/** What is different between two catalogues. */
export type CatalogueDiff = Immutable<z.infer<typeof diffSchema>>
/** What has become of one image. */
export type ImageDiff = CatalogueDiff['images'][number]
export type DiffVersion = ImageDiff['versions']['added'][number]
/** A key whose value is another one now. */
export type FieldChange = ImageDiff['fields'][number]

/** What a validation has looked at and found. */
export type ValidationReport = Reported<typeof validateSchema>
/** Something in a catalogue file that is wrong, or probably not meant so. */
export type Finding = ValidationReport['findings'][number]
export type Severity = Finding['severity']

/** How the catalogue stands to the lives of its releases. */
export type LifecycleReport = Reported<typeof lifecycleSchema>
/** One release of a distribution that the catalogue has images of. */
export type LifecycleRelease = LifecycleReport['releases'][number]
export type LifecycleStatus = LifecycleRelease['status']
export type LifecycleImage = LifecycleRelease['images'][number]

/** Everything that a run of `mirror` did. */
export type MirrorReport = Reported<typeof mirrorSchema>
export type MirrorSummary = MirrorReport['summary']
/** What became of one version that names a `mirror_url`. */
export type MirroredVersion = MirrorReport['versions'][number]
export type UnmirroredReason = NonNullable<MirroredVersion['reason']>

/** Everything that a run of `publish` did. */
export type PublishReport = Reported<typeof publishSchema>
/** How the catalogue stands, or what was done, in one cloud. */
export type CloudOutcome = PublishReport['clouds'][number]
/** The same of one definition. */
export type CloudImageOutcome = CloudOutcome['images'][number]
export type CloudFinding = CloudImageOutcome['findings'][number]
export type CloudCall = NonNullable<CloudOutcome['calls']>[number]

/** Everything that a run of `verify` found. */
export type VerifyReport = Reported<typeof verifySchema>
export type VerifiedVersion = VerifyReport['versions'][number]
/** What asking one URL told. */
export type VerifiedUrl = NonNullable<VerifiedVersion['url']>
export type Verdict = VerifiedVersion['verdict']

/** Everything that a run of `prune` found, and did. */
export type PruneReport = Reported<typeof pruneSchema>
/** An object that no catalogue file names any more. */
export type PrunedObject = PruneReport['objects'][number]
