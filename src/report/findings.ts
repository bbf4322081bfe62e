import { formatPlace, printable } from '../errors.ts'
import { formatAnnotation } from './annotation.ts'
import { formatDocument } from './json.ts'
import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatMarkdownTable } from './table.ts'
import { type TextLayout, wrap } from './terminal.ts'
import type { Finding, Severity, ValidationReport } from './validation.ts'

export const validationFormats = ['text', 'json', 'markdown', 'github'] as const
export type ValidationFormat = (typeof validationFormats)[number]

/**
 * Each finding as compilers print theirs, which editors understand; then, but for `quiet`, one line of
 * counts.
 */
export function formatFindingsText(
  { findings, summary }: ValidationReport,
  { paint, columns = Infinity, quiet = false }: TextLayout & { readonly quiet?: boolean | undefined },
): string {
  const lines = findings.flatMap((finding) => {
    const head = `${paint('bold', printable(formatPlace(finding.place)))}: ${paint(styles[finding.severity], finding.severity)}: ${paint('dim', finding.rule)}`
    const sentences = `${sentenceOf(finding)}. ${finding.remedy}.`
    return [head, ...wrap(printable(sentences), columns - 2).map((line) => `  ${line}`)]
  })
  if (quiet) return lines.map((line) => `${line}\n`).join('')
  const counts = countsOf(summary)
  const verdict =
    summary.errors > 0
      ? paint('red', counts)
      : summary.warnings > 0
        ? paint('yellow', counts)
        : paint('green', counts)
  return [...lines, ...(lines.length === 0 ? [] : ['']), verdict, ''].join('\n')
}

const styles = { error: 'red', warning: 'yellow' } as const satisfies Record<Severity, string>

function sentenceOf({ image, message }: Finding): string {
  return image === undefined ? message : `${image}: ${message}`
}

function countsOf({ files, images, errors, warnings }: ValidationReport['summary']): string {
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  return `${many(errors, 'error')} and ${many(warnings, 'warning')} in ${many(images, 'image')} of ${many(files, 'file')}`
}

export function formatFindingsJson({ findings, summary }: ValidationReport, exitStatus: number): string {
  return formatDocument({
    schema_version: 1,
    exit_status: exitStatus,
    summary,
    findings: findings.map(({ severity, rule, place, image, message, remedy }) => ({
      severity,
      rule,
      file: place.file,
      line: place.line,
      column: place.column,
      image,
      message,
      remedy,
    })),
  })
}

/** For a comment on a pull request or a job's summary. */
export function formatFindingsMarkdown({ findings, summary }: ValidationReport): string {
  const table = {
    head: ['Place', 'Severity', 'Rule', 'Image', 'What', 'Remedy'],
    rows: findings.map(({ place, severity, rule, image, message, remedy }) => [
      codeSpan(formatPlace(place)),
      severity,
      rule,
      escapeMarkdown(image ?? ''),
      `${escapeMarkdown(message)}.`,
      `${escapeMarkdown(remedy)}.`,
    ]),
  }
  return `${findings.length === 0 ? '' : `${formatMarkdownTable(table)}\n`}${countsOf(summary)}.\n`
}

/** Annotations of GitHub's workflow commands. */
export function formatFindingsGithub({ findings, summary }: ValidationReport): string {
  const lines = findings.map((finding) => {
    const { severity, rule, place, remedy } = finding
    return formatAnnotation({ severity, place, title: rule, message: `${sentenceOf(finding)}. ${remedy}.` })
  })
  return [...lines, countsOf(summary), ''].join('\n')
}
