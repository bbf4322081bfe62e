import { UpdaterError } from '../errors.ts'
import type { ReportDocument } from '../report/schemas.ts'

/** @throws UpdaterError USAGE */
export async function parseReport(value: unknown): Promise<ReportDocument> {
  const { reportSchema } = await import('../report/schemas.ts')
  const parsed = reportSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UpdaterError('USAGE', 'The file is not a report of a run', {
    remedy: 'Name what update --report has written',
    cause: parsed.error,
  })
}
