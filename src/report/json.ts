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
