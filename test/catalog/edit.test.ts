import { describe, expect, it } from 'vitest'
import type { VersionEdit } from '../../src/catalog/edit.ts'
import { editEach } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import type { VersionValues } from '../../src/image.ts'
import { editCatalog } from './support.ts'

const values: VersionValues = {
  version: '20260801',
  buildDate: '2026-08-01',
  checksum: 'sha256:new',
  url: 'https://new.example/i',
  mirrorUrl: 'https://mirror.example/i',
}
const long = {
  ...values,
  url: `https://new.example/${'long/'.repeat(16)}i`,
  checksum: `sha512:${'0'.repeat(128)}`,
}

function planned(text: string, after: Partial<VersionValues> = values, index = 0): VersionEdit {
  const image = parseCatalog('f.yml', text).images[index]
  return { index, name: image?.name ?? '', before: image?.versions[0], after }
}

function edit(text: string, after?: Partial<VersionValues>): string {
  return editCatalog('f.yml', text, [planned(text, after)])
}

/** The lines of one image, four columns in, in a file with another image after it. */
const image = (lines: string) =>
  `images:\n  - name: x\n${lines.replace(/^(?=.)/gm, '    ')}\n  - name: other # stays\n`

describe('editEach replaces values', () => {
  it.each<[string, string, string]>([
    ['in single quotes', "- version: '1'", "- version: '20260801'"],
    ['in double quotes', '- version: "1"', '- version: "20260801"'],
    ['unquoted: quotes keep it a string', '- version: 20260119', "- version: '20260801'"],
    ['unquoted text, too', '- version: 1.2.3', "- version: '20260801'"],
    ['a date', '- build_date: 2024-01-01', '- build_date: 2026-08-01'],
    ['a date in quotes, which was none', "- build_date: '2024-01-01'", '- build_date: 2026-08-01'],
    ['a URL', '- url: http://a', '- url: https://new.example/i'],
    ['a quoted URL', '- url: "http://a"', '- url: "https://new.example/i"'],
    ['before a comment', '- url: http://a   # why', '- url: https://new.example/i   # why'],
    ['with spaces after the colon', '- url:    http://a  ', '- url:    https://new.example/i  '],
    ['with a tab after the colon', '- url:\thttp://a', '- url:\thttps://new.example/i'],
    ['with a space before the colon', '- url : http://a', '- url : https://new.example/i'],
    ['with a quoted key', '- "url": http://a', '- "url": https://new.example/i'],
    ['on the next line', '- url: \n    http://a', '- url: \n    https://new.example/i'],
    ['over several lines', '- url: "http://\\\n    a"', '- url: "https://new.example/i"'],
    ['folded without an end', '- url: >-\n    http://a', '- url: >-\n    https://new.example/i'],
    ['literal, with a comment', '- url: |- # c\n    http://a', '- url: |- # c\n    https://new.example/i'],
    ['folded with an end', '- url: > # c\n    http://a\n    b', '- url: https://new.example/i # c'],
    ['folded with a hint', '- url: >2-\n    http://a', '- url: https://new.example/i'],
    ['a date in a block', '- build_date: >-\n    2024-01-01', '- build_date: 2026-08-01'],
    ['that are empty', '- url:', '- url: https://new.example/i'],
    ['that are empty, before a comment', '- url: # c', '- url: https://new.example/i # c'],
    ['that are null', '- url: ~', '- url: https://new.example/i'],
    ['in a flow mapping', '- {version: "1", url: a}', '- {version: "20260801", url: https://new.example/i}'],
    [
      'in a flow list',
      '[{"url":"a","build_date":"b"}]',
      '[{"url":"https://new.example/i","build_date":2026-08-01}]',
    ],
    ['after a wide dash', '-   url: a', '-   url: https://new.example/i'],
    [
      'beside unknown keys',
      '- id: 7\n  url: a\n  meta: {k: v}',
      '- id: 7\n  url: https://new.example/i\n  meta: {k: v}',
    ],
    ['of the first version only', '- url: a\n- url: b', '- url: https://new.example/i\n- url: b'],
  ])('%s', (_, before, after) => {
    const name = (line: string) => image(`versions:${before.startsWith('[') ? ' ' : '\n'}${line}`)
    const text = name(before)
    const keys = parseCatalog('f.yml', text).images[0]?.versions[0] ?? {}
    const standing = Object.entries(values).filter(
      ([key]) =>
        keys[key as keyof typeof keys] !== undefined ||
        (/^- url *:(?: ~| # c|)$/.test(before) && key === 'url'),
    )
    expect(edit(text, Object.fromEntries(standing))).toBe(name(after))
  })

  it.each([
    ['a: b', "'a: b'"],
    ['a #b', "'a #b'"],
    ["it's a: b", "'it''s a: b'"],
    ['[a', "'[a'"],
    ['yes', "'yes'"],
    ['http://a/x:', "'http://a/x:'"],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u0085\u2028', '"\\u0085\\u2028"'],
    ['', "''"],
    ['http://a/?q=1&b[0]={x},y', 'http://a/?q=1&b[0]={x},y'],
  ])('quotes %j where it must', (url, written) => {
    expect(edit(image('versions:\n- url: a'), { url })).toBe(image(`versions:\n- url: ${written}`))
  })

  it('quotes more in flow context', () => {
    expect(edit(image('versions: [{url: a}]'), { url: 'http://a/x,y' })).toBe(
      image("versions: [{url: 'http://a/x,y'}]"),
    )
  })

  it('leaves a value that is right already as it stands', () => {
    const text = image('versions:\n- version: 20260801\n  build_date: "2026-08-01"')
    expect(edit(text, { version: '20260801', buildDate: '2026-08-01' })).toBe(text)
  })
})

describe('editEach inserts keys', () => {
  it.each<[string, string, string, Partial<VersionValues>?]>([
    [
      'in the usual order',
      "- version: '1'\n  checksum: c",
      "- version: '20260801'\n  url: https://new.example/i\n  mirror_url: https://mirror.example/i\n  checksum: sha256:new\n  build_date: 2026-08-01",
    ],
    ['before the first key', '- url: a', "- version: '20260801'\n  url: a", { version: '20260801' }],
    ['beside unknown keys only', '- id: 1', "- version: '20260801'\n  id: 1", { version: '20260801' }],
    [
      'after the comment of the line before',
      '- url: a # c\n  # d\n  checksum: b',
      '- url: a # c\n  mirror_url: https://mirror.example/i\n  # d\n  checksum: b',
      { mirrorUrl: values.mirrorUrl },
    ],
    [
      'after a block scalar',
      '- url: >-\n    a\n\n  checksum: b',
      '- url: >-\n    a\n  mirror_url: https://mirror.example/i\n\n  checksum: b',
      { mirrorUrl: values.mirrorUrl },
    ],
    [
      'after an empty value',
      '- url:\n  checksum: b',
      '- url: https://new.example/i\n  mirror_url: https://mirror.example/i\n  checksum: b',
      { url: values.url, mirrorUrl: values.mirrorUrl },
    ],
    [
      'folded, with the trailing space, where the entry folds',
      '- url: \n    a\n  build_date: 2024-01-01',
      `- url: \n    a\n  checksum: \n    ${long.checksum}\n  build_date: 2024-01-01`,
      { checksum: long.checksum },
    ],
    [
      'not folded where it is short',
      '- url: \n    a',
      '- url: \n    a\n  checksum: sha256:new',
      { checksum: 'sha256:new' },
    ],
    [
      'not folded where the entry has long lines',
      `- url: http://${'a'.repeat(90)}\n- url: \n    b`,
      `- url: http://${'a'.repeat(90)}\n  checksum: ${long.checksum}\n- url: \n    b`,
      { checksum: long.checksum },
    ],
    [
      'in the order of the other entries',
      "- version: '1'\n- build_date: 2024-01-01\n  checksum: c\n  url: a\n  version: '0'",
      "- checksum: sha256:new\n  version: '1'\n- build_date: 2024-01-01\n  checksum: c\n  url: a\n  version: '0'",
      { checksum: 'sha256:new' },
    ],
    [
      'in a flow mapping',
      '- {url: a, # c\n   checksum: b}',
      "- {version: '20260801', url: a, mirror_url: https://mirror.example/i, # c\n   checksum: b}",
      { version: '20260801', mirrorUrl: values.mirrorUrl },
    ],
  ])('%s', (_, before, after, some) => {
    expect(edit(image(`versions:\n${before}`), some)).toBe(image(`versions:\n${after}`))
  })
})

describe('editEach removes mirror_url', () => {
  const gone = { mirrorUrl: null }
  it.each([
    ['with its line', '- url: a\n  mirror_url: m # c\n  checksum: b', '- url: a\n  checksum: b'],
    ['with both lines', '- url: a\n  mirror_url: \n    m\n  checksum: b', '- url: a\n  checksum: b'],
    ['as a block', '- url: a\n  mirror_url: |\n    m\n    n\n  checksum: b', '- url: a\n  checksum: b'],
    ['after the dash', '- mirror_url: m\n  url: a', '- url: a'],
    ['after the dash, before a comment', '- mirror_url: m\n  # c\n  url: a', '- # c\n  url: a'],
    ['as the last key', '- url: a\n  mirror_url: m\n- url: b', '- url: a\n- url: b'],
    ['empty', '- url: a\n  mirror_url:\n- url: b', '- url: a\n- url: b'],
    ['first in a flow mapping', '- {mirror_url: m, url: a}', '- {url: a}'],
    ['last in a flow mapping', '- {url: a, mirror_url: m }', '- {url: a }'],
    ['in JSON', '- {"url":"a","mirror_url":"m","id":"i"}', '- {"url":"a","id":"i"}'],
    ['where it is not', '- url: a', '- url: a'],
  ])('%s', (_, before, after) => {
    expect(edit(image(`versions:\n${before}`), gone)).toBe(image(`versions:\n${after}`))
  })

  it.each(['\n', '\r\n'])('at the end of a file without a final line break (%j)', (eol) => {
    const text = 'images:\n- name: x\n  versions:\n  - url: a\n    mirror_url: m'.replaceAll('\n', eol)
    expect(edit(text, gone)).toBe('images:\n- name: x\n  versions:\n  - url: a'.replaceAll('\n', eol))
    expect(edit(text, { ...gone, checksum: 'sha256:b' })).toBe(
      'images:\n- name: x\n  versions:\n  - url: a\n    checksum: sha256:b'.replaceAll('\n', eol),
    )
  })
})

describe('editEach writes the first version', () => {
  const some = { version: '20260801', url: values.url, mirrorUrl: null, buildDate: '2026-08-01' }
  const entry = (dash: string, indent = `${dash}  `) =>
    `${dash}- version: '20260801'\n${indent}url: https://new.example/i\n${indent}build_date: 2026-08-01`

  it.each([
    ['for []', 'versions: []', `versions:\n${entry('  ')}`],
    ['for [ ] with a comment', 'versions: [ ] # none yet', `versions: # none yet\n${entry('  ')}`],
    ['for nothing', 'versions:', `versions:\n${entry('  ')}`],
    [
      'for nothing, with a comment',
      'versions: # none\nenable: true',
      `versions: # none\n${entry('  ')}\nenable: true`,
    ],
    ['for null', 'versions: null', `versions:\n${entry('  ')}`],
    ['for [] on the next line', 'versions:\n  []', `versions:\n${entry('  ')}`],
    [
      'where the key is missing',
      'enable: true\ntags: []',
      `enable: true\nversions:\n${entry('  ')}\ntags: []`,
    ],
  ])('%s', (_, before, after) => {
    expect(edit(image(before), some)).toBe(image(after))
  })

  it('as the other images of the file are laid out', () => {
    const other = (versions: string) => `images:
- name: x
  versions:${versions}
- name: y
  versions:
  -   build_date: 2024-01-01
      checksum:\u0020
          sha512:00
      url: http://a
      version: "1"
`
    expect(edit(other(' []'), long)).toBe(
      other(`
  -   build_date: 2026-08-01
      checksum:\u0020
          ${long.checksum}
      url:\u0020
          ${long.url}
      mirror_url: https://mirror.example/i
      version: "20260801"`),
    )
  })

  it('in flow context', () => {
    expect(edit('images: [{name: x, versions: []}]', some)).toBe(
      "images: [{name: x, versions: [{version: '20260801', url: https://new.example/i, build_date: 2026-08-01}]}]",
    )
    expect(edit('{"images":[{"name":"x"}]}', { url: 'http://a' })).toBe(
      '{"images":[{"name":"x", versions: [{url: http://a}]}]}',
    )
  })
})

describe('editEach keeps the rest of the file', () => {
  const text = `\uFEFF# head\r\n---\r\nm: &m {a: 1}\r\nimages:   # list\r\n\r\n  - name: x\t\r\n    meta: *m\r\n    versions:\r\n      - version: '1'  # keep\r\n        url: \r\n          http://a\r\n\r\n# tail\r\n...\r\n`

  it('with a byte order mark, CRLF, comments, aliases elsewhere and a document end', () => {
    expect(edit(text, { version: '2', url: 'http://b' })).toBe(
      text.replace("'1'", "'2'").replace('http://a', 'http://b'),
    )
  })

  it('and inserts with its line endings', () => {
    expect(edit(text, { checksum: 'sha256:b' })).toBe(
      text.replace('http://a\r\n', 'http://a\r\n        checksum: sha256:b\r\n'),
    )
    const empty = text.replace(/versions:[\s\S]*?\r\n\r\n/, 'versions: []\r\n\r\n')
    expect(edit(empty, { url: 'http://b' })).toBe(
      empty.replace('versions: []', 'versions:\r\n      - url: http://b'),
    )
  })

  it('without a final line break', () => {
    const cut = 'images:\n- name: x\n  versions:\n  - url: a'
    expect(edit(cut, { url: 'b', checksum: 'sha256:c' })).toBe(
      'images:\n- name: x\n  versions:\n  - url: b\n    checksum: sha256:c',
    )
  })
})

describe('editEach refuses', () => {
  it.each([
    ['an anchor on versions', 'versions: &v\n- url: a', '3:5'],
    ['an anchor on the version', 'versions:\n- &v\n  url: a', '5:7'],
    ['an anchor on a value', 'versions:\n- url: &v a', '4:15'],
    ['an anchor on a key', 'versions:\n- &v url: a', '4:10'],
    ['an alias as a value', 'login: &v a\nversions:\n- url: *v', '5:12'],
    ['an alias as the version', 'old: &v {url: a}\nversions: [*v]', '4:15'],
    ['an alias as versions', 'old: &v [{url: a}]\nversions: *v', '4:5'],
    ['a merge key', 'versions:\n- <<: {url: a}\n  checksum: b', '4:7'],
    ['versions from a merge key', '<<: {versions: [{url: a}]}', '2:5'],
    ['a tag on the version', 'versions:\n- !v\n  url: a', '5:7'],
    ['a tag on a value', 'versions:\n- url: !!str a', '4:18'],
    ['an explicit key', 'versions:\n- ? url\n  : a', '4:9'],
    ['a comment that would go', 'versions:\n- {url: a, # c\n   mirror_url: m}', '5:8'],
    ['a comment within []', 'versions: [ # none\n  ]', '3:5'],
    ['a version of nothing else', 'versions:\n- mirror_url: m', '4:7'],
  ])('%s', (_, lines, place) => {
    const text = image(lines)
    const after = /mirror_url/.test(lines) ? { mirrorUrl: null } : { url: 'b' }
    expect(() => edit(text, after)).toThrow(
      expect.objectContaining({
        code: 'CATALOG_UNEDITABLE',
        place: expect.objectContaining({ file: 'f.yml' }),
      }),
    )
    try {
      edit(text, after)
    } catch (error) {
      const { line, column } = (error as { place: { line: number; column: number } }).place
      expect(`${line}:${column}`).toBe(place)
    }
  })

  it('an image that an alias stands for', () => {
    const text = 'images:\n- &a {name: x, versions: [{url: a}]}\n- {<<: *a, name: y}\n'
    expect(() => edit(text, { url: 'b' })).toThrow(expect.objectContaining({ code: 'CATALOG_UNEDITABLE' }))
  })

  it('what would become something else than planned', () => {
    const text = 'images: [{name: x, versions: [url: a]}]'
    expect(() => edit(text, { checksum: 'c' })).toThrow(
      expect.objectContaining({ code: 'CATALOG_UNEDITABLE' }),
    )
  })

  it.each(['2026-02-30', '20260801', '2026-8-1', ''])('the build date %j', (buildDate) => {
    expect(() => edit(image('versions:\n- url: a'), { buildDate })).toThrow(
      expect.objectContaining({ code: 'CATALOG_UNEDITABLE' }),
    )
  })
})

describe('editEach notices what others have changed', () => {
  const text = image('versions:\n- url: a')
  const [first] = [planned(text, { url: 'b' })]
  const changed = expect.objectContaining({ code: 'CATALOG_CHANGED' })

  it('finds an image that has moved', () => {
    const moved = text.replace('images:\n', 'images:\n  - name: new\n')
    expect(editCatalog('f.yml', moved, [first])).toBe(moved.replace('url: a', 'url: b'))
  })

  it.each([
    ['another version', text.replace('url: a', 'url: c')],
    ['a new version', text.replace('- url: a', "- version: '3'\n    - url: a")],
    ['no version', text.replace('\n    - url: a', ' []')],
    ['no such image', text.replace('name: x', 'name: z')],
    ['two of them, elsewhere', text.replace('images:\n', 'images:\n  - name: new\n').replace('other', 'x')],
    ['no images', 'images: []'],
    ['nothing', ''],
  ])('%s', (_, other) => {
    expect(() => editCatalog('f.yml', other, [first])).toThrow(changed)
  })

  it('an edit of an image that was edited before', () => {
    expect(() => editCatalog('f.yml', text, [first, first])).toThrow(changed)
  })
})

describe('editEach', () => {
  it('edits an image beside one that somebody has broken meanwhile', () => {
    const text = 'images:\n- {name: a, versions: [{url: a}]}\n- {name: b, min_disk: 1}\n'
    const broken = text.replace('min_disk: 1', 'min_disk: much, <<: x')
    const { text: after } = editEach('f.yml', broken, [planned(text, { url: 'new' })])
    expect(after).toBe(broken.replace('url: a', 'url: new'))
  })

  it('makes the edits that can be made', () => {
    const text = `images:
- {name: a, versions: [{url: a}]}
- {name: b, versions: [{url: &b b}]}
- {name: c, versions: [url: c]}
- {name: d, versions: [{url: d}]}
- {name: e, versions: [{url: e}]}
`
    const edits = [0, 1, 2, 3, 4].map((index) => planned(text, { url: 'new', checksum: 'sum' }, index))
    const stale = { ...planned(text, { url: 'x' }, 4), before: { url: 'old' } }
    const result = editEach('f.yml', text, [...edits.slice(0, 4), stale])
    expect(result.text).toBe(
      text.replace('url: a', 'url: new, checksum: sum').replace('url: d', 'url: new, checksum: sum'),
    )
    expect(result.failed.map(({ edit: { name }, error: { code } }) => `${name} ${code}`).sort()).toEqual([
      'b CATALOG_UNEDITABLE',
      'c CATALOG_UNEDITABLE',
      'e CATALOG_CHANGED',
    ])
  })
})
