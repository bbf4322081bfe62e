import { describe, expect, it } from 'vitest'
import { formatMarkdown } from '../../src/report/run-markdown.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { checked, checkOf, disabled, failed, hostile, hostileText, outdated } from './checked.ts'

const changed = outcome({
  status: 'updated',
  trust: 'signed',
  previous: { version: '20250101' },
  current: { version: '20250506' },
  mirror: { status: 'stored', bytes: 545259520 },
})
const diff = '--- a.yml\n+++ a.yml\n@@ -1 +1 @@\n-x: 1\r\n+x: 2\r\n'

/** What is left of a Markdown text without its code, where nothing is markup. */
function outsideOfCode(text: string): string {
  return text.replace(/^(`{3,})\w*\n.*?^\1$/gms, '').replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '')
}

describe('the Markdown of an update', () => {
  it('has a table of old and new for each file, and its diff folded', () => {
    const report = reportOf([changed, outcome()], { changes: [{ file: 'a.yml', diff }] })
    expect(formatMarkdown(report)).toBe(`2 checked, 1 updated, 1 up to date, 0 skipped, 0 failed in 12 s.

### \`etc/images/alpha.yml\`

| Image     | Version                 | Trust  |  Mirrored |
| --------- | ----------------------- | ------ | --------: |
| \`Alpha 1\` | \`20250101\` → \`20250506\` | signed | 520.0 MiB |

<details><summary>Diff</summary>

\`\`\`diff
--- a.yml
+++ a.yml
@@ -1 +1 @@
-x: 1
+x: 2
\`\`\`

</details>
`)
  })

  it('tells failures with their remedy, and warnings', () => {
    const error = {
      code: 'HTTP_STATUS',
      message: 'x answered 404',
      remedy: 'Look',
      place: { file: 'a.yml', line: 3 },
    } as const
    const text = formatMarkdown(reportOf([outcome({ status: 'failed', error, warnings: ['old'] })]))
    expect(text).toContain(
      '### Failed\n\n- `Alpha 1`: **HTTP_STATUS** at `a.yml:3`  \n  `x answered 404`  \n  `Look`',
    )
    expect(text).toContain('### Warnings\n\n- `Alpha 1`: `old`')
  })

  it('is short enough for a pull request, and says what it leaves out', () => {
    const changes = ['a', 'b', 'c'].map((file) => ({ file, diff: `+${'x'.repeat(25_000)}\n` }))
    const text = formatMarkdown(reportOf([changed], { changes }))
    expect(text.length).toBeLessThan(65_536)
    expect(text.match(/<details>/g)).toHaveLength(2)
    expect(text).toMatch(/\n\nThe diffs of 1 file are too long to be shown\.\n$/)
  })

  it('fences a diff by more backticks than are in it', () => {
    const changes = [{ file: 'a', diff: '+x: "```"\n+@team <b>\n' }]
    expect(formatMarkdown(reportOf([], { changes }))).toContain('````diff\n+x: "```"\n+@team <b>\n````')
  })
})

describe('the Markdown of a check', () => {
  it('has a table for each file', () => {
    const lines = formatMarkdown(checkOf([checked(), outdated, disabled, failed])).split('\n')
    expect(lines[0]).toBe('3 checked, 1 current, 1 outdated, 1 skipped, 1 failed, 1 not mirrored in 3.2 s.')
    expect(lines.filter((line) => line.startsWith('### '))).toEqual([
      ...['### `etc/images/alpha.yml`', '### `etc/images/delta.yml`', '### Failed', '### Warnings'],
    ])
    expect(lines).toContain('| `Beta 2`  | `20250501` | `20250506` | 5 d | missing | checksum |')
  })

  it('lets no text be markup, a mention or a link', () => {
    for (const text of [
      formatMarkdown(checkOf([hostile])),
      formatMarkdown(
        reportOf([{ ...changed, name: hostileText, file: hostileText, current: { version: hostileText } }]),
      ),
      formatMarkdown(checkOf([], { errors: [{ code: 'USAGE', message: hostileText, remedy: hostileText }] })),
    ]) {
      expect(text).toContain('@team')
      expect(outsideOfCode(text)).not.toMatch(/[@<>[\]]|#\d|script|http/)
      expect(text).not.toMatch(/[\u0000\u001b\u202e]/)
      for (const line of text.split('\n').filter((one) => one.startsWith('| '))) {
        const cells = line.replaceAll('\\|', '').split('|').length
        expect([6, 8]).toContain(cells)
      }
    }
  })
})
