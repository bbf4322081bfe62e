import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, isScalar, isSeq } from 'yaml'
import { renderEntry } from '../../bench/ours.ts'
import { type CatalogNode, openDocument } from '../../src/catalog/document.ts'
import { readPlain } from '../../src/catalog/plain.ts'

/** All that the catalogue room looks at, with offsets less `shift`. */
function shapeOf(node: CatalogNode, shift = 0): unknown {
  if (node === null) return null
  const about = {
    range: [...node.range].map((offset) => offset - shift),
    anchor: 'anchor' in node ? node.anchor : undefined,
    tag: node.tag,
  }
  if (isScalar(node)) return { ...about, value: node.value, type: node.type }
  if (isSeq(node)) {
    return { ...about, flow: node.flow, items: node.items.map((item) => shapeOf(item as CatalogNode, shift)) }
  }
  if (!isMap(node)) throw new Error('a node of another kind')
  const items = node.items.map(({ key, value }) => [
    shapeOf(key as CatalogNode, shift),
    shapeOf(value as CatalogNode, shift),
  ])
  return { ...about, flow: node.flow, items }
}

/** A comment in front leaves the text to the whole parser. */
const comment = '# for the whole parser\n'
const byWholeParser = (text: string) => shapeOf(openDocument('x', comment + text).root, comment.length)

function expectSame(text: string): void {
  const plain = readPlain(text)
  expect(plain, text).toBeDefined()
  expect(shapeOf(plain ?? null)).toEqual(byWholeParser(text))
}

describe('plain YAML', () => {
  it.each([
    'images: []\n',
    '---\nimages:\n',
    'images:\n  - name: A\n',
    'images:\n- name: A b  \n  tags: []\n  x:\n',
    'a: \'1\'\nb: "2"\nc:  \n  https://x/y?  \n'.replace('?', ''),
    'a:\n\n  b: 1\n\n  c:\n    - d\n    - e: f\n      g:\n      - h\n\n',
    'a: \nb: 2026-01-08\nc: ~\nd: null\ne: 10.5\n',
    '---\n\na:\n  b:\n    c:\n',
  ])('%j is read as the whole parser reads it', expectSame)

  it.each([
    '',
    '# comment\na: 1\n',
    'a: 1 # comment\n',
    'a: 1',
    'a: 1\r\n',
    '\ufeffa: 1\n',
    'a: &x 1\n',
    'a: *x\n',
    'a: !t 1\n',
    'a: [1]\n',
    'a: {}\n',
    'a: >-\n  x\n',
    'a: b\n  c\n',
    "a: 'b\n  c'\n",
    "a: 'it''s'\n",
    'a: "\\n"\n',
    'a: b: c\n',
    'a: b:\n',
    'a: 1\na: 2\n',
    'a:\n\tb: 1\n',
    '<<: x\n',
    '? a\n: b\n',
    '- a\n',
    'a\n',
    'a:\n  - b\n c: d\n',
    'a:\n - - b\n',
    'a:\n -\n   b\n',
    'a: 1\n---\nb: 2\n',
    'a: 1\n...\n',
    `${'k'.repeat(1100)}: 1\n`,
    `${Array.from({ length: 40 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')}`,
  ])('%j is left to the whole parser', (text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  it('whatever is taken for plain, the whole parser reads in the same way', () => {
    const piece = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('\n', '  ', ' ', '- ', 'a: ', 'b:', 'name: x', '\n    ', '\n  '),
      },
      { weight: 3, arbitrary: fc.constantFrom('a', "'", '"', ':', '[]', '#', '~', 'https://h/p', '-', '.') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
    )
    let plain = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = `k: v\n${pieces.join('')}\n`
        if (readPlain(text) === undefined) return
        plain += 1
        expectSame(text)
      }),
      { numRuns: 20_000 },
    )
    expect(plain).toBeGreaterThan(500)
  })

  it('a catalogue stays readable in the same way when anything in it is changed', () => {
    const entry = {
      name: 'ubuntu-24.04',
      distro: 'ubuntu',
      latestUrl: 'https://h/current/x.img',
      checksumUrl: 'https://h/current/SHA256SUMS',
      version: '20260108',
      url: 'https://h/20260108/x.img',
      checksum: `sha256:${'0'.repeat(64)}`,
    }
    const text = `---\nimages:\n${renderEntry(entry)}${renderEntry({ ...entry, name: 'Other 1' })}`
    expectSame(text)
    const change = fc.record({
      at: fc.nat(text.length),
      remove: fc.nat(3),
      insert: fc.constantFrom('', ' ', '\n', '  ', '- ', ': ', ':', '\n\n', "'", 'x', '[]', '\n      '),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let changed = text
        for (const { at, remove, insert } of changes) {
          changed = changed.slice(0, at) + insert + changed.slice(at + remove)
        }
        if (readPlain(changed) !== undefined) expectSame(changed)
      }),
      { numRuns: 1000 },
    )
  })
})

const corpus = '../shared/corpus/catalogue'
const isThere = existsSync(corpus)
if (!isThere) process.stderr.write(`${corpus} is missing: plain YAML is not tried on real catalogues\n`)

describe.skipIf(!isThere)('real catalogues', () => {
  it.each(isThere ? readdirSync(corpus) : [])('%s is plain, and read in the same way', (name) => {
    expectSame(readFileSync(join(corpus, name), 'utf8'))
  })
})
