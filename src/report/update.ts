import type { ImageVersion } from '../image.ts'
import type { ImageOutcome, OutcomeValues, RunSummary } from './schemas.ts'

export function summarize(images: readonly ImageOutcome[]): RunSummary {
  const count = (status: ImageOutcome['status']) => images.filter((image) => image.status === status).length
  const skipped = count('skipped')
  return {
    checked: images.length - skipped,
    updated: count('updated'),
    would_update: count('would-update'),
    up_to_date: count('up-to-date'),
    skipped,
    failed: count('failed'),
  }
}

/** A version of the catalogue as reports tell it. */
export function reportedValues(version: ImageVersion): OutcomeValues {
  const { buildDate: build_date, checksum, url, mirrorUrl: mirror_url } = version
  return { version: version.version, build_date, checksum, url, mirror_url }
}
