import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unifiedDiff } from '../../src/catalog/diff.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'diff-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function apply(path: string, before: string, after: string): string {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, before)
  const diff = unifiedDiff(path, before, after)
  if (diff !== '')
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
      cwd: folder,
      input: diff,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  return readFileSync(file, 'utf8')
}

describe('unifiedDiff', () => {
  it('is empty for equal texts', () => {
    expect(unifiedDiff('a.yml', 'x\n', 'x\n')).toBe('')
  })

  it('has the usual shape, with three lines of context', () => {
    const before = '1\n2\n3\n4\nold\n5\n6\n7\n8\n9\n10\n11\n'
    expect(
      unifiedDiff('/etc/images/a.yml', before, `${before.replace('old', 'new')}12`),
    ).toBe(`--- a/etc/images/a.yml
+++ b/etc/images/a.yml
@@ -2,7 +2,7 @@
 2
 3
 4
-old
+new
 5
 6
 7
@@ -10,3 +10,4 @@
 9
 10
 11
+12
\\ No newline at end of file
`)
  })

  it.each([
    ['CRLF', 'a.yml', 'a\r\nb\r\nc\r\n', 'a\r\nB\r\nc\r\n'],
    ['no final line break before', 'a.yml', 'a\nb', 'a\nb\n'],
    ['no final line break after', 'a.yml', 'a\nb\n', 'a\nb'],
    ['no final line break at all', 'a.yml', 'a\nb', 'A\nb'],
    ['lines that only come', 'a.yml', 'a\nb\n', 'a\nx\ny\nb\n'],
    ['lines that only go', 'a.yml', 'a\nx\ny\nb\n', 'a\nb\n'],
    ['control characters', 'a.yml', 'a\u001b[0m\u0007\n', 'b\u001b[0m\u2028\n'],
    ['a name with a space', 'my file.yml', 'a\n', 'b\n'],
    ['a name with a quote and a line break', 'a"\n\tb.yml', 'a\n', 'b\n'],
  ])('git applies it: %s', (_, path, before, after) => {
    expect(apply(path, before, after)).toBe(after)
  })

  it('git applies it, whatever the lines', () => {
    const lines = fc.array(
      fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', '- d: 1\n', '+x\n', '\\ e\n', '漢\n'),
      { minLength: 1, maxLength: 40 },
    )
    const text = fc.tuple(lines, fc.constantFrom('', 'end')).map(([all, end]) => all.join('') + end)
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(apply('a.yml', before, after)).toBe(after)
      }),
      { seed: 6, numRuns: 60 },
    )
  })
})
