import type { Image } from '../image.ts'
import { endOfLife } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import { buildDay, daysBetween, summarizeCheck } from '../report/check.ts'
import type { CheckedImage, CheckReport, CheckStatus, ImageOutcome, MirrorState } from '../report/schemas.ts'
import { reportedValues } from '../report/update.ts'

import type { RunRecord } from './runs.ts'

/**
 * How the catalogue stands, as a check has it: what its files hold now, and what the last run found out of
 * each image. An image of which no run knows has not been looked for.
 */
export function standing(images: readonly Image[], run: RunRecord | undefined, now: Date): CheckReport {
  const outcomes = new Map(run?.report?.images.map((image) => [keyOf(image), image]))
  const checked = images.map((image) => standingOf(image, outcomes.get(keyOf(image)), now))
  return {
    schema_version: 1,
    command: 'check',
    started_at: (run?.startedAt ?? now).toISOString(),
    seconds: run?.report?.seconds ?? 0,
    summary: summarizeCheck(checked),
    images: checked,
    errors: [],
  }
}

function standingOf(image: Image, outcome: ImageOutcome | undefined, now: Date): CheckedImage {
  const { file, line, name, shortname, osDistro, osVersion, architecture, format } = image
  const versions = image.versions.map(reportedValues)
  const [force] = versions
  const built = force && buildDay(force)
  const newest = outcome?.current
  return {
    ...{ file, line, name, shortname, architecture, format, versions, newest },
    distribution: osDistro,
    release: osVersion,
    status: outcome === undefined ? 'skipped' : statuses[outcome.status],
    reason: outcome?.reason,
    resolver: outcome?.resolver,
    trust: outcome?.trust,
    age_days: daysBetween(built, now.getTime()),
    days_behind: daysBetween(built, newest && buildDay(newest)),
    mirror: mirrorOf(force?.mirror_url, outcome),
    end_of_life: endOfLife(image, snapshot)?.endOfLife,
    warnings: outcome?.warnings ?? [],
    error: outcome?.error,
  }
}

const statuses: Readonly<Record<ImageOutcome['status'], CheckStatus>> = {
  updated: 'up-to-date',
  'up-to-date': 'up-to-date',
  'would-update': 'outdated',
  skipped: 'skipped',
  failed: 'failed',
}

function mirrorOf(url: string | undefined, outcome: ImageOutcome | undefined): MirrorState {
  if (url === undefined) return { status: 'none' }
  const status = outcome?.mirror?.status
  return { status: status === 'present' || status === 'stored' ? 'present' : 'unasked', url }
}

function keyOf({ file, name }: { readonly file: string; readonly name: string }): string {
  return JSON.stringify([file, name])
}
