import { UpdaterError } from '../errors.ts'
import type { CheckReport, RunReport } from './schemas.ts'

/** `exit_status` stands before the first of these keys. */
const afterStatus: readonly string[] = ['summary', 'today', 'errors']

/** The report as a command publishes it: with the status that it ends with, in the schema's order of keys. */
export function withExitStatus<Report extends object>(
  report: Report,
  exitStatus: number,
): Report & { readonly exit_status: number } {
  const entries = Object.entries(report)
  const place = entries.findIndex(([key]) => afterStatus.includes(key))
  const all = entries.toSpliced(place, 0, ['exit_status', exitStatus])
  return Object.fromEntries(all) as Report & { readonly exit_status: number }
}

/** @throws UpdaterError CONFIGURATION where a program gives what no use-case has returned */
export function assertReport(report: unknown): void {
  if (Object(report).schema_version === 1) return
  throw new UpdaterError('CONFIGURATION', 'What was given is no report', {
    remedy: 'Give what updateCatalogue or another function of the library has returned',
  })
}

/** The JSON of a report; its schema is `schema/COMMAND.schema.json`. */
export function formatReport(report: object, exitStatus: number): string {
  return formatDocument(withExitStatus(report, exitStatus))
}

/** JSON in which control characters, bidirectional overrides and commands to the runner of a CI job are escaped. */
export function formatDocument(document: object): string {
  const json = JSON.stringify(document, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]|#(?=#[a-z]*\[)/gi,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${json}\n`
}

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
  const { checkSchema, reportSchema } = await import('./schemas.ts')
  const refuse = (why: string, cause: unknown): never => {
    throw new UpdaterError('CONFIGURATION', `${name} is no report of a check: ${why}`, {
      remedy: 'Give the file that image-updater check --report FILE.json wrote',
      cause,
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    return refuse('it is no JSON', cause)
  }
  // The report of an update has no `command`.
  const command = reportSchema.safeParse(value).success ? 'update' : Object(value).command
  if (typeof command === 'string' && command !== 'check') {
    throw new UpdaterError('CONFIGURATION', `${name} is the report of ${command}, not of check`, {
      remedy: 'Give the file that image-updater check --report FILE.json wrote',
    })
  }
  const parsed = checkSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refuse(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`, parsed.error)
}
