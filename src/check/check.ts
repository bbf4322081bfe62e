import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import {
  createDiscovery,
  type Discovery,
  findNewest,
  lostSignature,
  succession,
} from '../discovery/find-newest.ts'
import { withSources } from '../discovery/find-resolver.ts'
import { signaturePolicyOf } from '../discovery/options.ts'
import { isoDate, isoDay } from '../discovery/stamp.ts'
import { type RecordedDigests, standingOf } from '../discovery/standing.ts'
import type { UpdaterError } from '../errors.ts'
import type { ImageStep, Listener } from '../events.ts'
import { type Build, formatDigest, type Image, type ImageVersion, type Signer } from '../image.ts'
import { endOfLife, hasEnded } from '../lifecycle/end-of-life.ts'
import { isOverdue } from '../lifecycle/recency.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import { type CatalogueOptions, settleCatalogue, withDefaults } from '../options.ts'
import { buildDay, daysBetween, shownVersion, summarizeCheck } from '../report/check.ts'
import { formatCount } from '../report/quantities.ts'
import { reportedError } from '../report/refusal.ts'
import type { CheckedImage, CheckReport, CheckStatus, OutcomeValues } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import { type CloudOptions, type DiscoveryOptions, settleSources } from '../run/options.ts'
import { askPublic, type PublicState, unasked } from '../run/public-state.ts'
import {
  type Beginning,
  begin,
  endInOrder,
  errorOf,
  type Limit,
  limited,
  type RunContext,
  secondsSince,
  skipReason,
  type Tell,
  tellOf,
} from '../run/run.ts'
import { createSignatureMemory, type SignatureMemory } from '../run/signed-before.ts'

/** The options are those of the command `check`. */
export interface CheckOptions extends CatalogueOptions, DiscoveryOptions, Pick<CloudOptions, 'skip'> {}

/**
 * Says of each selected image how old the version in the catalogue is, whether the distribution has a newer
 * one, and what the mirror's public URL answers. It writes nothing, needs no credentials, and reads a
 * read-only folder. One image's failure stands in the report and never stops the others.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* if the run cannot begin. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function checkCatalogue(
  options: CheckOptions = {},
  context: RunContext = {},
): Promise<CheckReport> {
  const { images: paths, names } = settleCatalogue(options)
  const settings = { ...withDefaults('check', options), ...settleSources(options) }
  const beginning = begin(context, settings)
  const { startedAt, signal, onEvent, note, http } = beginning
  const run: CheckRun = {
    ...beginning,
    includeDisabled: settings.includeDisabled,
    checkPublic: settings.checkPublic,
    discovery: createDiscovery(settings, { http, signal, now: startedAt }),
    checking: limited(settings.jobs, signal, settings.timeout),
    signatureMemory: createSignatureMemory(beginning.memory, startedAt),
  }
  try {
    const selected = selectImages(withSources(await readCatalog(paths), settings.sources), names)
    onEvent({ type: 'run-start', images: selected.length })
    const images = await Promise.all(selected.map((image, ordinal) => checkImage(image, ordinal, run)))
    return checkReport(images, startedAt, secondsSince(startedAt))
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

/** The report of a check of these images. */
export function checkReport(images: readonly CheckedImage[], startedAt: Date, seconds: number): CheckReport {
  return {
    schema_version: 1,
    command: 'check',
    started_at: startedAt.toISOString(),
    seconds,
    summary: summarizeCheck(images),
    images,
    errors: [],
  }
}

/** What was found out of an image, beside what the catalogue says of it. */
type Found = Pick<
  CheckedImage,
  'status' | 'reason' | 'resolver' | 'trust' | 'newest' | 'mirror' | 'key_ends' | 'warnings' | 'error'
>

/** The image in the report of a check. @param now the moment from which its age is counted */
export function checkedImage(
  image: Image,
  { status, reason, resolver, trust, newest, mirror, key_ends, warnings, error }: Found,
  now: Date,
): CheckedImage {
  const { file, line, name, shortname, architecture, format } = image
  const versions = image.versions.map(reportedValues)
  const current = shownVersion({ status, versions })
  const built = current && buildDay(current)
  return {
    ...{ file, line, name, shortname },
    distribution: image.osDistro,
    release: image.osVersion,
    ...{ architecture, format, status, reason, resolver, trust, versions, newest },
    age_days: daysBetween(built, now.getTime()),
    days_behind: daysBetween(built, newest && buildDay(newest)),
    mirror,
    end_of_life: endOfLife(image, snapshot)?.endOfLife,
    ...{ key_ends, warnings, error },
  }
}

/** What the images of one check share. */
interface CheckRun extends Pick<Beginning, 'http' | 'signal' | 'startedAt'> {
  readonly onEvent: Listener
  readonly includeDisabled: boolean
  readonly checkPublic: boolean
  readonly discovery: Discovery
  readonly checking: Limit
  readonly signatureMemory: SignatureMemory
}

/** What is known of the image so far; the report has it also if a later step fails. */
type Known = Pick<CheckedImage, 'resolver' | 'trust' | 'newest' | 'mirror' | 'key_ends'>

/**
 * Asks the image's mirror and its distribution. What the mirror says is reported also if the distribution fails, and
 * the other way round.
 */
async function checkImage(image: Image, ordinal: number, run: CheckRun): Promise<CheckedImage> {
  const { warnings, tell } = tellOf(image, ordinal, run.onEvent)
  const [current] = image.versions
  const skipped = skipReason(image, run.includeDisabled)
  let known: Known = { mirror: unasked(current) }
  const end = (status: CheckStatus, thrown?: UpdaterError): CheckedImage => {
    tell({ type: 'done', status: status === 'outdated' ? 'would-update' : status })
    const reason = status === 'skipped' ? skipped : undefined
    const error = thrown && reportedError(thrown, image)
    return checkedImage(image, { ...known, status, reason, warnings, error }, run.startedAt)
  }
  const look = async (signal: AbortSignal): Promise<CheckedImage> => {
    const looking = { ...run, signal, discovery: { ...run.discovery, signal } }
    const { mirror, recorded = [], failure } = await askMirror(current, looking, tell)
    known = { mirror }
    if (failure !== undefined && mirror.status !== 'unknown')
      tell({ type: 'warning', message: failure.message })
    let status: CheckStatus = 'skipped'
    if (skipped === undefined) {
      const build = await findNewest(image, looking.discovery, tell)
      const { resolver, trust, signer = build.signature?.signer } = build
      known = { ...known, resolver, trust, key_ends: signer?.keyEnds && isoDay(signer.keyEnds) }
      const ending = signer && keyEndsSoon(signer, build, run.startedAt)
      if (ending !== undefined) tell({ type: 'warning', message: ending })
      const compared = await compare(image, build, recorded, looking)
      status = compared.status
      known = { ...known, newest: compared.newest }
      if (compared.downgrade !== undefined) throw compared.downgrade
      if (compared.step !== undefined) tell(compared.step)
    }
    const standstill = standstillOf(image, known.newest, run.startedAt)
    if (standstill !== undefined) tell({ type: 'warning', message: standstill })
    if (failure !== undefined) throw failure
    return end(status)
  }
  try {
    return image.enable || run.includeDisabled ? await run.checking(look) : end('skipped')
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    return end('failed', error)
  }
}

/** Tells what is wrong there. The failure that is left says that the mirror could not be asked. */
async function askMirror(current: ImageVersion | undefined, run: CheckRun, tell: Tell): Promise<PublicState> {
  const state = await askPublic(current, run)
  const { mirror, recorded, failure } = state
  if (failure === undefined || mirror.status === 'unknown') return state
  tell({ type: 'warning', message: failure.message })
  return { mirror, recorded }
}

/**
 * Returns what is told of an image whose newest build is older than `replace_frequency` allows, whatever the cause. An
 * image whose release has ended gets no more builds.
 */
export function standstillOf(image: Image, newest: OutcomeValues | undefined, now: Date): string | undefined {
  const built = newest && buildDay(newest)
  if (built === undefined) return undefined
  const builtOn = isoDay(new Date(built))
  const today = isoDay(now)
  if (!isOverdue(builtOn, image.replaceFrequency, today)) return undefined
  const release = endOfLife(image, snapshot)
  if (release !== undefined && hasEnded(release, today)) return undefined
  return `The newest build is ${daysBetween(built, now.getTime())} days old (${builtOn}), though replace_frequency is ${image.replaceFrequency}: the distribution stands still, or the URLs of ${image.name} no longer lead to its newest build`
}

/** Days before the end of a key from which on it is told: time enough to hear of the next one. */
const keyNotice = 60

/** Says that the key of a distribution ends within the next days, or undefined if it does not. */
function keyEndsSoon({ fingerprint, keyEnds }: Signer, { signature }: Build, now: Date): string | undefined {
  const days = daysBetween(now.getTime(), keyEnds?.getTime())
  if (keyEnds === undefined || days === undefined || days > keyNotice) return undefined
  const signed = signature === undefined ? 'checksum file' : 'image'
  const key = `The key ${fingerprint.toUpperCase()} that signs the ${signed}`
  return `${key} ends on ${isoDay(keyEnds)}, in ${formatCount(days, 'day')}: from then on its signatures are refused, unless the distribution prolongs it`
}

/** How an image of the catalogue stands to its newest build. */
interface Compared {
  readonly status: CheckStatus
  readonly newest: OutcomeValues
  /** Given if the build is the older of the two. */
  readonly downgrade?: UpdaterError | undefined
  /** What is told of it. */
  readonly step?: ImageStep | undefined
}

/** @throws UpdaterError SIGNATURE_LOST, HTTP_*, DISCOVERY_NO_DATE */
async function compare(
  image: Image,
  build: Build,
  recorded: readonly RecordedDigests[],
  { discovery, signatureMemory }: CheckRun,
): Promise<Compared> {
  const isLookedAt = signaturePolicyOf(image, discovery) !== 'off'
  const signedBefore = isLookedAt ? await signatureMemory.newestOf(image, recorded) : undefined
  const lost = lostSignature(image, build, signedBefore)
  if (lost !== undefined) throw lost
  const [current] = image.versions
  const standing = standingOf(current, build, recorded)
  if (standing === 'other') {
    const { version, date, downgrade } = await succession(image, build, discovery, signedBefore)
    return { status: 'outdated', newest: valuesOf(build, version, isoDate(date)), downgrade }
  }
  const newest = { ...(current && reportedValues(current)), url: build.url, mirror_url: undefined }
  if (standing === 'same') return { status: 'up-to-date', newest, step: { type: 'up-to-date' } }
  const step = { type: 'warning', message: doubts[standing] } as const
  return { status: standing === 'packed' ? 'outdated' : 'unknown', newest, step }
}

const doubts = {
  packed: 'The checksum is that of the packed file, not of what mirror_url serves: an update corrects it',
  unknown:
    'Nothing tells of which packed file the object at mirror_url was made: an update downloads it once to find out',
}

function valuesOf({ url, digest }: Build, version: string, buildDate: string): OutcomeValues {
  return { version, build_date: buildDate, checksum: digest && formatDigest(digest), url }
}
