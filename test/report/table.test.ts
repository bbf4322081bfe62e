import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeSpan, escapeMarkdown } from '../../src/report/markdown.ts'
import {
  formatCsv,
  formatMarkdownTable,
  formatRstTable,
  formatTextTable,
  type Table,
} from '../../src/report/table.ts'
import { createPaint, displayWidth } from '../../src/report/terminal.ts'

const table: Table = {
  head: ['Name', 'GiB'],
  rows: [
    ['Alpha', '8'],
    ['日本', '10'],
    ['', ''],
  ],
  right: [1],
}

const plain = { paint: createPaint(false) }

describe('a table', () => {
  it('in text', () => {
    expect(formatTextTable(table, plain)).toBe('Name   GiB\nAlpha    8\n日本    10\n\n')
  })

  it('in text, no wider than the terminal: the first column is cut', () => {
    const long = { head: ['Name', 'GiB'], rows: [['A long name of an image', '8']] }
    expect(formatTextTable(long, { ...plain, columns: 20 })).toBe(
      'Name             GiB\nA long name of~  8\n',
    )
    expect(formatTextTable(long, { ...plain, columns: 4 })).toBe('Name          GiB\nA long name~  8\n')
    const whole = { ...long, narrowest: Number.POSITIVE_INFINITY }
    expect(formatTextTable(whole, { ...plain, columns: 4 })).toContain('A long name of an image  8\n')
  })

  it('in text, with notes below its rows and colours that take no room', () => {
    const painted = {
      head: ['Name', 'State', 'GiB'],
      rows: [
        ['Alpha', { text: 'ok', style: 'green' as const }, '8'],
        ['\u001b[2J', { text: 'failed', style: 'red' as const }, ''],
      ],
      notes: [[], [{ text: 'two\u0000 words', style: 'red' as const }]],
    }
    expect(formatTextTable(painted, { paint: createPaint(true), columns: 10 })).toBe(
      [
        '\u001b[1mName       State   GiB\u001b[0m',
        'Alpha      \u001b[32mok    \u001b[0m  8',
        '\\u{1b}[2J  \u001b[31mfailed\u001b[0m',
        '  \u001b[31mtwo\\u{0}\u001b[0m',
        '  \u001b[31mwords\u001b[0m',
        '',
      ].join('\n'),
    )
    expect(formatTextTable({ ...painted, rows: [] }, plain)).toBe('')
  })

  it('in Markdown', () => {
    expect(formatMarkdownTable(table)).toBe(
      [
        '| Name  | GiB |',
        '| ----- | --: |',
        '| Alpha |   8 |',
        '| 日本  |  10 |',
        '|       |     |',
        '',
      ].join('\n'),
    )
  })

  it('in reStructuredText', () => {
    expect(formatRstTable(table)).toBe(
      [
        '+-------+-----+',
        '| Name  | GiB |',
        '+=======+=====+',
        '| Alpha |   8 |',
        '+-------+-----+',
        '| 日本  |  10 |',
        '+-------+-----+',
        '|       |     |',
        '+-------+-----+',
        '',
      ].join('\n'),
    )
  })

  it('in CSV', () => {
    expect(
      formatCsv({
        head: ['a', 'b'],
        rows: [
          ['x,y', 'say "hi"'],
          ['line\nbreak\u001b[2J\u202e', ''],
        ],
      }),
    ).toBe('a,b\r\n"x,y","say ""hi"""\r\nline\\u{a}break\\u{1b}[2J\\u{202e},\r\n')
  })

  it.each([
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=x', "'\\u{9}=x"],
    [' =x', "' =x"],
    ['＝x', "'＝x"],
    ['-5', '-5'],
    ['1.5', '1.5'],
    ['a=b', 'a=b'],
  ])('in CSV is no formula: %j', (text, cell) => {
    expect(formatCsv({ head: [text], rows: [] })).toBe(`${cell}\r\n`)
  })

  it('keeps its columns, whatever the cells', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 12 })
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 })
    fc.assert(
      fc.property(rows, (cells) => {
        const whole = { head: ['a', 'b', 'c'], rows: cells, right: [2] }
        const escaped = { ...whole, rows: cells.map((row) => row.map(escapeMarkdown)) }
        for (const text of [formatRstTable(whole), formatMarkdownTable(escaped)]) {
          const lines = text.trimEnd().split('\n')
          expect(new Set(lines.map(displayWidth)).size).toBe(1)
        }
        expect(formatTextTable(whole, plain).split('\n')).toHaveLength(
          cells.length === 0 ? 1 : cells.length + 2,
        )
      }),
    )
  })
})

describe('in Markdown', () => {
  it.each([
    ['a|b', 'a\\|b'],
    ['*x* _y_ `z`', '\\*x\\* \\_y\\_ \\`z\\`'],
    ['<img src=x>', '\\<img src=x\\>'],
    ['[a](b)', '\\[a\\](b)'],
    ['# title', '\\# title'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['@team', '&#64;team'],
    ['me@host', 'me@host'],
    ['&amp;', '\\&amp;'],
    ['two\nlines', 'two\\\\u{a}lines'],
    ['plain text 1.2', 'plain text 1.2'],
    ['1.2 of x86_64 & more', '1.2 of x86_64 & more'],
    ['__init__', '\\_\\_init\\_\\_'],
  ])('%j is shown as it is', (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected)
  })

  it.each([
    ['a', '`a`'],
    ['a`b', '``a`b``'],
    ['`a``', '``` `a`` ```'],
    ['a|b', '`a\\|b`'],
    ['', '`  `'],
  ])('%j as a code span', (text, expected) => {
    expect(codeSpan(text)).toBe(expected)
  })
})

describe('in reStructuredText', () => {
  it.each([
    ['a*b*', 'a\\*b\\*'],
    ['name_', 'name\\_'],
    ['a_b', 'a_b'],
    ['|x|', '\\|x\\|'],
    ['`x`_', '\\`x\\`\\_'],
    ['- x', '\\- x'],
    ['--', '\\--'],
    ['1. x', '1\\. x'],
    ['iv) x', 'iv\\) x'],
    ['x::', 'x:\\:'],
    ['.. note::', '\\.. note:\\:'],
    ['1.2', '1.2'],
  ])('%j is shown as it is', (text, expected) => {
    expect(formatRstTable({ head: [text], rows: [] }).split('\n')[1]).toBe(`| ${expected} |`)
  })
})
