import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listDefects } from '../../src/catalog/defects.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { formatPlace, UpdaterError } from '../../src/errors.ts'
import { anyText } from '../support/any-text.ts'

function defectsOf(text: string): string[] {
  try {
    parseCatalog('f.yml', text)
    return []
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error
    return listDefects(error).map(
      ({ code, place, message }) => `${code} ${formatPlace(place ?? { file: '?' })} ${message}`,
    )
  }
}

const full = `---
images:
  - name: Demo 1
    enable: false
    shortname: demo-1
    format: qcow2
    min_disk: 8
    extra: {any: [thing]}
    meta:
      architecture: x86_64
      os_distro: demo
      os_version: '1'
    latest_checksum_url: https://demo.example/SHA256SUMS
    latest_url:\u0020
      https://demo.example/demo.img
    versions:
      - version: 20260119
        build_date: 2026-01-19
        checksum: "sha256:00"
        url: >-
          https://demo.example/20260119/demo.img
        mirror_url:
`

const fullImage = {
  file: 'f.yml',
  index: 0,
  line: 3,
  column: 5,
  name: 'Demo 1',
  shortname: 'demo-1',
  enable: false,
  format: 'qcow2',
  minDisk: 8,
  latestUrl: 'https://demo.example/demo.img',
  latestChecksumUrl: 'https://demo.example/SHA256SUMS',
  osDistro: 'demo',
  osVersion: '1',
  architecture: 'x86_64',
  versions: [
    {
      version: '20260119',
      buildDate: '2026-01-19',
      checksum: 'sha256:00',
      url: 'https://demo.example/20260119/demo.img',
      mirrorUrl: undefined,
    },
  ],
}

describe('parseCatalog', () => {
  it.each<[string, string, number | undefined]>([
    ['true', 'last-3', 3],
    ['yes', 'last-12', 12],
    ['false', 'last-3', undefined],
    ['true', 'none', undefined],
    ['true', 'last-0', undefined],
    ['true', 'last-3x', undefined],
    ['{}', '[]', undefined],
  ])('reads how many versions are kept of multi: %s and uuid_validity: %s', (multi, validity, expected) => {
    const text = `images: [{name: x, multi: ${multi}, meta: {uuid_validity: ${validity}}}]`
    expect(parseCatalog('f.yml', text).images[0]?.lastVersions).toBe(expected)
  })

  it('reads what the updater needs, and leaves scalars as text', () => {
    expect(parseCatalog('f.yml', full)).toEqual({ path: 'f.yml', text: full, images: [fullImage] })
  })

  it.each([
    ['CRLF', full.replaceAll('\n', '\r\n'), 3],
    ['no final newline', full.trimEnd(), 3],
    ['a byte order mark', `\uFEFF${full}`, 3],
    ['YAML 1.1 directive', `%YAML 1.1\n${full}`, 4],
  ])('tolerates %s', (_, text, line) => {
    expect(parseCatalog('f.yml', text).images).toEqual([{ ...fullImage, line }])
  })

  it('asks for a name only where there is no latest_url', () => {
    const [image] = parseCatalog('f.yml', 'images: [{name: x, shortname: ../x, format: odd}]').images
    expect(image).toMatchObject({ name: 'x', enable: true, latestUrl: undefined, versions: [] })
  })

  it.each([
    ['versions: null', []],
    ['versions: []', []],
    ['versions: ~', []],
    ['enable: yes', []],
  ])('takes %s', (line) => {
    expect(parseCatalog('f.yml', `images:\n- name: x\n  ${line}\n`).images).toMatchObject([
      { enable: true, versions: [] },
    ])
  })

  it('reads values behind aliases and merge keys', () => {
    const text = `
base: &base {format: raw, enable: no, meta: &meta {os_distro: demo}}
list: &list [{version: '1'}]
images:
- {<<: *base, name: a}
- {<<: [{name: hidden}, *base], name: b, enable: true, versions: *list}
- name: c
  meta: *meta
`
    expect(parseCatalog('f.yml', text).images).toMatchObject([
      { name: 'a', enable: false, osDistro: 'demo' },
      { name: 'b', enable: true, osDistro: 'demo', versions: [{ version: '1' }] },
      { name: 'c', enable: true, osDistro: 'demo' },
    ])
  })

  const image = (lines: string) => `images:\n- name: x\n${lines.replace(/^/gm, '  ')}\n`
  const latest = 'latest_url: https://a.example/x\nshortname: x\nformat: raw'
  it.each([
    ['an empty file', '', 'CATALOG_TYPE f.yml:1:1'],
    ['a scalar', 'hello', 'CATALOG_TYPE f.yml:1:1'],
    ['no images', 'image: []', 'CATALOG_TYPE f.yml:1:1'],
    ['images: a mapping', 'images: {a: b}', 'CATALOG_TYPE f.yml:1:9'],
    ['an image that is text', 'images:\n- x\n', 'CATALOG_TYPE f.yml:2:3'],
    ['an image without a name', 'images:\n- enable: true\n', 'CATALOG_TYPE f.yml:2:3'],
    ['a name that is a number', 'images:\n- name: 12\n', 'CATALOG_TYPE f.yml:2:9'],
    ['a name that is a list', 'images:\n- name: [a]\n', 'CATALOG_TYPE f.yml:2:9'],
    ['enable: maybe', image('enable: maybe'), 'CATALOG_TYPE f.yml:3:11'],
    ['enable in quotes', image('enable: "true"'), 'CATALOG_TYPE f.yml:3:11'],
    ['enable: nothing', image('enable:'), 'CATALOG_TYPE f.yml:3:10'],
    ['min_disk: text', image('min_disk: big'), 'CATALOG_TYPE f.yml:3:13'],
    ['versions: a mapping', image('versions: {a: b}'), 'CATALOG_TYPE f.yml:3:13'],
    ['a version that is text', image('versions: [x]'), 'CATALOG_TYPE f.yml:3:14'],
    ['a version with a list for a url', image('versions: [{url: [x]}]'), 'CATALOG_TYPE f.yml:3:20'],
    ['meta: a list', image('meta: []'), 'CATALOG_TYPE f.yml:3:9'],
    ['a URL that is no text', image('latest_url: [x]'), 'CATALOG_TYPE f.yml:3:15'],
    ['a checksum URL that is no text', image('latest_checksum_url: {}'), 'CATALOG_TYPE f.yml:3:24'],
    ['an unknown format', image(latest.replace('raw', 'odd')), 'CATALOG_TYPE f.yml:5:11'],
    ['no format', image(latest.replace(/\nformat.*/, '')), 'CATALOG_TYPE f.yml:2:3'],
    ['no shortname', image('latest_url: https://a.example/x\nformat: raw'), 'CATALOG_TYPE f.yml:2:3'],
    ['shortname ..', image(latest.replace(': x', ': ..')), 'CATALOG_TYPE f.yml:4:14'],
    ['shortname a/b', image(latest.replace(': x', ': a/b')), 'CATALOG_TYPE f.yml:4:14'],
    ['shortname with a line break', image(latest.replace(': x', ': "a\\nb"')), 'CATALOG_TYPE f.yml:4:14'],
    ['a duplicate key', image('enable: true\nenable: true'), 'CATALOG_SYNTAX f.yml:4:3'],
    ['a duplicate key anywhere', 'images: []\nx: [{a: 1, "a": 2}]', 'CATALOG_SYNTAX f.yml:2:12'],
    ['two documents', 'images: []\n---\nimages: []\n', 'CATALOG_SYNTAX f.yml:2:1'],
    ['an alias without an anchor', 'images: *x', 'CATALOG_SYNTAX f.yml:1:9'],
    ['a tab as indentation', 'images:\n\t- name: x', 'CATALOG_SYNTAX f.yml:2:1'],
    ['an unclosed quote', 'images: "', 'CATALOG_SYNTAX f.yml:1:10'],
    ['merge of a scalar', image('<<: x'), 'CATALOG_TYPE f.yml:3:7'],
    ['a mapping merged into itself', 'images:\n- &a\n  <<: *a\n  name: x', 'CATALOG_TYPE f.yml:3:3'],
    ['a list within itself', 'images: &a [*a]', 'CATALOG_TYPE f.yml:1:13'],
    ['a line without end', `images:\n- ${'{"a": 1},'.repeat(10_000)}`, 'CATALOG_SYNTAX f.yml:2:1'],
    ['deep flow nesting', `images: ${'['.repeat(10_000)}`, 'CATALOG_SYNTAX f.yml:1:'],
    ['deep block nesting', '- '.repeat(10_000), 'CATALOG_SYNTAX f.yml:1:'],
    ['deep mappings', '? '.repeat(10_000), 'CATALOG_SYNTAX f.yml:1:'],
  ])('refuses %s, with its place', (_, text, start) => {
    expect(defectsOf(text)[0]).toMatch(new RegExp(`^${start.replaceAll('.', '\\.')}`))
  })

  it('names every defect of a file', () => {
    const text = 'images:\n- name: 5\n  enable: maybe\n- x\n- name: y\n  min_disk: z\n'
    expect(defectsOf(text).map((defect) => defect.split(' ')[1])).toEqual([
      'f.yml:2:9',
      'f.yml:3:11',
      'f.yml:4:3',
      'f.yml:6:13',
    ])
  })

  it('does not expand a bomb of aliases or of merge keys', () => {
    const levels = Array.from({ length: 26 }, (_, level) => level)
    const aliases = levels.map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(9)}]`.replaceAll('*a-1', '0'))
    const merges = levels.map((n) =>
      `m${n}: &m${n} {<<: [${`*m${n - 1},`.repeat(9)}]}`.replaceAll('*m-1', '{name: x}'),
    )
    const text = [...aliases, ...merges, 'images: [*m25]'].join('\n')
    expect(parseCatalog('f.yml', text).images).toMatchObject([{ name: 'x' }])
  })

  it('reads 5,000 images that share one anchor', () => {
    const images = Array.from({ length: 5000 }, (_, n) => `- {name: "${n}", <<: *base, meta: *meta}`)
    const text = `meta: &meta {os_distro: d}\nbase: &base {enable: false}\nimages:\n${images.join('\n')}`
    expect(parseCatalog('f.yml', text).images.at(-1)).toMatchObject({
      name: '4999',
      enable: false,
      osDistro: 'd',
    })
  })

  it('throws nothing but its own errors, whatever the text', () => {
    const fragment = fc.constantFrom(
      ...[
        'images:',
        '\n',
        '- ',
        '  ',
        'name: x',
        'versions:',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '<<: ',
        '|',
        '>-',
        '"',
      ],
      ...[
        "'",
        '#',
        ': ',
        '? ',
        '\t',
        '\r\n',
        '---\n',
        '...\n',
        '!!int ',
        '!x ',
        '%YAML 1.1\n',
        '\uFEFF',
        '\0',
        ',',
        '1',
      ],
    )
    const text = fc.oneof(
      anyText(),
      fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (input) => {
        for (const defect of defectsOf(input))
          expect(defect).toMatch(/^CATALOG_(SYNTAX|TYPE) f\.yml:\d+:\d+ /)
      }),
      { seed: 1, numRuns: 2000 },
    )
  })
})
