import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { switchEach } from '../../src/catalog/switch.ts'

/** The text with the image at `index` switched. */
function switched(text: string, index = 0, enable = false): string {
  const { name } = parseCatalog('a.yml', text).images[index] ?? { name: '' }
  const result = switchEach('a.yml', text, [{ index, name, enable }])
  expect(result.failed).toEqual([])
  return result.text
}

describe('switching an image off', () => {
  it.each<[string, string, string]>([
    ['a word', '  - name: A\n    enable: true # yes\n', '  - name: A\n    enable: false # yes\n'],
    ['another word', '  - name: A\n    enable: Yes\n', '  - name: A\n    enable: false\n'],
    ['no key', '  - name: A\n    format: raw\n', '  - name: A\n    enable: false\n    format: raw\n'],
    ['only a name', '  - name: A', '  - name: A\n    enable: false'],
    [
      'a comment',
      '  - name: A # the first\n  # end\n',
      '  - name: A # the first\n    enable: false\n  # end\n',
    ],
    [
      'a folded name',
      '  - name:\n      A\n    multi: true\n',
      '  - name:\n      A\n    enable: false\n    multi: true\n',
    ],
    [
      'line ends of Windows',
      '  - name: A\r\n    b: c\r\n',
      '  - name: A\r\n    enable: false\r\n    b: c\r\n',
    ],
    ['no indentation', '- name: A\n  b: c\n', '- name: A\n  enable: false\n  b: c\n'],
    ['a flow mapping', '  - {name: A, b: c}\n', '  - {name: A, enable: false, b: c}\n'],
    ['a flow mapping that has it', '  - {name: A, enable: true}\n', '  - {name: A, enable: false}\n'],
    [
      'an anchor that no alias stands for',
      '  - &a\n    name: A\n    &e enable: true\n',
      '  - &a\n    name: A\n    &e enable: false\n',
    ],
    [
      'an anchor elsewhere',
      '  - name: A\n    meta: &m {a: b}\n  - name: B\n    meta: *m\n',
      '  - name: A\n    enable: false\n    meta: &m {a: b}\n  - name: B\n    meta: *m\n',
    ],
  ])('%s', (_what, before, after) => {
    expect(switched(`images:\n${before}`)).toBe(`images:\n${after}`)
  })

  it('puts the key where the other images have it', () => {
    const other = '  - name: B\n    format: raw\n    enable: true\n'
    expect(switched(`images:\n  - name: A\n    format: raw\n    a: b\n${other}`)).toBe(
      `images:\n  - name: A\n    format: raw\n    enable: false\n    a: b\n${other}`,
    )
    expect(switched(`images:\n  - name: A\n    a: b\n${other}`)).toBe(
      `images:\n  - name: A\n    enable: false\n    a: b\n${other}`,
    )
  })

  it('finds an image that has moved, and tells one that has not to be touched', () => {
    const text = 'images:\n  - name: A\n  - name: B\n    enable: &off true\n  - &c {name: C}\n  - *c\n'
    const edits = ['B', 'Z', 'C', 'A'].map((name, index) => ({ index, name, enable: false }))
    const { text: after, failed } = switchEach('a.yml', text, edits)
    expect(after).toBe(text.replace('name: A\n', 'name: A\n    enable: false\n'))
    expect(failed.map(({ edit, error }) => [edit.name, error.code])).toEqual([
      ['B', 'CATALOG_UNEDITABLE'],
      ['Z', 'CATALOG_CHANGED'],
      ['C', 'CATALOG_UNEDITABLE'],
    ])
  })

  it('switches many images at once; one that is asked for twice gets what was asked for last', () => {
    const text = 'images:\n  - name: A\n  - name: B # b\n    enable: on\n\n  # c\n  - name: C\n'
    const edits = ['A', 'B', 'C', 'B', 'C'].map((name, at) => ({ index: 0, name, enable: at > 3 }))
    expect(switchEach('a.yml', text, edits)).toEqual({
      text: 'images:\n  - name: A\n    enable: false\n  - name: B # b\n    enable: false\n\n  # c\n  - name: C\n    enable: true\n',
      failed: [],
    })
  })

  it('is not kept from it by an entry that is no image', () => {
    const text = 'images:\n  - name: A\n  - a text\n  - 7\n'
    const { text: after, failed } = switchEach('a.yml', text, [{ index: 0, name: 'A', enable: false }])
    expect([after, failed]).toEqual([text.replace('name: A\n', 'name: A\n    enable: false\n'), []])
  })

  it('leaves a text alone that says it already', () => {
    const text = 'images:\n  - name: A\n    enable: false\n'
    expect(switched(text)).toBe(text)
    expect(switched('images:\n  - name: A\n    enable: false\n', 0, true)).toContain('enable: true')
  })

  const corpus = '../shared/corpus/catalogue'
  it.skipIf(!existsSync(corpus))('changes one line of real files (skipped without ../shared)', () => {
    for (const file of readdirSync(corpus)) {
      const text = readFileSync(join(corpus, file), 'utf8')
      const lines = text.split('\n')
      for (const [index, image] of parseCatalog(file, text).images.entries()) {
        const after = switched(text, index, !image.enable).split('\n')
        expect(after).toHaveLength(lines.length)
        const changed = after.filter((line, at) => line !== lines[at])
        expect(changed).toEqual([`    enable: ${!image.enable}`])
        expect(parseCatalog(file, after.join('\n')).images[index]).toMatchObject({ enable: !image.enable })
      }
    }
  })
})
