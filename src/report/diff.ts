import { printable } from '../errors.ts'
import { codeSpan, escapeMarkdown } from './markdown.ts'
import type { CatalogueDiff, DiffVersion, FieldChange, ImageDiff } from './schemas.ts'
import { formatMarkdownTable } from './table.ts'
import type { Paint } from './terminal.ts'

/** The old and the new version of an image that had one and has another one now. */
function replacement({ versions }: ImageDiff): readonly [DiffVersion, DiffVersion] | undefined {
  const { added, removed } = versions
  const [now, old] = [added[0], removed[0]]
  const isOne = added.length === 1 && removed.length === 1
  return isOne && now !== undefined && old !== undefined ? [old, now] : undefined
}

const nameOf = ({ version }: DiffVersion) => version ?? 'a version without a name'

/** For a terminal: a line for each image, and below it what has changed. */
export function formatDiffText({ images, summary }: CatalogueDiff, paint: Paint): string {
  const lines = images.flatMap((image) => {
    const name = printable(`${image.file}: ${image.name}`)
    if (image.status === 'added') return [paint('green', `+ ${name}`)]
    if (image.status === 'removed') return [paint('red', `- ${name}`)]
    return [paint('bold', `  ${name}`), ...changesOf(image).map((line) => `      ${printable(line)}`)]
  })
  return [...lines, ...(lines.length === 0 ? [] : ['']), countsOf(summary), ''].join('\n')
}

function changesOf(image: ImageDiff): string[] {
  const replaced = replacement(image)
  const { added } = image.versions
  const versions =
    replaced === undefined
      ? added.map((one) => `version ${nameOf(one)} added`)
      : [`version ${nameOf(replaced[0])} -> ${nameOf(replaced[1])}`]
  return [...versions, ...otherChanges(image, String, fieldText)]
}

/** Everything but the versions that came, and that a version was replaced. */
function otherChanges(
  image: ImageDiff,
  textOf: (text: string) => string,
  fieldOf: (field: FieldChange) => string,
): string[] {
  const { removed, changed } = image.versions
  const gone = replacement(image) === undefined ? removed : []
  return [
    ...gone.map((version) => `version ${textOf(nameOf(version))} removed`),
    ...changed.flatMap(({ version, fields }) =>
      fields.map((one) => `version ${textOf(version)}, ${fieldOf(one)}`),
    ),
    ...image.fields.map(fieldOf),
  ]
}

function fieldText({ key, before, after }: FieldChange): string {
  if (before === undefined) return `${key} added: ${after}`
  return after === undefined ? `${key} removed: ${before}` : `${key}: ${before} -> ${after}`
}

function countsOf({ added, removed, changed }: CatalogueDiff['summary']): string {
  if (added + removed + changed === 0) return 'No image is different'
  return `${changed} changed, ${added} added, ${removed} removed`
}

/** The text of a pull request: new versions as a table, everything else as lists. */
export function formatDiffMarkdown({ images, summary }: CatalogueDiff): string {
  const updated = images.flatMap((image) => (image.status === 'changed' ? updatesOf(image) : []))
  const others = images.flatMap((image) => {
    const lines = image.status === 'changed' ? otherChanges(image, escapeMarkdown, fieldMarkdown) : []
    return lines.map((line) => `- **${escapeMarkdown(image.name)}**: ${line}`)
  })
  const listed = (status: ImageDiff['status']) =>
    images.flatMap((image) =>
      image.status === status ? [`- **${escapeMarkdown(image.name)}** in ${codeSpan(image.file)}`] : [],
    )
  const table = { head: ['Image', 'Version', 'Before', 'Built', 'Checksum'], rows: updated }
  const sections = [
    `${countsOf(summary)}.`,
    ...section('New versions', updated.length === 0 ? [] : [formatMarkdownTable(table).trimEnd()]),
    ...section('New images', listed('added')),
    ...section('Removed images', listed('removed')),
    ...section('Other changes', others),
  ]
  return `${sections.join('\n\n')}\n`
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}\n\n${lines.join('\n')}`]
}

function updatesOf(image: ImageDiff): string[][] {
  const before = replacement(image)?.[0]
  return image.versions.added.map((version) => [
    escapeMarkdown(image.name),
    linked(nameOf(version), version.url),
    before === undefined ? '' : escapeMarkdown(nameOf(before)),
    escapeMarkdown(version.build_date ?? ''),
    version.checksum === undefined ? '' : codeSpan(shortDigest(version.checksum)),
  ])
}

function fieldMarkdown({ key, before, after }: FieldChange): string {
  const [old, now] = [before, after].map((value) => (value === undefined ? undefined : codeSpan(value)))
  if (old === undefined) return `${codeSpan(key)} added: ${now}`
  return now === undefined ? `${codeSpan(key)} removed: ${old}` : `${codeSpan(key)} ${old} → ${now}`
}

function linked(text: string, url: string | undefined): string {
  const shown = escapeMarkdown(text)
  const isLink = url !== undefined && /^https?:\/\/[\w.:/%~+=,;@-]+$/.test(url)
  return isLink ? `[${shown}](${url})` : shown
}

/** Enough of a digest to be compared by eye. */
function shortDigest(checksum: string): string {
  return checksum.length > 24 ? `${checksum.slice(0, 20)}…` : checksum
}
