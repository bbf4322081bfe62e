import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VersionEdit } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import type { VersionValues } from '../../src/image.ts'
import { editCatalog } from './support.ts'

const values: VersionValues = {
  version: '3',
  buildDate: '2026-08-01',
  checksum: 'sha256:c',
  url: 'https://new.example/i',
  mirrorUrl: null,
}

function planned(text: string, keep: number | undefined, after: Partial<VersionValues>): VersionEdit {
  const [image] = parseCatalog('f.yml', text).images
  return { index: 0, name: image?.name ?? '', before: image?.versions[0], after, keep }
}

function edit(text: string, keep?: number, after: Partial<VersionValues> = { version: '3' }): string {
  return editCatalog('f.yml', text, [planned(text, keep, after)])
}

/** The lines of one image, four columns in, in a file with another image after it. */
const image = (lines: string) =>
  `images:\n  - name: x\n${lines.replace(/^(?=.)/gm, '    ')}\n  - name: other # stays\n`

const changes = (text: string, keep: number | undefined, after: Partial<VersionValues> = values) =>
  parseCatalog('f.yml', edit(text, keep, after)).images[0]?.versions.map(({ version }) => version)

describe('editEach keeps a history', () => {
  const list = image(
    "versions:\n- version: '2'\n  url: b\n- version: '1'\n  url: a\n- version: '0'\n  url: z",
  )
  it.each<[number | undefined, string, string[]]>([
    [undefined, '3', ['3', '2', '1']],
    [undefined, '2', ['2', '1', '0']],
    [1, '3', ['3']],
    [2, '3', ['3', '2']],
    [3, '3', ['3', '2', '1']],
    [4, '3', ['3', '2', '1', '0']],
    [9, '3', ['3', '2', '1', '0']],
    // The same day again, and with fewer to keep.
    [9, '2', ['2', '1', '0']],
    [2, '2', ['2', '1']],
    [1, '2', ['2']],
    // An older build comes back: Image Manager would go on with the newer one.
    [9, '1', ['1', '0']],
    [2, '0', ['0']],
    [undefined, '0', ['0']],
    // Image Manager takes a date for newer than any version with dots.
    [9, '0.9', ['0.9', '0']],
  ])('of at most %s entries when %s comes', (keep, version, expected) => {
    expect(changes(list, keep, { ...values, version })).toEqual(expected)
  })

  it('correcting an older entry in its place', () => {
    const before = { version: '1', url: 'a' }
    const correct = (position: number, entry = before) =>
      editCatalog('f.yml', list, [{ index: 0, name: 'x', before: entry, after: { url: 'c' }, position }])
    expect(correct(1)).toBe(list.replace('url: a', 'url: c'))
    expect(() => correct(2)).toThrow('another version')
    expect(() => correct(9)).toThrow('another version')
  })

  it('in place of an entry whose object is replaced', () => {
    const mirrorUrl = 'https://mirror.example/20260801-x.qcow2'
    const text = image(
      `versions:\n- version: '2'\n  mirror_url: ${mirrorUrl}\n- version: '1'\n  mirror_url: m`,
    )
    expect(changes(text, undefined, { ...values, mirrorUrl })).toEqual(['3', '1'])
    expect(changes(text, undefined, { ...values, mirrorUrl: 'm' })).toEqual(['3', '2'])
    expect(changes(text, undefined, { mirrorUrl })).toEqual(['2', '1'])
  })

  it('of the newest, wherever they stand', () => {
    const text = image("versions:\n- version: '1.9'\n- version: '1.10'\n- version: '1.8'")
    expect(changes(text, undefined)).toEqual(['3', '1.9', '1.10'])
    expect(changes(text, 2)).toEqual(['3', '1.10'])
  })

  it.each([
    ['for []', 'versions: []'],
    ['for nothing', 'enable: true'],
  ])('begins one %s', (_, lines) => {
    expect(changes(image(lines), 3)).toEqual(['3'])
  })

  it('leaves what a rebuild of the same version does not name', () => {
    const text = image("versions:\n- version: '3' # why\n  id: 7\n  url: a")
    expect(edit(text, 5, { version: '3', url: 'b' })).toBe(text.replace('url: a', 'url: b'))
  })
})

describe('editEach puts a version in front', () => {
  const all = { ...values, mirrorUrl: 'https://mirror.example/i' }
  it.each<[string, string, string, Partial<VersionValues>?]>([
    [
      'in the order and with the quotes of the first',
      'versions:\n- checksum: a\n  version: "2"\n  url: \'b\'',
      'versions:\n- checksum: sha256:c\n  build_date: 2026-08-01\n  version: "3"\n  url: \'https://new.example/i\'\n  mirror_url: https://mirror.example/i\n- checksum: a\n  version: "2"\n  url: \'b\'',
      all,
    ],
    [
      'in quotes where the first has none',
      'versions:\n- version: 2',
      "versions:\n- version: '3'\n- version: 2",
    ],
    ['deeper in', 'versions:\n   -   version: 2', "versions:\n   -   version: '3'\n   -   version: 2"],
    [
      'without what the first has besides',
      'versions:\n- version: 2 # old\n  id: 7\n  meta: {a: b}',
      "versions:\n- version: '3'\n- version: 2 # old\n  id: 7\n  meta: {a: b}",
    ],
    [
      'after a comment on the key',
      'versions: # newest first\n- version: 2',
      "versions: # newest first\n- version: '3'\n- version: 2",
    ],
    [
      'before the comment of the first',
      'versions:\n# with the old kernel\n- version: 2',
      "versions:\n- version: '3'\n# with the old kernel\n- version: 2",
    ],
    [
      'with an empty line where the others have one',
      'versions:\n- version: 2\n  # c\n\n- version: 1',
      "versions:\n- version: '3'\n\n- version: 2\n  # c\n\n- version: 1",
    ],
    [
      'before one that stands below its dash',
      'versions:\n-\n  version: 2\n-\n  version: 1',
      "versions:\n- version: '3'\n-\n  version: 2\n-\n  version: 1",
    ],
    ['before one in braces', 'versions:\n- {version: 2}', "versions:\n- {version: '3'}\n- {version: 2}"],
    ['in brackets', 'versions: [{version: 2}]', "versions: [{version: '3'}, {version: 2}]"],
    [
      'in brackets over several lines',
      'versions: [\n  {version: "2"},\n  {version: "1"}\n]',
      'versions: [\n  {version: "3"},\n  {version: "2"},\n  {version: "1"}\n]',
    ],
  ])('%s', (_, before, after, some) => {
    expect(edit(image(before), 9, some)).toBe(image(after))
  })

  it('folds as the first does, with the trailing space', () => {
    const url = `https://new.example/${'long/'.repeat(16)}i`
    const before = "versions:\n- version: '2'\n  url: \n    http://a\n  checksum: sha256:b"
    expect(edit(image(before), 2, { version: '3', url, checksum: 'sha256:c' })).toBe(
      image(
        before.replace('- version', `- version: '3'\n  url: \n    ${url}\n  checksum: sha256:c\n- version`),
      ),
    )
  })

  it('with the line endings of the file, and at its end', () => {
    const text = 'images:\r\n- name: x\r\n  versions:\r\n  - version: 2\r\n    url: a'
    expect(edit(text, 2)).toBe(text.replace('  - version: 2', "  - version: '3'\r\n  - version: 2"))
  })
})

describe('editEach takes old versions out', () => {
  const first = "- version: '2'\n  url: b"
  it.each<[string, string, string]>([
    ['with all their lines', '\n- version: 1\n  url: \n    a\n  meta:\n    k: v\ntags: []', '\ntags: []'],
    ['with the comments above them', '\n# the last with Python 2\n\n- version: 1\ntags: []', '\ntags: []'],
    ['with comments as deep as their keys', '\n- version: 1\n\n  # no mirror_url\ntags: []', '\ntags: []'],
    ['but not the comments below them', '\n- version: 1\n# next\ntags: []', '\n# next\ntags: []'],
    [
      'but not the comments of the one before',
      '\n  # no mirror_url\n- version: 1\ntags: []',
      '\n  # no mirror_url\ntags: []',
    ],
    ['but not the empty line below them', '\n\n- version: 1\n\ntags: []', '\n\ntags: []'],
    ['below their dash, too', '\n-\n  version: 1\n-\n  version: 0\ntags: []', '\ntags: []'],
    ['several at once', '\n- version: 1\n# c\n- {version: 0}', ''],
    ['with a block as their last value', '\n- version: 1\n  url: |+\n    a\n\n\ntags: []', '\ntags: []'],
  ])('%s', (_, rest, left) => {
    expect(edit(image(`versions:\n${first}${rest}`), 1)).toBe(
      image(`versions:\n${first.replace("'2'", "'3'")}${left}`),
    )
  })

  it.each(['', '\n', '\n# end\n'])('at the end of a file that ends with %j', (end) => {
    for (const eol of ['\n', '\r\n']) {
      const text = (rest: string, version: string) =>
        `images:\n- name: x\n  versions:\n  - version: '${version}'${rest}${end}`.replaceAll('\n', eol)
      expect(edit(text('\n  - version: 1\n    url: a', '2'), 1)).toBe(text('', '3'))
    }
  })

  it.each([
    ['[{version: 2}, {version: 1}]', "[{version: '3'}]"],
    ['[{version: 2} , {version: 1}, {version: 0},]', "[{version: '3'},]"],
    ['[\n  {version: 2},\n  {version: 1}\n]', "[\n  {version: '3'}\n]"],
  ])('from %s', (before, after) => {
    expect(edit(image(`versions: ${before}`), 1)).toBe(image(`versions: ${after}`))
  })

  it.each([
    ['that an alias stands for', 'versions:\n- url: a\n- &v {url: b}\nother: *v'],
    [
      'that an alias stands for, with an older anchor',
      'v: &v a\nversions:\n- url: a\n- &v {url: b}\nother: *v',
    ],
    ['of which an alias needs a part', 'versions:\n- url: a\n- url: &v b\nother: *v'],
    ['behind an alias', 'old: &v {url: b}\nversions:\n- url: a\n- *v'],
    ['beside a comment in brackets', 'versions: [{url: a}, # c\n {url: b}]'],
  ])('but none %s', (_, lines) => {
    expect(() => edit(image(lines), 1)).toThrow(expect.objectContaining({ code: 'CATALOG_UNEDITABLE' }))
  })
})

describe('editEach and those who edit by hand', () => {
  const text = image("versions:\n- version: '2'\n- version: '1'")
  const change = planned(text, 2, { version: '3' })

  it('does not put a version in front of one that was not there', () => {
    const other = text.replace('- version', "- version: '2.1'\n    - version")
    expect(() => editCatalog('f.yml', other, [change])).toThrow(
      expect.objectContaining({ code: 'CATALOG_CHANGED' }),
    )
  })

  it('counts older versions as they stand when it edits', () => {
    const other = text.replace("'1'", "'1' # still needed\n    - version: '0'")
    expect(editCatalog('f.yml', other, [{ ...change, keep: 3 }])).toBe(
      other
        .replace("- version: '2'", "- version: '3'\n    - version: '2'")
        .replace("\n    - version: '0'", ''),
    )
  })
})

describe('in any layout', () => {
  const entry = fc.record({
    version: fc.integer({ min: 1, max: 6 }).map(String),
    quote: fc.constantFrom("'", '"'),
    url: fc.constantFrom(' http://a', '\n¦  http://a', ' "http://b" # c', ' >-\n¦  http://c'),
    above: fc.constantFrom('', '', '\n', '# above\n', '\n  # above: [\n\n'),
    below: fc.constantFrom('', '', '\n¦# below', '\n\n¦# below'),
    more: fc.constantFrom('', '\n¦id: 7', '\n¦meta: {a: b}', '\n¦meta:\n¦  k: v'),
  })
  const shape = fc.record({
    dash: fc.constantFrom(0, 2, 3),
    after: fc.constantFrom(1, 3),
    eol: fc.constantFrom('\n', '\r\n'),
    end: fc.constantFrom('', '\n', '\n\n    # end\n    tags: []\n', '\n  - name: other\n'),
  })
  type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never
  type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never

  /** One entry from the end of the line before it on. */
  const write = ({ above, version, quote, url, more, below }: Entry, { dash, after, eol }: Shape) => {
    const dashes = ' '.repeat(4 + dash)
    const indent = dashes + ' '.repeat(1 + after)
    const lines = `${above}${dashes}-${' '.repeat(after)}version: ${quote}${version}${quote}\n¦url:${url}${more}${below}`
    return `\n${lines}`.replaceAll('¦', indent).replaceAll('\n', eol)
  }

  it('nothing but whole entries comes and goes', () => {
    const versions = fc.uniqueArray(entry, { minLength: 1, maxLength: 5, selector: ({ version }) => version })
    fc.assert(
      fc.property(versions, shape, fc.integer({ min: 2, max: 6 }), (entries, parts, keep) => {
        const head = `images:\n  - name: x\n    versions: # list`.replaceAll('\n', parts.eol)
        const end = parts.end.replaceAll('\n', parts.eol)
        const text = `${head}${entries.map((one) => write(one, parts)).join('')}${end}`
        const version = '7'
        const edited = edit(text, keep, { ...values, version, url: 'http://new' })
        const [first, ...others] = entries.toSorted((a, b) => Number(b.version) - Number(a.version))
        fc.pre(first === entries[0])
        const newest = new Set([first, ...others].slice(0, keep - 1))
        const kept = entries.filter((one) => newest.has(one))
        const rest = kept.map((one) => write(one, parts)).join('')
        expect(edited.startsWith(head)).toBe(true)
        expect(edited.endsWith(`${rest}${end}`)).toBe(true)
        const added = edited.slice(head.length, edited.length - `${rest}${end}`.length)
        expect(
          added.split(parts.eol).filter((line) => line.includes('-') && /version/.test(line)),
        ).toHaveLength(1)
        expect(added.replaceAll(parts.eol, '')).not.toMatch(/[\r\n#]/)
        const read = parseCatalog('f.yml', edited).images[0]?.versions ?? []
        expect(read[0]).toEqual({
          version,
          url: 'http://new',
          checksum: values.checksum,
          buildDate: values.buildDate,
        })
        expect(read.slice(1).map((one) => one.version)).toEqual(kept.map((one) => one.version))
      }),
      { seed: 7, numRuns: 1000 },
    )
  })
})
