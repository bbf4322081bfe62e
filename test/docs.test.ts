import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeCommands } from '../scripts/reference/commands.ts'
import { generatedDocs } from '../scripts/reference/generated.ts'
import { roff } from '../scripts/reference/man.ts'
import { errorCodes } from '../src/errors.ts'

const generated = generatedDocs()
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

/** What a heading is linked by, as GitHub makes it. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)
  return Array.from(headings, ([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('the documentation', () => {
  it.each(Object.keys(generated))('%s is what the program says (else: npm run docs)', (path) => {
    expect(readFileSync(path, 'utf8')).toBe(generated[path])
  })

  it.each(errorCodes)('%s has a row in the troubleshooting table', (code) => {
    const rows = readFileSync('docs/troubleshooting.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows.filter((row) => row.split('|')[1]?.includes(`\`${code}\``))).toHaveLength(1)
  })

  it.each(pages)('%s links only to what is there', (path) => {
    const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
    const targets = Array.from(text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g), ([, target = '']) => target)
    for (const target of targets) {
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : join(dirname(path), file)
      expect(existsSync(linked), target).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(linked), target).toContain(anchor)
    }
  })

  it('has examples for every command, which fit 80 columns', () => {
    for (const { name, more } of describeCommands().commands) {
      expect(more, name).toContain('Examples:')
      expect(more.split('\n').filter((line) => [...line].length > 80)).toEqual([])
    }
  })
})

const groff = spawnSync('groff', ['--version']).status === 0

describe('the man page', () => {
  it.skipIf(!groff)('is understood by groff without a warning (skipped where groff is not installed)', () => {
    const input = generated['man/image-updater.1'] ?? ''
    const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww'], {
      input,
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('The bearer token of serve.')
  })

  it('is installed by npm, which takes a list only', () => {
    expect(JSON.parse(readFileSync('package.json', 'utf8')).man).toEqual(['man/image-updater.1'])
  })

  it('is ASCII, and text never becomes a request', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(roff(text)).toMatch(/^(?![.'])[\n -~]*$/)
        expect(roff(text)).not.toMatch(/^[.']/m)
      }),
    )
  })
})
