import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { printable } from '../errors.ts'
import { formatMarkdown } from '../report/run-markdown.ts'
import type { ImageOutcome, RunReport } from '../report/schemas.ts'
import { summarize } from '../report/update.ts'

/** The change of one catalogue file, as a pull or merge request offers it. */
export interface Proposal {
  /** As the report names it. */
  readonly file: string
  /** The same for every run, so that a request that is open is updated. */
  readonly branch: string
  /** One line, also of the commit. */
  readonly title: string
  /** Markdown. */
  readonly body: string
}

/** One proposal for each file that a run has changed. */
export function proposalsOf(report: RunReport, branchPrefix: string): Proposal[] {
  const files = report.dry_run ? [] : report.changes.map(({ file }) => file)
  const names = branchNames([...new Set([...report.images, ...report.changes].map(({ file }) => file))])
  return files.map((file) => ({
    file,
    branch: `${branchPrefix}${names.get(file)}`,
    title: titleOf(file, report.images),
    body: bodyOf(report, file),
  }))
}

/**
 * A name for each file that the run looked at, changed or not, so that it stays the same from run to run: the
 * file's own; their whole paths if two files have the same name; with a digest if the paths become the same, too.
 */
function branchNames(files: readonly string[]): ReadonlyMap<string, string> {
  const isOnly = (names: readonly string[], name: string) => names.indexOf(name) === names.lastIndexOf(name)
  const short = files.map((file) => plainName(posix.basename(file)))
  const named = short.map((name, index) => (isOnly(short, name) ? name : plainName(files[index] ?? '')))
  const unique = named.map((name, index) => {
    const file = files[index] ?? ''
    const digest = createHash('sha256').update(file).digest('hex').slice(0, 8)
    return [file, isOnly(named, name) ? name : `${name}-${digest}`] as const
  })
  return new Map(unique)
}

/** The path as git allows it in the last part of a branch: https://git-scm.com/docs/git-check-ref-format */
function plainName(path: string): string {
  const name = path
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '')
    .replace(/\.lock$/, '-lock')
  return name === '' ? 'catalogue' : name
}

const titleLength = 200

function titleOf(file: string, images: readonly ImageOutcome[]): string {
  const updated = images.filter((image) => image.file === file && image.status === 'updated')
  const [first, second] = updated
  const title =
    first !== undefined && second === undefined
      ? `Update ${first.name} to ${first.current?.version ?? 'its newest build'}`
      : `Update ${updated.length} images of ${posix.basename(file).replace(/\.ya?ml$/, '')}`
  return harmlessTitle(title).slice(0, titleLength)
}

/**
 * What forges obey wherever it stands, with the first character escaped: a title becomes a commit's message, and the text
 * of a request may, where no Markdown keeps a reference from being one. Pipelines that are skipped (GitHub, GitLab,
 * Azure, …), people and teams that are called, issues that are named or closed:
 * https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
 * https://docs.gitlab.com/user/project/issues/managing_issues/#default-closing-pattern
 */
const obeyed = new RegExp(
  [
    String.raw`\[(?=[^\][\n]*(?:skip|\bno[ _-]?ci\b)[^\][\n]*\])`,
    String.raw`\*(?=\*\*NO_CI)`,
    String.raw`(?<=\bskip-checks):`,
    String.raw`(?<!\w)@(?=\w)`,
    String.raw`(?<!&)#(?=\d)|!(?=\d)|\bG(?=H-\d)`,
    String.raw`\b[cfri](?=(?:los(?:e[sd]?|ing)|ix(?:e[sd]|ing)?|esolv(?:e[sd]?|ing)|mplement(?:s|ed|ing)?)\b:?\s+(?:issues?:?\s+)?(?:https?:|[a-z]\w*-\d))`,
  ].join('|'),
  'gi',
)

function harmless(text: string): string {
  return text.replace(obeyed, escaped)
}

/** In a title, which has no code spans, a link is one as well. */
function harmlessTitle(text: string): string {
  return harmless(printable(text)).replace(/\](?=\()|:(?=\/\/)/g, escaped)
}

function escaped(character: string): string {
  return `\\u{${character.charCodeAt(0).toString(16)}}`
}

/** Characters: GitHub takes 65 536 in the text of a pull request, GitLab more. */
const roomForBody = 65_000
const farewell = 'This branch is written anew by each run of image-updater.\n'

/** The part of the report that is about this file. */
function bodyOf(report: RunReport, file: string): string {
  const images = report.images.filter((image) => image.file === file)
  const changes = report.changes.filter((change) => change.file === file)
  const text = harmless(formatMarkdown({ ...report, summary: summarize(images), images, changes }))
  const room = roomForBody - farewell.length
  const fitting =
    text.length <= room ? text : `${text.slice(0, text.lastIndexOf('\n', room - 100))}\n\nCut off here.\n`
  return `${fitting}\n${farewell}`
}
