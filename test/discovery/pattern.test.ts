import { describe, expect, it } from 'vitest'
import { hasPlaceholder, parsePattern } from '../../src/discovery/pattern.ts'
import { codeOf } from './fake-http.ts'

/** What the one pattern of a URL's file name stands for in `name`. */
async function matched(url: string, name: string): Promise<string | undefined> {
  const segment = (await parsePattern(url, 'CentOS')).segments.at(-1)
  return segment?.match(name, new Map())?.get(segment.unknown(new Map()) ?? '')
}

describe('placeholders', () => {
  it('take a URL apart', async () => {
    const url = 'https://h/a/x-HEREBE[^/?#]+(a/b)?DRAGONS.img'
    expect(hasPlaceholder(url)).toBe(true)
    const { root, segments } = await parsePattern(url, 'CentOS')
    expect(root).toBe('https://h/')
    expect(segments.map(({ parts }) => parts)).toEqual([
      ['a'],
      ['x-', { pattern: '[^/?#]+(a/b)?', matches: expect.any(Function) }, '.img'],
    ])
  })

  it('may stand in several segments, and twice', async () => {
    const url = await parsePattern(
      'http://h:8080/HEREBE\\d+DRAGONS/b/x-HEREBE\\d+DRAGONS-HEREBEa|bDRAGONS',
      'CentOS',
    )
    expect(url.segments.map(({ patterns }) => patterns)).toEqual([['\\d+'], [], ['\\d+', 'a|b']])
    const known = new Map([['\\d+', '7']])
    expect(url.fill(known, 1)).toBe('http://h:8080/7/')
    expect(url.fill(known, 2)).toBe('http://h:8080/7/b/')
    expect(await codeOf(() => url.fill(known))).toBe('PATTERN_INVALID')
    expect(url.fill(new Map([...known, ['a|b', 'a']]))).toBe('http://h:8080/7/b/x-7-a')
  })

  it.each([
    ['without an end', 'https://h/x-HEREBE\\d+'],
    ['with its end first', 'https://h/xDRAGONS-HEREBE\\d+'],
    ['empty', 'https://h/x-HEREBEDRAGONS.img'],
    ['too long', `https://h/x-HEREBE${'a'.repeat(257)}DRAGONS.img`],
    ['nine times', `https://h/${'HEREBEaDRAGONS'.repeat(9)}`],
    ['in the host', 'https://HEREBE\\d+DRAGONS/x.img'],
    ['in the query', 'https://h/x?y=/HEREBE\\d+DRAGONS'],
    ['before a query', 'https://h/HEREBE\\d+DRAGONS?x'],
    ['of another scheme', 'ftp://h/HEREBE\\d+DRAGONS'],
    ['with an open bracket', 'https://h/x-HEREBE(DRAGONS.img'],
    ['with brackets that close ours', 'https://h/x-HEREBEa)|(?:bDRAGONS.img'],
    ['looking ahead', 'https://h/x-HEREBE(?=a)DRAGONS.img'],
    ['with a back reference', 'https://h/x-HEREBE(a)\\1DRAGONS.img'],
    ['with endless repetition', 'https://h/x-HEREBE((a{100}){100}){100}DRAGONS.img'],
    ['beside another unknown one', 'https://h/HEREBEaDRAGONS-HEREBEbDRAGONS'],
  ])('are refused %s, naming the image', async (_, url) => {
    expect(await codeOf(() => matched(url, 'x'))).toBe('PATTERN_INVALID')
    await expect(async () => matched(url, 'x')).rejects.toThrow('CentOS')
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
    ['HEREBE\\d+DRAGONS-HEREBE\\d+DRAGONS', '12-12', '12'],
    ['HEREBE\\d+DRAGONS-HEREBE\\d+DRAGONS', '12-13', undefined],
    ['HEREBE\\d+DRAGONS-HEREBE\\d+DRAGONS', '12-123', undefined],
  ])('%s with %s', async (pattern, name, expected) => {
    expect(await matched(`https://h/images/${pattern}`, name)).toBe(expected)
  })

  it.each([
    ['https://h/objects/x-1.7/x-1.7-ab.img', '1.7'],
    ['https://h/objects/x-1.7/x-1.8-ab.img', undefined],
    ['https://h/objects/x-1.7/x-1.7-ab.img?token', undefined],
    ['https://evil/objects/x-1.7/x-1.7-ab.img', undefined],
    ['https://e/objects/x-1.7/x-1.7-ab.img', undefined],
    ['http:///h/objects/x-1.7/x-1.7-ab.img', undefined],
    ['https://h/objects/more/x-1.7/x-1.7-ab.img', undefined],
    ['https://h/objects/x-1.7/', '1.7'],
    ['https://h/objects/y-1.7/', undefined],
  ])('of a whole URL: %s', async (url, expected) => {
    const pattern = await parsePattern(
      'https://h/objects/x-HEREBE[\\d.]+DRAGONS/x-HEREBE[\\d.]+DRAGONS-HEREBE[a-f]+DRAGONS.img',
      'CentOS',
    )
    expect(pattern.match(url)?.get('[\\d.]+')).toBe(expected)
  })
})
