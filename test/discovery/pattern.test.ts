import { describe, expect, it } from 'vitest'
import { compilePlaceholder, hasPlaceholder, splitPlaceholder } from '../../src/discovery/pattern.ts'
import { codeOf } from './fake-http.ts'

const compile = (url: string) => compilePlaceholder(splitPlaceholder(url, 'CentOS'), 'CentOS')

describe('placeholders', () => {
  it.each([
    [
      'https://h/images/x-HEREBE\\d+\\.\\dDRAGONS.x86_64.qcow2',
      'https://h/images/',
      'x-',
      '\\d+\\.\\d',
      '.x86_64.qcow2',
      '',
    ],
    ['http://h:80/HEREBE.DRAGONS', 'http://h:80/', '', '.', '', ''],
    ['https://h/a/x-HEREBE[^/?#]+(a/b)?DRAGONS.img', 'https://h/a/', 'x-', '[^/?#]+(a/b)?', '.img', ''],
    ['https://h/a/HEREBE\\d{8}DRAGONS/x.img', 'https://h/a/', '', '\\d{8}', '', '/x.img'],
  ])('takes %s apart', (url, parent, prefix, pattern, suffix, rest) => {
    expect(hasPlaceholder(url)).toBe(true)
    expect(splitPlaceholder(url, 'CentOS')).toEqual({ parent, prefix, pattern, suffix, rest })
  })

  it.each([
    ['without an end', 'https://h/x-HEREBE\\d+'],
    ['with its end first', 'https://h/xDRAGONS-HEREBE\\d+'],
    ['twice', 'https://h/HEREBE\\d+DRAGONS-HEREBE\\d+DRAGONS'],
    ['empty', 'https://h/x-HEREBEDRAGONS.img'],
    ['too long', `https://h/x-HEREBE${'a'.repeat(257)}DRAGONS.img`],
    ['in the host', 'https://HEREBE\\d+DRAGONS/x.img'],
    ['in the query', 'https://h/x?y=/HEREBE\\d+DRAGONS'],
    ['of another scheme', 'ftp://h/HEREBE\\d+DRAGONS'],
    ['with an open bracket', 'https://h/x-HEREBE(DRAGONS.img'],
    ['with brackets that close ours', 'https://h/x-HEREBEa)|(?:bDRAGONS.img'],
    ['looking ahead', 'https://h/x-HEREBE(?=a)DRAGONS.img'],
    ['with a back reference', 'https://h/x-HEREBE(a)\\1DRAGONS.img'],
    ['with endless repetition', 'https://h/x-HEREBE((a{100}){100}){100}DRAGONS.img'],
  ])('refuses one %s, naming the image', async (_, url) => {
    expect(await codeOf(() => compile(url))).toBe('PATTERN_INVALID')
    await expect(async () => compile(url)).rejects.toThrow('CentOS')
  })

  it.each([
    ['x-HEREBE\\d+\\.qcow2$DRAGONS', 'x-2211.qcow2', '2211.qcow2'],
    ['x-HEREBE\\d+\\.qcow2$DRAGONS', 'x-2211.qcow2c', undefined],
    ['x-HEREBE\\d+\\.qcow2$DRAGONS', 'x-20150628_01.qcow2', undefined],
    ['x-HEREBE^\\d+$DRAGONS.qcow2', 'x-2211.qcow2', '2211'],
    ['x-9-HEREBE\\d+\\.\\dDRAGONS.qcow2', 'x-9-20260714.1.qcow2', '20260714.1'],
    ['x-9-HEREBE\\d+\\.\\dDRAGONS.qcow2', 'x-9-latest.qcow2', undefined],
    ['x-9-HEREBE\\d+\\.\\dDRAGONS.qcow2', 'y-x-9-20260714.1.qcow2', undefined],
    ['x-9-HEREBE\\d+\\.\\dDRAGONS.qcow2', 'x-9-20260714.1.qcow2.xz', undefined],
    ['x-9-HEREBE\\d+\\.\\dDRAGONS.qcow2', 'x-9-20260714.1xqcow2', undefined],
    ['x.y-HEREBEa|bDRAGONS.img', 'x.y-b.img', 'b'],
    ['x.y-HEREBEa|bDRAGONS.img', 'xzy-b.img', undefined],
    ['aHEREBE.*DRAGONSa', 'a', undefined],
    ['aHEREBE.*DRAGONSa', 'aa', ''],
    ['aHEREBE.*DRAGONS', `a${'b'.repeat(1 << 20)}`, undefined],
    ['HEREBE(a+a+)+DRAGONS', `${'a'.repeat(200)}b`, undefined],
  ])('%s with %s', async (pattern, name, matched) => {
    const match = await compile(`https://h/images/${pattern}`)
    expect(match(name)).toBe(matched)
  })
})
