import { type Place, printable } from '../errors.ts'

export interface Annotation {
  readonly severity: 'error' | 'warning'
  readonly place: Place
  readonly title: string
  readonly message: string
}

/**
 * A workflow command that GitHub shows at a file's line:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function formatAnnotation({ severity, place, title, message }: Annotation): string {
  const properties = { file: place.file, line: place.line, col: place.column, title }
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapeProperty(String(value))}`],
  )
  return `::${severity} ${given.join(',')}::${escapeData(message)}`
}

function escapeData(text: string): string {
  return printable(text).replaceAll('%', '%25')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
