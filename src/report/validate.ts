import { formatPlace, printable } from '../errors.ts'
import { formatAnnotation } from './annotation.ts'
import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatCount } from './quantities.ts'
import type { Finding, Severity, ValidationReport } from './schemas.ts'
import { formatMarkdownTable } from './table.ts'
import { paragraphs, type TextLayout, wrap } from './terminal.ts'

/** Each finding as compilers print theirs, which editors understand; then the counts. Quiet: no counts. */
export function formatValidationText(
  { findings, summary }: ValidationReport,
  { paint, columns = Infinity, quiet = false }: TextLayout & { readonly quiet?: boolean | undefined },
): string {
  const lines = findings.flatMap((finding) => {
    const head = `${paint('bold', printable(formatPlace(finding)))}: ${paint(styles[finding.severity], finding.severity)}: ${paint('dim', finding.rule)}`
    const sentences = `${sentenceOf(finding)}. ${finding.remedy}.`
    return [head, ...wrap(printable(sentences), columns - 2).map((line) => `  ${line}`)]
  })
  const style = summary.errors > 0 ? 'red' : summary.warnings > 0 ? 'yellow' : 'green'
  const counts = `${paint(style, countsOf(summary))}\n`
  return paragraphs(lines.map((line) => `${line}\n`).join(''), quiet ? '' : counts)
}

const styles = { error: 'red', warning: 'yellow' } as const satisfies Record<Severity, string>

function sentenceOf({ image, message }: Finding): string {
  return image === undefined ? message : `${image}: ${message}`
}

function countsOf({ files, images, errors, warnings }: ValidationReport['summary']): string {
  const found = `${formatCount(errors, 'error')} and ${formatCount(warnings, 'warning')}`
  return `${found} in ${formatCount(images, 'image')} of ${formatCount(files, 'file')}`
}

/** For a comment on a pull request or a job's summary. */
export function formatValidationMarkdown({ findings, summary }: ValidationReport): string {
  const table = {
    head: ['Place', 'Severity', 'Rule', 'Image', 'What', 'Remedy'],
    rows: findings.map((finding) => [
      codeSpan(formatPlace(finding)),
      finding.severity,
      finding.rule,
      escapeMarkdown(finding.image ?? ''),
      `${escapeMarkdown(finding.message)}.`,
      `${escapeMarkdown(finding.remedy)}.`,
    ]),
  }
  return `${findings.length === 0 ? '' : `${formatMarkdownTable(table)}\n`}${countsOf(summary)}.\n`
}

/** Annotations of GitHub's workflow commands. */
export function formatValidationGithub({ findings, summary }: ValidationReport): string {
  const lines = findings.map((finding) =>
    formatAnnotation({
      ...{ severity: finding.severity, place: finding, title: finding.rule },
      message: `${sentenceOf(finding)}. ${finding.remedy}.`,
    }),
  )
  return [...lines, countsOf(summary), ''].join('\n')
}
