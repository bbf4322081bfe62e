import { appendFile } from 'node:fs/promises'
import type { Place } from '../errors.ts'
import type { ProposeOutcome } from '../index.ts'
import { type Annotation, formatAnnotation } from '../report/annotation.ts'
import { codeSpan } from '../report/markdown.ts'
import { formatMarkdown } from '../report/run-markdown.ts'
import type { OutcomeError, RunReport } from '../report/schemas.ts'
import type { Output } from './context.ts'

/** What a step of GitHub Actions can say beside its log: annotations, a summary, outputs. */
export async function tellGitHub(
  report: RunReport,
  outcomes: readonly ProposeOutcome[],
  stdout: Output,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  for (const annotation of annotationsOf(report)) stdout.write(`${formatAnnotation(annotation)}\n`)
  const { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output } = env
  if (summary) await appendFile(summary, summaryOf(report, outcomes))
  if (!output) return
  const urls = JSON.stringify(outcomes.flatMap(({ url }) => url ?? []))
  const { updated, failed } = report.summary
  await appendFile(output, `pull-requests=${urls}\nupdated=${updated}\nfailed=${failed}\n`)
}

function annotationsOf({ images, errors }: RunReport): Annotation[] {
  return [
    ...images.flatMap(({ name, file, line, error, warnings }) => [
      ...(error === undefined ? [] : [annotationOf(error, { file, line }, `${name}: `)]),
      ...warnings.map((warning) => {
        const message = `${name}: ${warning}`
        return { severity: 'warning' as const, place: { file, line }, title: 'Warning', message }
      }),
    ]),
    ...errors.map((error) => annotationOf(error, { file: '.' }, '')),
  ]
}

function annotationOf(error: OutcomeError, otherwise: Place, who: string): Annotation {
  const { code, message, remedy, place = otherwise } = error
  const sentences = `${who}${message}.${remedy === undefined ? '' : ` ${remedy}.`}`
  return { severity: 'error', place, title: code, message: sentences }
}

function summaryOf(report: RunReport, outcomes: readonly ProposeOutcome[]): string {
  const links = outcomes.map(({ file, url, status }) =>
    `- ${codeSpan(file)}: ${status} ${url ?? ''}`.trimEnd(),
  )
  const text = formatMarkdown(report)
  return `## Images\n\n${links.length === 0 ? '' : `${links.join('\n')}\n\n`}${text.slice(0, roomForSummary)}`
}

/** Characters: GitHub takes 1 MiB in the summaries of a step. */
const roomForSummary = 250_000
