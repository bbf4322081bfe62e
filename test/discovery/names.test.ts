import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childUrl, isSafeFileName } from '../../src/discovery/names.ts'
import { anyText } from '../support/any-text.ts'
import { codeOf } from './fake-http.ts'

const hostile = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  '/etc/passwd',
  'a\\b',
  '..\\x',
  'x\0.qcow2',
  'x\n.qcow2',
  'x\u001b[31m',
  'x\u202egpj',
  'x\u2028',
  'x\ufffd',
  'x\ud800',
  '%2e%2e',
  '%2E%2e%2fx',
  'a%2fb',
  'a%5cb',
  'x%00',
  'a%252fb',
  'https:evil',
  'https://evil.example/x',
  '//evil.example/x',
  'javascript:alert(1)',
  'x'.repeat(256),
  'ü'.repeat(128),
  'x'.repeat(1 << 20),
  '%25'.repeat(200_000),
]

describe('names from servers', () => {
  it.each(hostile)('refuses %j', async (name) => {
    expect(isSafeFileName(name)).toBe(false)
    expect(await codeOf(() => childUrl('https://h/images/', name))).toBe('DISCOVERY_UNSAFE_NAME')
  })

  it('keeps the message short and printable', () => {
    expect(() => childUrl('https://h/', `\u001b${'x'.repeat(1 << 20)}`)).toThrow(/^.{1,250}$/)
  })

  it.each([
    ['debian-12-genericcloud-amd64.qcow2', 'https://h/i/debian-12-genericcloud-amd64.qcow2'],
    ['x+y~1@2.img', 'https://h/i/x+y~1@2.img'],
    ['100%.img', 'https://h/i/100%25.img'],
    ['a?b#c.img', 'https://h/i/a%3Fb%23c.img'],
    [' a b ', 'https://h/i/%20a%20b%20'],
    ['...', 'https://h/i/...'],
    ['größe.img', 'https://h/i/gr%C3%B6%C3%9Fe.img'],
    ['x-12:30:00.img', 'https://h/i/x-12:30:00.img'],
    ['x:y', 'https://h/i/x:y'],
  ])('takes %j', (name, url) => {
    expect(childUrl('https://h/i/', name)).toBe(url)
  })

  it('refuses a parent that is not a folder', async () => {
    expect(await codeOf(() => childUrl('https://h/images', 'x'))).toBe('DISCOVERY_UNSAFE_NAME')
  })

  it('never leaves the parent, whatever the name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), anyText(), fc.webUrl()), (name) => {
        if (!isSafeFileName(name)) return
        const url = new URL(childUrl('http://h:8080/a/b/', name))
        expect(url.origin).toBe('http://h:8080')
        expect(url.pathname).toMatch(/^\/a\/b\/[^/]+$/)
        expect(url.search + url.hash).toBe('')
        expect(decodeURIComponent(url.pathname.slice(5))).toBe(name)
      }),
      { seed: 1, numRuns: 3000 },
    )
  })
})
