import { diffArrays } from 'diff'

/** A line with its line break, and whether it stays (` `), goes (`-`) or comes (`+`). */
interface Change {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
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
  const name = path.replace(/^\/+/, '')
  return `--- ${quotePath(`a/${name}`)}\n+++ ${quotePath(`b/${name}`)}\n${hunksOf(changes).join('')}`
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** Writes a path as git does: in quotes if it holds control characters, with a tab at its end if it holds a space. */
function quotePath(path: string): string {
  if (/["\\\u0000-\u001f\u007f]/.test(path)) {
    return `"${path.replace(/["\\\u0000-\u001f\u007f]/g, (character) =>
      character === '"' || character === '\\'
        ? `\\${character}`
        : `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
    )}"`
  }
  return path.includes(' ') ? `${path}\t` : path
}

/**
 * Compares the parts between lines that are unique in both texts, each alone: the time grows with the length
 * of the texts and not with the number of changes.
 */
function compareLines(before: readonly string[], after: readonly string[]): Change[] {
  const changes: Change[] = []
  let [from, to] = [0, 0]
  for (const [old, now] of [...anchors(before, after), [before.length, after.length] as const]) {
    for (const { value, added, removed } of diffArrays(before.slice(from, old), after.slice(to, now))) {
      const sign = added ? '+' : removed ? '-' : ' '
      for (const line of value) changes.push({ sign, line })
    }
    const line = before[old]
    if (line !== undefined) changes.push({ sign: ' ', line })
    ;[from, to] = [old + 1, now + 1]
  }
  return changes
}

/** Positions of lines that stand exactly once in either text, in an order that both share. */
function anchors(before: readonly string[], after: readonly string[]): (readonly [number, number])[] {
  const unique = uniqueLines(after)
  let last = -1
  return [...uniqueLines(before)].flatMap(([line, old]) => {
    const now = unique.get(line)
    if (now === undefined || now <= last) return []
    last = now
    return [[old, now] as const]
  })
}

function uniqueLines(lines: readonly string[]): Map<string, number> {
  const positions = new Map<string, number>()
  const repeated = new Set<string>()
  for (const [index, line] of lines.entries()) {
    if (positions.has(line)) repeated.add(line)
    else positions.set(line, index)
  }
  for (const line of repeated) positions.delete(line)
  return positions
}

function hunksOf(changes: readonly Change[]): string[] {
  const hunks: string[] = []
  let [old, now] = [1, 1]
  let position = 0
  for (const [start, end] of spansOf(changes)) {
    const skipped = start - position
    const lines = changes.slice(start, end)
    const removed = lines.filter(({ sign }) => sign !== '+').length
    const added = lines.filter(({ sign }) => sign !== '-').length
    ;[old, now] = [old + skipped, now + skipped]
    const header = `@@ -${removed === 0 ? old - 1 : old},${removed} +${added === 0 ? now - 1 : now},${added} @@\n`
    hunks.push(header + lines.map(formatLine).join(''))
    ;[old, now] = [old + removed, now + added]
    position = end
  }
  return hunks
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
