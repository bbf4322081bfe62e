import type { Image } from '../image.ts'
import { endOfLife } from '../lifecycle/end-of-life.ts'
import { snapshot } from '../lifecycle/snapshot.ts'
import {
  buildDay,
  type CheckedImage,
  type CheckReport,
  type CheckStatus,
  daysBetween,
  type MirrorState,
  summarizeCheck,
} from '../report/check.ts'
import { errorOf } from '../report/json.ts'
import type { ReportDocument } from '../report/schemas.ts'
import type { RunRecord } from './runs.ts'

type Outcome = ReportDocument['images'][number]

/**
 * How the catalogue stands, as a check has it: what its files hold now, and what the last run found out of
 * each image. An image of which no run knows has not been looked for.
 */
export function standing(images: readonly Image[], run: RunRecord | undefined, now: Date): CheckReport {
  const outcomes = new Map(run?.report?.images.map((image) => [keyOf(image), image]))
  const checked = images.map((image) => standingOf(image, outcomes.get(keyOf(image)), now))
  return {
    startedAt: (run?.startedAt ?? now).toISOString(),
    seconds: run?.report?.seconds ?? 0,
    summary: summarizeCheck(checked),
    images: checked,
  }
}

function standingOf(image: Image, outcome: Outcome | undefined, now: Date): CheckedImage {
  const { file, line, name, shortname, osDistro, osVersion, architecture, format, versions } = image
  const [force] = versions
  const built = force && buildDay(force)
  const current = outcome?.current
  const newest = current && {
    version: current.version,
    buildDate: current.build_date,
    checksum: current.checksum,
    url: current.url,
    mirrorUrl: current.mirror_url,
  }
  return {
    ...{ file, line, name, shortname, architecture, format, versions, newest },
    distribution: osDistro,
    release: osVersion,
    status: outcome === undefined ? 'skipped' : statuses[outcome.status],
    reason: outcome?.reason,
    resolver: outcome?.resolver,
    trust: outcome?.trust,
    ageDays: daysBetween(built, now.getTime()),
    daysBehind: daysBetween(built, newest && buildDay(newest)),
    mirror: mirrorOf(force?.mirrorUrl, outcome),
    endOfLife: endOfLife(image, snapshot)?.endOfLife,
    warnings: outcome?.warnings ?? [],
    error: outcome?.error && errorOf(outcome.error),
  }
}

const statuses: Readonly<Record<Outcome['status'], CheckStatus>> = {
  updated: 'up-to-date',
  'up-to-date': 'up-to-date',
  'would-update': 'outdated',
  skipped: 'skipped',
  failed: 'failed',
}

function mirrorOf(url: string | undefined, outcome: Outcome | undefined): MirrorState {
  if (url === undefined) return { status: 'none' }
  const status = outcome?.mirror?.status
  return { status: status === 'present' || status === 'stored' ? 'present' : 'unasked', url }
}

function keyOf({ file, name }: { readonly file: string; readonly name: string }): string {
  return JSON.stringify([file, name])
}
