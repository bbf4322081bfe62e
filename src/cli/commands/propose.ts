import { appendFile, readFile } from 'node:fs/promises'
import { type Place, printable, UpdaterError } from '../../errors.ts'
import { explainRefusal } from '../../files.ts'
import type { ForgeOptions, ProposeOutcome } from '../../index.ts'
import type { Values } from '../../options.ts'
import { redactDeep } from '../../redact.ts'
import { type Annotation, formatAnnotation } from '../../report/annotation.ts'
import { formatDocument } from '../../report/json.ts'
import { codeSpan } from '../../report/markdown.ts'
import { reportedError } from '../../report/refusal.ts'
import { formatMarkdown } from '../../report/run-markdown.ts'
import type { OutcomeError, RunReport } from '../../report/schemas.ts'
import type { Call } from '../call.ts'
import type { Output } from '../context.ts'
import { errorLines, openLog } from '../log.ts'
import { present, unlessQuiet } from '../present.ts'

/** @throws UpdaterError USAGE, CONFIGURATION, PROPOSAL_FAILED where nothing was done */
export async function run(call: Call<'propose'>): Promise<void> {
  const { session } = call
  const [file = ''] = call.args
  const given = call.options()
  const { parseReport, proposeChanges } = await session.context.library()
  const report = redactDeep(await parseReport(await readReport(file)), session.redact)
  const { branchPrefix, dryRun } = given.values
  const forge = dryRun ? undefined : forgeOf(given.values, process.env)
  const outcomes = await proposeChanges({ forge, report, folder: process.cwd(), branchPrefix, dryRun })
  const log = openLog(session, given.values)
  for (const { file, error } of outcomes) {
    for (const line of error === undefined ? [] : errorLines(error, file)) log.write(line)
  }
  session.exitStatus = outcomes.some(({ status }) => status === 'failed') ? 1 : 0
  const proposals = outcomes.map(({ file, branch, title, status, url, error }) => {
    return { file, branch, title, status, url, error: error && reportedError(error) }
  })
  present(
    call,
    { schema_version: 1, proposals },
    {
      json: formatDocument,
      text: unlessQuiet(({ proposals }) => {
        if (proposals.length > 0) return proposals.map((one) => `${sentenceOf(one)}\n`).join('')
        return `Nothing to propose: ${report.dry_run ? 'a dry run changes no file' : 'the run has changed no file'}\n`
      }),
    },
  )
  const { stdout } = session.context
  if (process.env.GITHUB_ACTIONS === 'true' && !dryRun)
    await tellGitHub(report, outcomes, stdout, process.env)
}

async function readReport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is no JSON' : explainRefusal(cause).why
    throw new UpdaterError('USAGE', `The report ${file} cannot be read: ${why}`, {
      remedy: 'Name what update --report has written',
      cause,
    })
  }
}

/** The forge of the job that this runs in: the variables that GitHub Actions and GitLab CI set. */
function forgeOf({ forge, base }: Values<'propose'>, env: NodeJS.ProcessEnv): ForgeOptions {
  const kind = forge ?? (env.GITLAB_CI ? 'gitlab' : env.GITHUB_ACTIONS ? 'github' : undefined)
  if (kind === undefined) {
    throw new UpdaterError('USAGE', 'This is no job of a known forge', { remedy: 'Name one with --forge' })
  }
  const need = (value: string | undefined, names: string, remedy: string): string => {
    if (value) return value
    throw new UpdaterError('CONFIGURATION', `The variable ${names} is not set`, { remedy })
  }
  const branch = (value: string | undefined) =>
    need(base ?? value, 'of the base branch', 'Name it with --base')
  if (kind === 'github') {
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = env
    return {
      kind,
      api: env.GITHUB_API_URL || 'https://api.github.com',
      repository: need(env.GITHUB_REPOSITORY, 'GITHUB_REPOSITORY', 'Set it to OWNER/NAME'),
      token: need(env.GITHUB_TOKEN, 'GITHUB_TOKEN', 'Give a token that may write contents and pull requests'),
      base: branch(env.GITHUB_REF_TYPE === 'tag' ? undefined : env.GITHUB_REF_NAME),
      remote: server && name ? `${server}/${name}.git` : undefined,
    }
  }
  const server = env.CI_SERVER_URL
  return {
    kind,
    api: need(env.CI_API_V4_URL, 'CI_API_V4_URL', 'Set it to https://HOST/api/v4'),
    repository: need(env.CI_PROJECT_ID, 'CI_PROJECT_ID', "Set it to the project's number or path"),
    token: need(
      env.GITLAB_TOKEN,
      'GITLAB_TOKEN',
      'Give a project access token with the scopes api and write_repository',
    ),
    base: branch(env.CI_COMMIT_BRANCH ?? env.CI_DEFAULT_BRANCH),
    remote: server && env.CI_PROJECT_PATH ? `${server}/${env.CI_PROJECT_PATH}.git` : undefined,
  }
}

function sentenceOf({ file, branch, title, status, url }: Omit<ProposeOutcome, 'error'>): string {
  if (status === 'would-propose') return printable(`${file}: would be proposed as "${title}" from ${branch}`)
  if (status === 'none') return printable(`${file}: nothing to propose`)
  return printable(`${file}: ${status} ${url ?? branch}`)
}

/** What a step of GitHub Actions can say beside its log: annotations, a summary, outputs. */
async function tellGitHub(
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
