import { toldVersion } from './check.ts'
import type { CheckedImage, CheckReport } from './schemas.ts'
import { formatCsv } from './table.ts'

const columns: Readonly<Record<string, (image: CheckedImage) => string | number | undefined>> = {
  file: ({ file }) => file,
  line: ({ line }) => line,
  name: ({ name }) => name,
  shortname: ({ shortname }) => shortname,
  status: ({ status }) => status,
  reason: ({ reason }) => reason,
  version: (image) => toldVersion(image)?.version,
  build_date: (image) => toldVersion(image)?.build_date,
  newest_version: ({ newest }) => newest?.version,
  newest_build_date: ({ newest }) => newest?.build_date,
  age_days: ({ age_days }) => age_days,
  days_behind: ({ days_behind }) => days_behind,
  mirror: ({ mirror }) => mirror.status,
  mirror_url: ({ mirror }) => mirror.url,
  trust: ({ trust }) => trust,
  end_of_life: ({ end_of_life }) => end_of_life,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
}

/** A check as CSV with a header: a row for every image, an empty cell for what is not known. */
export function formatCheckCsv({ images }: CheckReport): string {
  const cells = (image: CheckedImage) => Object.values(columns).map((value) => String(value(image) ?? ''))
  return formatCsv({ head: Object.keys(columns), rows: images.map(cells) })
}
