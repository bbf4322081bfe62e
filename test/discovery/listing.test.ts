import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseListing } from '../../src/discovery/listing-formats.ts'
import { isSafeFileName } from '../../src/discovery/names.ts'
import { anyText } from '../support/any-text.ts'
import { codeOf } from './fake-http.ts'

const base = 'https://h.example/cloud/noble/'
const link = (href: string) => `<a href="${href}">x</a>`

describe('reading a listing', () => {
  it.each([
    ['with a slash', base],
    ['without', base.slice(0, -1)],
    ['with a query', `${base}?C=M`],
  ])('Apache, base %s', (_, url) => {
    const html = `<html><head><title>Index of /cloud/noble</title></head><body><pre><a href="?C=N;O=D">Name</a>
      <img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/cloud/">Parent Directory</a>
      <img src="/icons/folder.gif" alt="[DIR]"> <a href="20260307/">20260307/</a>  2026-03-11 02:26    -
      <a href="SHA256SUMS">SHA256SUMS</a></pre></body></html>`
    expect(parseListing(html, url)).toEqual([
      { name: '20260307', isFolder: true },
      { name: 'SHA256SUMS', isFolder: false },
    ])
  })

  it('nginx', () => {
    const html =
      '<h1>Index of /</h1><hr><pre><a href="../">../</a>\n<a href="20260105-2350/">20260105-2350/</a></pre>'
    expect(parseListing(html, base)).toEqual([{ name: '20260105-2350', isFolder: true }])
  })

  it.each([
    ['./20260101/', '20260101'],
    ['/cloud/noble/20260101/', '20260101'],
    ['https://h.example/cloud/noble/20260101/', '20260101'],
    ['//h.example/cloud/noble/20260101/', '20260101'],
    ['20260101%2e1/', '20260101.1'],
    ['a%20b/', 'a b'],
    ['a&amp;b/', 'a&b'],
  ])('takes %s', (href, name) => {
    expect(parseListing(link(href), base)).toEqual([{ name, isFolder: true }])
  })

  it.each([
    '',
    '.',
    './',
    '..',
    '../',
    '../noble/20260101/',
    '20260101/../',
    '20260101/x',
    '%2e%2e/',
    '%2E./20260101/',
    '/',
    '/20260101/',
    '/cloud/',
    '/cloud/noble/',
    '/cloud/noble',
    '/cloud/noble2/20260101/',
    '//evil.example/cloud/noble/20260101/',
    'https://evil.example/cloud/noble/20260101/',
    'https://h.example:444/cloud/noble/20260101/',
    'http://h.example/cloud/noble/20260101/',
    'https://[/',
    '20260101%2f',
    '20260101%2F..%2f',
    '20260101%5c',
    '%252e%252e/',
    'x%00/',
    'x%0a/',
    'x%zz/',
    'x%ff/',
    '20260101/?x',
    '20260101/#x',
    '?C=N;O=D',
    'javascript:alert(1)',
    'mailto:a@b',
    'data:,x',
    '..\\',
    '\\20260101/',
    '2026\t0101/',
    '2026\n0101/',
    '2026&#10;0101/',
    'x&#0;/',
    '20260101//',
    `${'x'.repeat(256)}/`,
    'x'.repeat(1 << 20),
  ])('drops %j', (href) => {
    expect(parseListing(link(href), base)).toEqual([])
  })

  it('names each child once, a folder before a file', () => {
    expect(parseListing(link('a') + link('a/') + link('a') + link('b') + link('b'), base)).toEqual([
      { name: 'a', isFolder: true },
      { name: 'b', isFolder: false },
    ])
  })

  it('looks at links only', () => {
    const html =
      '<!-- <a href="a/"></a> --><script>"<a href=\'b/\'>"</script><link href="c/"><base href="https://evil.example/"><a name="d/">d/</a>'
    expect(parseListing(html, base)).toEqual([])
  })

  const links = (length: number) => Array.from({ length }, (_, index) => `<a href=${index}>`).join('')
  it('takes all links', () => {
    expect(parseListing(links(20_001), base)).toHaveLength(20_001)
  })

  it('is bounded, and an error beyond', async () => {
    expect(await codeOf(() => parseListing(links(100_001), base))).toBe('DISCOVERY_LISTING')
  })

  it('takes links to the folder that was asked for, if the page about it is elsewhere', () => {
    const page = 'https://h.example/service/rest/repository/browse/images/a/'
    const html =
      link('https://h.example/repository/images/a/x.img') + link('b/') + link('../') + link('/other/c/')
    expect(parseListing(html, page, 'https://h.example/repository/images/a/')).toEqual([
      { name: 'x.img', isFolder: false },
      { name: 'b', isFolder: true },
    ])
  })

  it.each(['x-12:30.img', './x-12:30.img', 'x-12%3A30.img', '/cloud/noble/x-12:30.img'])(
    'takes a name with a colon: %s',
    (href) => {
      expect(parseListing(link(href), base)).toEqual([{ name: 'x-12:30.img', isFolder: false }])
    },
  )

  it.each([
    '<'.repeat(1 << 20),
    '<a '.repeat(1 << 18),
    `<a ${'x="'.repeat(1 << 18)}`,
    '&'.repeat(1 << 20),
    '<!--'.repeat(1 << 18),
    '<a href="'.repeat(1 << 17),
    '\0\ud800',
  ])('gives nothing for a page of rubbish', (html) => {
    expect(parseListing(html, base)).toEqual([])
  })

  it('gives back what a listing was made of', () => {
    const name = anyText({ minLength: 1 }).filter(isSafeFileName)
    const entries = fc.uniqueArray(fc.record({ name, isFolder: fc.boolean() }), {
      selector: (entry) => entry.name,
    })
    fc.assert(
      fc.property(entries, (written) => {
        const html = written.map(({ name, isFolder }) =>
          link(`./${encodeURIComponent(name)}${isFolder ? '/' : ''}`),
        )
        expect(parseListing(html.join('\n'), base)).toEqual(written)
      }),
      { seed: 4, numRuns: 500 },
    )
  })

  it('never throws, and names nothing but plain segments', () => {
    const href = fc.oneof(
      anyText(),
      fc.webUrl(),
      fc.webPath(),
      fc.constantFrom('../', '%2f', '%2e', '//', base, '\\', '?'),
    )
    const html = fc.array(
      fc.oneof(href, href.map(link), fc.constantFrom('<a href="', '">', '<', '>', '&#', '<!--')),
    )
    fc.assert(
      fc.property(html, (pieces) => {
        for (const { name } of parseListing(pieces.join(''), base)) expect(isSafeFileName(name)).toBe(true)
      }),
      { seed: 5, numRuns: 2000 },
    )
  })
})
