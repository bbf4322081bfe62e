import { recordedDigest, refuseDowngrade } from '../discovery/compare.ts'
import { type Discovery, findNewest, versionOf } from '../discovery/find-newest.ts'
import { dateOfVersion } from '../discovery/stamp.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { ImageStep } from '../events.ts'
import type { HttpClient } from '../http/types.ts'
import { redactUrl } from '../http/url.ts'
import { type Build, formatDigest, type Image, type ImageVersion, parseDigest } from '../image.ts'
import type { CheckedImage, MirrorState, OutcomeValues } from '../report/schemas.ts'
import { findPublic } from '../stores/public.ts'

type Tell = (step: ImageStep) => void

/** What one check shares among its images. */
export interface CheckRun {
  readonly signal: AbortSignal
  readonly http: HttpClient
  readonly checkPublic: boolean
  readonly discovery: Discovery
}

/** What is known of an image so far; a failure is reported with it. */
export type Finding = { -readonly [Key in 'resolver' | 'trust' | 'newest']?: CheckedImage[Key] } & {
  mirror: MirrorState
  /** The distribution has other bytes than the catalogue names. */
  isOutdated?: boolean
}

/**
 * Asks the image's distribution, and its mirror. What the mirror says is known also where the distribution fails.
 * @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID, DOWNGRADE,
 * PUBLIC_UNREADABLE, ABORTED
 */
export async function checkImage(image: Image, run: CheckRun, step: Tell, finding: Finding): Promise<void> {
  const lost = await askMirror(image.versions[0], run, step, finding)
  if (image.latestUrl !== undefined) await askDistribution(image, run, step, finding)
  if (lost !== undefined) throw lost
}

async function askDistribution(image: Image, run: CheckRun, step: Tell, finding: Finding): Promise<void> {
  const found = await findNewest(image, run.discovery, step)
  finding.resolver = found.resolver
  finding.trust = found.trust
  const [current] = image.versions
  const digest = recordedDigest(image, found)
  if (digest !== undefined) {
    finding.newest = valuesOf({ ...found, digest }, current?.version, current?.buildDate)
    step({ type: 'up-to-date' })
    return
  }
  const version = await versionOf(found, run.discovery)
  finding.newest = valuesOf(found, version, dateOfVersion(version))
  refuseDowngrade(image, found, version)
  finding.isOutdated = true
}

function valuesOf({ url, digest }: Build, version?: string, buildDate?: string): OutcomeValues {
  return { version, build_date: buildDate, checksum: digest && formatDigest(digest), url }
}

/** Returns why the mirror says neither that it has the image nor that it has not. */
async function askMirror(
  version: ImageVersion | undefined,
  { http, signal, checkPublic }: CheckRun,
  step: Tell,
  finding: Finding,
): Promise<UpdaterError | undefined> {
  const url = version?.mirrorUrl
  if (version === undefined || url === undefined || !checkPublic) return undefined
  try {
    const found = await findPublic(url, http, signal)
    if ('turnedAway' in found) {
      finding.mirror = { status: 'missing', url }
      const message = `${redactUrl(url)} answers ${found.turnedAway}: users of the cloud cannot have the image`
      step({ type: 'warning', message })
      return undefined
    }
    const isWrong = isOther(version, found.sourceChecksum)
    finding.mirror = { status: isWrong ? 'other-bytes' : 'present', url, size: found.size }
    if (isWrong)
      step({ type: 'warning', message: `${redactUrl(url)} is another image than the catalogue names` })
    return undefined
  } catch (thrown) {
    signal.throwIfAborted()
    finding.mirror = { status: 'unknown', url }
    const { code, message } = asUpdaterError(thrown)
    return new UpdaterError(code, message, {
      remedy: 'Look at what the mirror answers; --no-check-public leaves it out',
      cause: thrown,
    })
  }
}

function isOther({ checksum = '' }: ImageVersion, recorded: string | undefined): boolean {
  const ours = parseDigest(checksum)
  return ours !== undefined && recorded !== undefined && recorded !== formatDigest(ours)
}
