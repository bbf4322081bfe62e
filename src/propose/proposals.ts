import { posix } from 'node:path'
import { printable } from '../errors.ts'
import type { ReportDocument } from '../report/json-schema.ts'
import { codeSpan, escapeMarkdown } from '../report/markdown.ts'
import { formatMarkdownTable } from '../report/table.ts'

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

type ImageDocument = ReportDocument['images'][number]

/** One proposal for each file that a run has changed. */
export function proposalsOf(report: ReportDocument, branchPrefix: string): Proposal[] {
  const files = report.dry_run ? [] : report.changes.map(({ file }) => file)
  const names = branchNames(files)
  return files.map((file, index) => {
    const images = report.images.filter((image) => image.file === file)
    return {
      file,
      branch: `${branchPrefix}${names[index] ?? ''}`,
      title: titleOf(file, images),
      body: bodyOf(images, report.changes[index]?.diff ?? ''),
    }
  })
}

/** The files' names; where two are the same, their whole paths. */
function branchNames(files: readonly string[]): string[] {
  const short = files.map((file) => plainName(posix.basename(file)))
  return files.map((file, index) => {
    const name = short[index] ?? ''
    return short.filter((one) => one === name).length === 1 ? name : plainName(file)
  })
}

/** What git takes as the last part of a branch: https://git-scm.com/docs/git-check-ref-format */
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

function titleOf(file: string, images: readonly ImageDocument[]): string {
  const updated = images.filter(({ status }) => status === 'updated')
  const [first] = updated
  const stem = posix.basename(file).replace(/\.ya?ml$/, '')
  const title =
    updated.length === 1 && first !== undefined
      ? `Update ${first.name} to ${first.current?.version ?? 'its newest build'}`
      : `Update ${updated.length} images of ${stem}`
  return printable(title).slice(0, titleLength)
}

/** Characters: GitHub takes 65 536 in the text of a pull request. */
const roomForDiff = 40_000

function bodyOf(images: readonly ImageDocument[], diff: string): string {
  const updated = images.filter(({ status }) => status === 'updated')
  const failed = images.filter(({ error }) => error !== undefined)
  const table = formatMarkdownTable({
    head: ['Image', 'Version', 'Checksum', 'Trust'],
    rows: updated
      .slice(0, 100)
      .map(({ name, previous, current, trust }) => [
        escapeMarkdown(name),
        [previous?.version, current?.version].map((version) => codeSpan(version ?? '-')).join(' → '),
        codeSpan(current?.checksum?.replace(/(:.{12}).+$/, '$1…') ?? '-'),
        trust ?? '-',
      ]),
  })
  const parts = [
    'The bytes of each new build are on the mirror, are what their distribution published, and can be read there.',
    table.trimEnd(),
    ...(failed.length === 0 ? [] : ['Not updated:', failed.slice(0, 50).map(failureLine).join('\n')]),
    diff.length > roomForDiff ? 'The change is too long to be shown here.' : fenced(diff),
    'This branch is written anew by each run of image-updater.',
  ]
  return `${parts.join('\n\n')}\n`
}

function failureLine({ name, error }: ImageDocument): string {
  return `- ${escapeMarkdown(name)}: ${codeSpan(error?.code ?? '')} ${escapeMarkdown(error?.message ?? '').slice(0, 500)}`
}

/** A block of code that no text can end. */
function fenced(diff: string): string {
  const longest = Math.max(2, ...(diff.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  const lines = diff.split('\n').map((line) => line.split('\t').map(printable).join('\t'))
  return `${fence}diff\n${lines.join('\n').trimEnd()}\n${fence}`
}
