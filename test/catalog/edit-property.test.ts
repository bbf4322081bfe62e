import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VersionEdit } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { UpdaterError } from '../../src/errors.ts'
import type { ImageVersion, VersionValues } from '../../src/image.ts'
import { editCatalog } from './support.ts'

const keys = ['version', 'url', 'mirror_url', 'checksum', 'build_date'] as const
type Key = (typeof keys)[number]
const fieldOf = {
  version: 'version',
  url: 'url',
  mirror_url: 'mirrorUrl',
  checksum: 'checksum',
  build_date: 'buildDate',
} as const

/** How one value is written, as a function of the value: its style, and what stands around it. */
const writer = (key: Key) =>
  fc.record({
    quote:
      key === 'build_date'
        ? fc.constant('')
        : key === 'version'
          ? fc.constantFrom("'", '"')
          : fc.constantFrom('', '', "'", '"', '>-'),
    gap: fc.constantFrom(' ', '  ', ' \n', '\n', ' # why\n'),
    tail: fc.constantFrom('', '', '  ', ' # tail: {"', '\n', '\n\n# 漢字 😀\n'),
  })

const date = fc
  .integer({ min: 0, max: 20_000 })
  .map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10))
const path = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~%/+=&?#:;@,'), minLength: 1, maxLength: 100 })
const values = fc.record({
  version: fc.oneof(
    date.map((day) => day.replaceAll('-', '')),
    fc.constantFrom('1.5', '007', '1_0', '12:30', 'latest'),
  ),
  buildDate: date,
  checksum: fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 8, maxLength: 128 })
    .map((hex) => `sha256:${hex}`),
  url: path.map((rest) => `https://a.example/${rest}`),
  mirrorUrl: path.map((rest) => `https://m.example/${rest}`),
})

const entry = fc.record({
  values,
  order: fc.shuffledSubarray([...keys], { minLength: 5 }),
  present: fc.subarray([...keys], { minLength: 1 }),
  writers: fc.record({
    version: writer('version'),
    url: writer('url'),
    mirror_url: writer('mirror_url'),
    checksum: writer('checksum'),
    build_date: writer('build_date'),
  }),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

const layout = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.constantFrom('', '\uFEFF'),
  head: fc.constantFrom('', '---\n', '# head\n\n---\n', 'shared: &m {a: 1}\n'),
  list: fc.constantFrom(0, 2, 4),
  dash: fc.constantFrom(0, 2, 3),
  afterDash: fc.constantFrom(1, 3),
  end: fc.constantFrom('', '\n', '\n\n# end\n', '\n...\n'),
})
type LayoutParts = typeof layout extends fc.Arbitrary<infer T> ? T : never

function writeValue(
  key: Key,
  value: string,
  { quote, gap, tail }: Entry['writers'][Key],
  indent: number,
): string {
  const inner = ' '.repeat(indent + 2)
  if (quote === '>-') return `${key}: >-\n${inner}${value}`
  const between = gap.endsWith('\n') ? gap + inner : gap
  const quotes = quote === '' && !isSafe(value) ? "'" : quote
  return `${key}:${between}${quotes}${value}${quotes}${tail}`
}

function writeEntry(
  { values: all, order, present, writers }: Entry,
  only: readonly Key[],
  { list, dash, afterDash }: LayoutParts,
): string {
  const dashes = ' '.repeat(list + 2 + dash)
  const indent = dashes.length + 1 + afterDash
  const lines = order
    .filter((key) => only.includes(key) && present.includes(key))
    .map((key) => writeValue(key, all[fieldOf[key]], writers[key], indent))
  return `${dashes}-${' '.repeat(afterDash)}${lines.join(`\n${' '.repeat(indent)}`)}`
}

function writeCatalogue(parts: LayoutParts, entries: readonly Entry[]): string {
  const images = entries.map((each, index) => {
    const start = ' '.repeat(parts.list)
    return `${start}- name: image ${index} # 😀\n${start}  tags: []\n${start}  versions:\n${writeEntry(each, keys, parts)}`
  })
  const text = `${parts.head}images:\n${images.join('\n')}${parts.end}`
  return parts.bom + text.replaceAll('\n', parts.eol)
}

const versionOf = (text: string, index: number): ImageVersion | undefined =>
  parseCatalog('f.yml', text).images[index]?.versions[0]

describe('editEach', () => {
  it('replaces values and nothing else, in any layout', () => {
    fc.assert(
      fc.property(
        layout,
        fc.array(fc.tuple(entry, values, fc.boolean()), { minLength: 1, maxLength: 4 }),
        (parts, all) => {
          const before = writeCatalogue(
            parts,
            all.map(([old]) => old),
          )
          const after = writeCatalogue(
            parts,
            all.map(([old, now, isEdited]) => (isEdited ? { ...old, values: now } : old)),
          )
          const edits = all.flatMap(([old, now, isEdited], index): VersionEdit[] => {
            const some = old.present.map((key) => [fieldOf[key], now[fieldOf[key]]])
            return isEdited
              ? [
                  {
                    index,
                    name: `image ${index}`,
                    before: versionOf(before, index),
                    after: Object.fromEntries(some),
                  },
                ]
              : []
          })
          fc.pre(all.every(([old, now]) => sameQuotes(old, now)))
          expect(editCatalog('f.yml', before, edits)).toBe(after)
        },
      ),
      { seed: 3, numRuns: 600 },
    )
  })

  it('gives the plan when read again, and keeps the lines of all that is not planned', () => {
    const wanted = fc.record({
      all: values,
      keys: fc.subarray([...keys], { minLength: 1 }),
      isRemoved: fc.boolean(),
    })
    fc.assert(
      fc.property(layout, entry, entry, wanted, (parts, first, second, { all, keys: chosen, isRemoved }) => {
        const text = writeCatalogue(parts, [first, second])
        const pairs = chosen.map((key) => [
          fieldOf[key],
          key === 'mirror_url' && isRemoved ? null : all[fieldOf[key]],
        ])
        const after: Partial<VersionValues> = Object.fromEntries(pairs)
        const edit = { index: 0, name: 'image 0', before: versionOf(text, 0), after }
        fc.pre(!(isRemoved && first.present.join() === 'mirror_url'))
        const edited = editCatalog('f.yml', text, [edit])
        const { mirrorUrl = edit.before?.mirrorUrl, ...others } = after
        expect(versionOf(edited, 0)).toEqual({ ...edit.before, ...others, mirrorUrl: mirrorUrl ?? undefined })
        expect(versionOf(edited, 1)).toEqual(versionOf(text, 1))
        const split = (whole: string) => whole.split(/(?=image 1 )/)
        expect(split(edited)[1]).toBe(split(text)[1])
        const head = (whole: string) => whole.slice(0, whole.indexOf('versions:'))
        expect(head(edited)).toBe(head(text))
      }),
      { seed: 4, numRuns: 1000 },
    )
  })

  it('throws nothing but its own errors, and what it returns says what was planned', () => {
    const piece = fc.constantFrom(
      ...[
        'version: 1',
        'url: a',
        'mirror_url: m',
        'build_date: 2024-01-01',
        'checksum:',
        'url: >\n',
        'url: |+\n',
        '? url',
        ': b',
      ],
      ...[
        '\n',
        '\n      ',
        '\n        ',
        '\n    ',
        '- ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        ',',
        ' # c',
        '\t',
        '\r\n',
        '&a ',
        '*a',
        '!t ',
        '<<: *a',
        '"',
        "'",
        '~',
        ' ',
      ],
    )
    const body = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''))
    const after: Partial<VersionValues> = {
      version: '2',
      url: 'http://b',
      mirrorUrl: null,
      buildDate: '2026-08-01',
    }
    let edited = 0
    fc.assert(
      fc.property(
        fc.constantFrom(' ', '\n      - '),
        body,
        fc.constantFrom('', '\n', '\n  - name: y\n'),
        fc.constantFrom(undefined, 1, 2, 3),
        (gap, lines, end, keep) => {
          const text = `images:\n  - name: x\n    versions:${gap}${lines}${end}`
          try {
            const out = editCatalog('f.yml', text, [
              { index: 0, name: 'x', before: versionOf(text, 0), after, keep },
            ])
            edited += 1
            const { length } = parseCatalog('f.yml', out).images[0]?.versions ?? []
            expect(length).toBeLessThanOrEqual(keep ?? length)
            expect(versionOf(out, 0)).toMatchObject({
              version: '2',
              url: 'http://b',
              mirrorUrl: undefined,
              buildDate: '2026-08-01',
            })
          } catch (error) {
            if (!(error instanceof UpdaterError)) throw error
            expect(error.code).toMatch(/^CATALOG_(SYNTAX|TYPE|UNEDITABLE)$/)
          }
        },
      ),
      { seed: 5, numRuns: 3000 },
    )
    expect(edited).toBeGreaterThan(100)
  })
})

/** Is it text for certain when it stands without quotes? */
function isSafe(value: string): boolean {
  return /^https?:\/\/[^\s#]*[^\s:#]$|^sha256:\w+$|^\d{4}-\d\d-\d\d$/.test(value)
}

/** The oracle writes both texts with the same quotes: only where no value asks for others. */
function sameQuotes(old: Entry, now: Entry['values']): boolean {
  const plain = old.present.filter((key) => old.writers[key].quote === '')
  return plain.every((key) => isSafe(old.values[fieldOf[key]]) && isSafe(now[fieldOf[key]]))
}
