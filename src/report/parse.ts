import { UpdaterError } from '../errors.ts'
import type { CheckReport, RunReport } from './schemas.ts'

/**
 * The report of an update from its JSON value; keys that a newer version has added are left out.
 * @throws UpdaterError USAGE
 */
export async function parseReport(value: unknown): Promise<RunReport> {
  const { reportSchema } = await import('./schemas.ts')
  const parsed = reportSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UpdaterError('USAGE', 'The file is not a report of a run', {
    remedy: 'Name what update --report has written',
    cause: parsed.error,
  })
}

/**
 * The report of a check from its JSON.
 * @param name the text's name in errors
 * @throws UpdaterError CONFIGURATION
 */
export async function parseCheckReport(text: string, name: string): Promise<CheckReport> {
  const { checkSchema } = await import('./schemas.ts')
  const parsed = checkSchema.safeParse(asJson(text, name))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw noCheck(name, `${issue?.path.join('.') || 'the document'}: ${issue?.message}`, parsed.error)
}

function asJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw noCheck(name, 'it is no JSON', cause)
  }
}

function noCheck(name: string, why: string, cause: unknown): UpdaterError {
  return new UpdaterError('CONFIGURATION', `${name} is no report of a check: ${why}`, {
    remedy: 'Give the file that image-updater check --report FILE.json wrote',
    cause,
  })
}
