/** The forms that the file of a report may have; flags' choices, help and completion are made of these rows. */
export const reportFormats = {
  json: { ending: '.json', label: '.json', load: async () => (await import('./json.ts')).formatReport },
  junit: {
    ending: '.xml',
    label: '.xml (JUnit)',
    load: async () => (await import('./junit.ts')).formatJunit,
  },
  markdown: {
    ending: '.md',
    label: '.md (Markdown)',
    load: async () => (await import('./run-markdown.ts')).formatMarkdown,
  },
}

export type ReportFormat = keyof typeof reportFormats

/** `.json, .xml (JUnit) or .md (Markdown)` */
export function listEndings(): string {
  const labels = Object.values(reportFormats).map(({ label }) => label)
  return `${labels.slice(0, -1).join(', ')} or ${labels.at(-1)}`
}

/** The format that a file's ending chooses: JSON unless it says another one. */
export function formatOfFile(path: string): ReportFormat {
  const formats = Object.keys(reportFormats) as ReportFormat[]
  return formats.find((name) => path.toLowerCase().endsWith(reportFormats[name].ending)) ?? 'json'
}
