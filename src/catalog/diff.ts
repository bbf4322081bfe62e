import { diffArrays } from 'diff'

/** A line with its line break, and whether it stays (` `), goes (`-`) or comes (`+`). */
interface Change {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
  /** Lines before it in either text. */
  readonly old: number
  readonly now: number
}

/** Unchanged lines before and after a change. */
const context = 3

/**
 * A unified diff that `git apply` and `patch -p1` take; empty where the texts are equal. Line breaks and
 * all other characters of the texts stay as they are.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return ''
  const changes = compareLines(linesOf(before), linesOf(after))
  const hunks = spansOf(changes).map(([start, end]) => formatHunk(changes.slice(start, end)))
  const name = path.replace(/^\/+/, '')
  return `--- ${quotePath(`a/${name}`)}\n+++ ${quotePath(`b/${name}`)}\n${hunks.join('')}`
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** Writes a path as git does: in quotes if it holds control characters, with a tab at its end if it holds a space. */
function quotePath(path: string): string {
  if (/["\\\u0000-\u001f\u007f]/.test(path)) {
    const octal = (character: string) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
    return `"${path.replace(/["\\\u0000-\u001f\u007f]/g, octal)}"`
  }
  return path.includes(' ') ? `${path}\t` : path
}

/**
 * Compares the parts between lines that are unique in both texts, each alone: the time grows with the length
 * of the texts and not with the number of changes.
 */
function compareLines(before: readonly string[], after: readonly string[]): Change[] {
  const changes: Change[] = []
  let [old, now] = [0, 0]
  const add = (sign: Change['sign'], lines: readonly string[]) => {
    for (const line of lines) {
      changes.push({ sign, line, old, now })
      if (sign !== '+') old += 1
      if (sign !== '-') now += 1
    }
  }
  for (const [oldEnd, nowEnd] of [...anchors(before, after), [before.length, after.length] as const]) {
    for (const { value, added, removed } of diffArrays(before.slice(old, oldEnd), after.slice(now, nowEnd))) {
      add(added ? '+' : removed ? '-' : ' ', value)
    }
    add(' ', before.slice(oldEnd, oldEnd + 1))
  }
  return changes
}

/** Positions of lines that stand exactly once in either text, in an order that both share. */
function anchors(before: readonly string[], after: readonly string[]): (readonly [number, number])[] {
  const positions = positionsOf(after)
  let last = -1
  return [...positionsOf(before)].flatMap(([line, old]) => {
    const now = positions.get(line) ?? -1
    if (old === -1 || now <= last) return []
    last = now
    return [[old, now] as const]
  })
}

/** -1 for a line that stands there more than once. */
function positionsOf(lines: readonly string[]): Map<string, number> {
  const positions = new Map<string, number>()
  for (const [index, line] of lines.entries()) positions.set(line, positions.has(line) ? -1 : index)
  return positions
}

function formatHunk(changes: readonly Change[]): string {
  const [first] = changes
  const range = (start: number, other: Change['sign']) => {
    const count = changes.filter(({ sign }) => sign !== other).length
    return `${count === 0 ? start : start + 1},${count}`
  }
  const header = `@@ -${range(first?.old ?? 0, '+')} +${range(first?.now ?? 0, '-')} @@\n`
  return header + changes.map(formatLine).join('')
}

/** The ranges of changes with their context; ranges that touch are one. */
function spansOf(changes: readonly Change[]): [number, number][] {
  const spans: [number, number][] = []
  for (const [index, { sign }] of changes.entries()) {
    if (sign === ' ') continue
    const end = Math.min(index + context + 1, changes.length)
    const last = spans.at(-1)
    if (last !== undefined && index - context <= last[1]) last[1] = end
    else spans.push([Math.max(index - context, 0), end])
  }
  return spans
}

function formatLine({ sign, line }: Change): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`
}
