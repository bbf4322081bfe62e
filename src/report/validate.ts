import { formatPlace, printable } from '../errors.ts'
import { formatAnnotation } from './annotation.ts'
import { codeSpan, escapeMarkdown } from './markdown.ts'
import { formatCount } from './quantities.ts'
import { formatNames, kindOfWarning } from './repeated.ts'
import type { Finding, Severity, ValidationReport } from './schemas.ts'
import { formatMarkdownTable } from './table.ts'
import { paragraphs, type TextLayout, wrap } from './terminal.ts'

/**
 * Each finding as compilers print theirs, which editors understand; then the counts. A warning that repeats is told
 * once, with the places of the others. Quiet: no counts.
 */
export function formatValidationText(
  report: ValidationReport,
  { paint, columns = Infinity, quiet = false }: TextLayout & { readonly quiet?: boolean | undefined },
): string {
  const { summary } = report
  const lines = grouped(report.findings).flatMap(({ finding, others }) => {
    const head = `${paint('bold', printable(formatPlace(finding)))}: ${paint(styles[finding.severity], finding.severity)}: ${paint('dim', finding.rule)}`
    const same = others.length === 0 ? '' : ` ${sameIn(others)}.`
    const sentences = `${sentenceOf(finding)}. ${finding.remedy}.${same}`
    return [head, ...wrap(printable(sentences), columns - 2).map((line) => `  ${line}`)]
  })
  const style = summary.errors > 0 ? 'red' : summary.warnings > 0 ? 'yellow' : 'green'
  const counts = `${paint(style, countsOf(report))}\n`
  return paragraphs(lines.map((line) => `${line}\n`).join(''), quiet ? '' : counts)
}

const styles = { error: 'red', warning: 'yellow' } as const satisfies Record<Severity, string>

function sentenceOf({ image, message }: Finding): string {
  return image === undefined ? message : `${image}: ${message}`
}

function countsOf({ summary, ignored }: ValidationReport): string {
  const { files, images, errors, warnings } = summary
  const found = `${formatCount(errors, 'error')} and ${formatCount(warnings, 'warning')}`
  const off = ignored.map(({ rule, findings }) => `${rule} (${formatCount(findings, 'finding')})`)
  const without = off.length === 0 ? '' : `; switched off: ${off.join(', ')}`
  return `${found} in ${formatCount(images, 'image')} of ${formatCount(files, 'file')}${without}`
}

/** A finding as it is told. */
interface Told {
  readonly finding: Finding
  /** Warnings that say the same elsewhere. */
  readonly others: readonly Finding[]
}

/** Warnings that say the same are told with the first of them. */
function grouped(findings: readonly Finding[]): Told[] {
  const groups = new Map<string, Finding[]>()
  for (const [index, finding] of findings.entries()) {
    const { severity, rule, message, remedy } = finding
    const said = severity === 'error' ? [index] : [rule, kindOfWarning(message), remedy]
    const key = JSON.stringify(said)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [finding])
    else group.push(finding)
  }
  return [...groups.values()].flatMap(([finding, ...others]) => (finding ? { finding, others } : []))
}

function sameIn(others: readonly Finding[]): string {
  return `The same in ${formatCount(others.length, 'more place')}: ${formatNames(others.map(formatPlace))}`
}

/** For a comment on a pull request or a job's summary. */
export function formatValidationMarkdown(report: ValidationReport): string {
  const told = grouped(report.findings)
  const table = {
    head: ['Place', 'Severity', 'Rule', 'Image', 'What', 'Remedy'],
    rows: told.map(({ finding, others }) => [
      codeSpan(formatPlace(finding)),
      finding.severity,
      finding.rule,
      escapeMarkdown(finding.image ?? ''),
      `${escapeMarkdown(finding.message)}.${others.length === 0 ? '' : ` ${escapeMarkdown(sameIn(others))}.`}`,
      `${escapeMarkdown(finding.remedy)}.`,
    ]),
  }
  return `${told.length === 0 ? '' : `${formatMarkdownTable(table)}\n`}${countsOf(report)}.\n`
}

/** Annotations of GitHub's workflow commands. */
export function formatValidationGithub(report: ValidationReport): string {
  const lines = report.findings.map((finding) =>
    formatAnnotation({
      ...{ severity: finding.severity, place: finding, title: finding.rule },
      message: `${sentenceOf(finding)}. ${finding.remedy}.`,
    }),
  )
  return [...lines, countsOf(report), ''].join('\n')
}
