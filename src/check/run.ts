import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { createDiscovery } from '../discovery/find-newest.ts'
import { settleDiscovery } from '../discovery/options.ts'
import { withSources } from '../discovery/rules.ts'
import type { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import type { Image } from '../image.ts'
import { endOfLife } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import { buildDay, daysBetween, summarizeCheck, toldVersion } from '../report/check.ts'
import type { CheckedImage, CheckReport, CheckStatus, OutcomeValues } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'
import type { Limit, RunContext } from '../run/context.ts'
import {
  begin,
  endInOrder,
  errorOf,
  limited,
  outcomeError,
  secondsSince,
  skipReason,
  tellOf,
} from '../run/run.ts'
import { defaultJobs, positive, settleCatalogue } from '../run/settings.ts'
import { type CheckRun, checkImage, type Finding } from './check-image.ts'
import type { CheckOptions } from './options.ts'

/** See `checkCatalogue`. */
export async function runCheck(options: CheckOptions, context: RunContext = {}): Promise<CheckReport> {
  const { images: paths, names, includeDisabled } = settleCatalogue(options)
  const jobs = positive('jobs', options.jobs ?? defaultJobs)
  const settings = settleDiscovery(options)
  const beginning = begin(context)
  const { startedAt, signal, onEvent, note, http } = beginning
  const checks: Checks = {
    signal,
    http,
    onEvent,
    startedAt,
    includeDisabled,
    checkPublic: options.checkPublic ?? true,
    discovery: createDiscovery(settings, { http, signal }),
    checking: limited(jobs, signal),
  }
  try {
    const selected = selectImages(withSources(await readCatalog(paths), settings.sources), names)
    onEvent({ type: 'run-start', images: selected.length })
    const images = await Promise.all(selected.map((image, ordinal) => runImage(image, ordinal, checks)))
    return {
      schema_version: 1,
      command: 'check',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      summary: summarizeCheck(images),
      images,
      errors: [],
    }
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

interface Checks extends CheckRun {
  readonly onEvent: Listener
  readonly startedAt: Date
  readonly includeDisabled: boolean
  readonly checking: Limit
}

async function runImage(image: Image, ordinal: number, checks: Checks): Promise<CheckedImage> {
  const {
    about: { warnings, ...about },
    step,
  } = tellOf(image, ordinal, checks.onEvent)
  const reason = skipReason(image, checks.includeDisabled)
  const url = image.versions[0]?.mirrorUrl
  const finding: Finding = { mirror: { status: url === undefined ? 'none' : 'unasked', url } }
  const end = (status: CheckStatus, error?: UpdaterError): CheckedImage => {
    const { resolver, trust, newest, mirror } = finding
    const versions = image.versions.map(reportedValues)
    step({ type: 'done', status: status === 'outdated' ? 'would-update' : status })
    return {
      ...about,
      distribution: image.osDistro,
      release: image.osVersion,
      architecture: image.architecture,
      format: image.format,
      status,
      reason: status === 'skipped' ? reason : undefined,
      ...{ resolver, trust, versions, newest },
      ...ages(toldVersion({ status, versions }), newest, checks.startedAt),
      mirror,
      end_of_life: endOfLife(image, snapshot)?.endOfLife,
      warnings,
      error: error && outcomeError(error, image),
    }
  }
  try {
    if (image.enable || checks.includeDisabled) {
      await checks.checking(() => checkImage(image, checks, step, finding))
    }
    if (reason !== undefined) return end('skipped')
    return end(finding.isOutdated ? 'outdated' : 'up-to-date')
  } catch (thrown) {
    const error = errorOf(thrown, checks.signal)
    step({ type: 'failed', error })
    return end('failed', error)
  }
}

function ages(current: OutcomeValues | undefined, newest: OutcomeValues | undefined, now: Date) {
  const built = current && buildDay(current)
  return {
    age_days: daysBetween(built, now.getTime()),
    days_behind: daysBetween(built, newest && buildDay(newest)),
  }
}
