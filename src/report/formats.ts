import type { CheckReport, RunReport } from './schemas.ts'

/** A form that the file of a report may have. */
interface Format {
  /** The ending of a file's name that chooses it. */
  readonly ending: string
  /** Its name for people, unless the ending says it. */
  readonly label?: string
  load(): Promise<(report: RunReport | CheckReport, exitStatus: number) => string>
}

/** The flags' choices, the help and the completion are made of these rows. */
export const reportFormats = {
  json: { ending: '.json', load: async () => (await import('./json.ts')).formatReport },
  junit: { ending: '.xml', label: 'JUnit', load: async () => (await import('./junit.ts')).formatJunit },
  markdown: {
    ending: '.md',
    label: 'Markdown',
    load: async () => (await import('./run-markdown.ts')).formatMarkdown,
  },
} as const satisfies Record<string, Format>

export type ReportFormat = keyof typeof reportFormats

/** `.json, .xml (JUnit) or .md (Markdown)` */
export function listEndings(): string {
  const formats: readonly Format[] = Object.values(reportFormats)
  const named = formats.map(({ ending, label }) => (label === undefined ? ending : `${ending} (${label})`))
  return `${named.slice(0, -1).join(', ')} or ${named.at(-1)}`
}

/** The format that a file's ending chooses: JSON unless it says another one. */
export function formatOfFile(path: string): ReportFormat {
  const formats = Object.keys(reportFormats) as ReportFormat[]
  return formats.find((name) => path.toLowerCase().endsWith(reportFormats[name].ending)) ?? 'json'
}
