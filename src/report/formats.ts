import type { CheckReport, RunReport } from './schemas.ts'

/** A form that the file of a report may have. */
interface Format {
  /** The ending of a file's name that chooses it. */
  readonly ending: string
  load(): Promise<(report: RunReport | CheckReport, exitStatus: number) => string>
}

export const reportFormats = {
  json: { ending: '.json', load: async () => (await import('./json.ts')).formatReport },
  junit: { ending: '.xml', load: async () => (await import('./junit.ts')).formatJunit },
  markdown: { ending: '.md', load: async () => (await import('./run-markdown.ts')).formatMarkdown },
} as const satisfies Record<string, Format>

export type ReportFormat = keyof typeof reportFormats

/** What a file's name chooses: JSON if its ending says nothing else. */
export function formatOfFile(path: string): ReportFormat {
  const formats = Object.keys(reportFormats) as ReportFormat[]
  return formats.find((name) => path.toLowerCase().endsWith(reportFormats[name].ending)) ?? 'json'
}
