import { printable } from '../errors.ts'

/** Text that Markdown (CommonMark, GitHub, GitLab) shows as it is, in one line: no markup, no HTML, no mention. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[\\`*[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=#?\w+;)/g, '\\$&')
    .replace(/(^|\W)@/g, '$1&#64;')
    .replace(/^(\s*)([-+=#])/, '$1\\$2')
    .replace(/^(\s*\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
}

/** A code span that shows `text`, whatever backticks it holds; also in a table. */
export function codeSpan(text: string): string {
  const shown = printable(text).replaceAll('|', '\\|')
  const fence = '`'.repeat(longestRun(shown) + 1)
  const gap = /^`|`$|^\s*$/.test(shown) ? ' ' : ''
  return `${fence}${gap}${shown}${gap}${fence}`
}

/** The length of the longest run of backticks. */
export function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
