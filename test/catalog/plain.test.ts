import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMap, isScalar, isSeq } from 'yaml'
import { renderEntry } from '../../bench/ours.ts'
import type { CatalogNode } from '../../src/catalog/nodes.ts'
import { readPlain } from '../../src/catalog/plain.ts'
import { readWhole } from '../../src/catalog/whole.ts'

/** All that the catalogue room looks at. */
function shapeOf(node: CatalogNode): unknown {
  if (node === null) return null
  const about = {
    range: node.range,
    anchor: 'anchor' in node ? node.anchor : undefined,
    tag: node.tag,
  }
  if (isScalar(node)) return { ...about, value: node.value, type: node.type }
  if (isSeq(node)) {
    return { ...about, flow: node.flow, items: node.items.map((item) => shapeOf(item as CatalogNode)) }
  }
  if (!isMap(node)) throw new Error('a node of another kind')
  const items = node.items.map(({ key, value }) => [
    shapeOf(key as CatalogNode),
    shapeOf(value as CatalogNode),
  ])
  return { ...about, flow: node.flow, items }
}

function expectSame(text: string): void {
  const plain = readPlain(text)
  expect(plain, text).toBeDefined()
  const defects: string[] = []
  const { root, shared } = readWhole(text, (_offset, message) => defects.push(message))
  expect(shapeOf(plain ?? null), JSON.stringify(text)).toEqual(shapeOf(root))
  expect([defects, [...shared]]).toEqual([[], []])
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
    'a: 1',
    'a:',
    'a: 1\r\nb:\r\n  - c # d\r\n\r\n',
    '\ufeffa: 1\n',
    "a: 'it''s'\n",
    'a: grün \u2028\n',
    'a: {}\nb: [] # none\n',
    '# head\n\n# of the file\n--- # start\n# body\na: 1\n',
    'a: 1 # one\n  # of a\n\n    # of a\n# of b\n  # of b\nb: 2\n# end',
    'a: # why\n  # of the list\n  - b: 1\n    # of the entry\n  # of the next\n  - c: 2\n   # of the entry\n',
    'a:\n  - b: 1\n    # c: 2\n\n  # of the list\nd: 3\n',
    'a:\n  b:\n    - c\n    # within\n   # less\n  # d: 1\n# f\n',
    'a: # none yet\nb: #\n\n  # of b\n# of b, too\n# of c\nc:\n  d:\n  # of d\n\n# end\n',
    'a: # folded\n\n  https://h/p # c\n    # d\nb: 1\n',
  ])('%j is read as the whole parser reads it', expectSame)

  it.each([
    '',
    'a: &x 1\n',
    'a: *x\n',
    'a: !t 1\n',
    'a: [1]\n',
    'a: {b: 1}\n',
    'a: "1"# no comment\n',
    'a: b\n# c\n  d\n',
    'a: |\n  b\n',
    'a:\n\n# c\n  b\nd: 1\n',
    'a: b\rc\n',
    'a: 1\n# c\na: 2\n',
    'a:\n  b: 1\n  c:\n    b: 2\n  b: 3\n',
    '--- a: 1\n',
    '---\n---\na: 1\n',
    'a: >-\n  x\n',
    'a: b\n  c\n',
    "a: 'b\n  c'\n",
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
        arbitrary: fc.constantFrom(
          '\n',
          '  ',
          ' ',
          '- ',
          'a: ',
          'b:',
          'c: x',
          '\n    ',
          '\n  ',
          ' # c',
          '\n  # d\n',
        ),
      },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'a',
          "'",
          '"',
          ':',
          '[]',
          '{}',
          '#',
          '~',
          'é',
          'https://h/p',
          '-',
          '.',
          '\r\n',
        ),
      },
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
    const text = `# head\n---\nimages:\n${renderEntry(entry)}
  # Another one\n${renderEntry({ ...entry, name: 'Other 1' }).replaceAll(/true$/gm, '$& # why')}\n# end\n`
    expectSame(text)
    const within = fc.record({
      at: fc.nat(text.length),
      remove: fc.nat(3),
      insert: fc.constantFrom('', ' ', '\n', '  ', '- ', ': ', ':', '\n\n', "'", 'x', '[]', '\n      ', '\r'),
    })
    const behindLine = fc.record({
      at: fc.constantFrom(...[...text.matchAll(/$/gm)].map(({ index }) => index)),
      remove: fc.constant(0),
      insert: fc.oneof(
        fc.constantFrom('\n', '\r', ' ', '#', ' # c'),
        fc.nat(12).map((column) => `\n${' '.repeat(column)}#c`),
      ),
    })
    const change = fc.oneof(within, behindLine, behindLine)
    let plain = 0
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let changed = text
        for (const { at, remove, insert } of changes.sort((a, b) => b.at - a.at)) {
          changed = changed.slice(0, at) + insert + changed.slice(at + remove)
        }
        if (readPlain(changed) === undefined) return
        plain += 1
        expectSame(changed)
      }),
      { numRuns: 2000 },
    )
    expect(plain).toBeGreaterThan(300)
  })

  it.each(readdirSync('catalog'))('catalog/%s is plain, and read in the same way', (name) => {
    expectSame(readFileSync(join('catalog', name), 'utf8'))
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
