import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, UpdaterError } from '../src/errors.ts'
import { formatDocument } from '../src/report/json.ts'

it("an error's sentences stay short, whatever they quote", () => {
  const long = `The key "${'\u0007'.repeat(5000)}" stands twice`
  const { message, remedy = '' } = new UpdaterError('CATALOG_SYNTAX', long, { remedy: long })
  for (const sentence of [message, remedy]) {
    expect(sentence.length).toBeLessThan(1100)
    expect(sentence).toMatch(/^The key "\\u\{7\}.*characters.*" stands twice$/)
  }
})

describe('printable', () => {
  it.each([
    ['plain: text, café # 1', 'plain: text, café # 1'],
    ['a\u001b[2Jb\nc\u202ed\u009be', 'a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{9b}e'],
    ['::add-mask::e', '\\u{3a}:add-mask::e'],
    ['  ::error file=x::y', '  \\u{3a}:error file=x::y'],
    ['[::1]:9464 and ::1', '[::1]:9464 and ::1'],
    ['::1', '::1'],
    ['a ::error::b', 'a ::error::b'],
    ['x ##[set-output name=a]b', 'x \\u{23}#[set-output name=a]b'],
    ['##vso[task.setvariable variable=a]b', '\\u{23}#vso[task.setvariable variable=a]b'],
    ['## Heading [x]', '## Heading [x]'],
  ])('makes %j %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  it('leaves nothing that a terminal or the runner of a CI job obeys', () => {
    const parts = fc.constantFrom('#', ':', '[', 'a', 'group', ' ', '\n', '\u001b', '::error::')
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (some) => {
        const shown = printable(some.join(''))
        expect(shown).not.toMatch(/[\n\u001b]|^\s*::[a-z]|##[a-z]*\[/)
        expect(printable(shown)).toBe(shown)
      }),
    )
  })
})

describe('formatDocument', () => {
  it('escapes what the runner of a CI job obeys, and says the same', () => {
    const document = { name: 'x ##[set-output name=a]b\u001b\u202e' }
    const json = formatDocument(document)
    expect(json).not.toMatch(/##\[|[\u001b\u202e]/)
    expect(JSON.parse(json)).toEqual(document)
  })
})
