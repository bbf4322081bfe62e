import { describe, expect, it } from 'vitest'
import { escapeMarkup } from '../../src/markup.ts'
import { copyRanges, planParts } from '../../src/stores/s3/multipart.ts'
import { payloadHash } from '../../src/stores/s3/sign.ts'
import { children, parseXml, textOf } from '../../src/stores/s3/xml.ts'

const MiB = 2 ** 20

describe('the cutting into parts', () => {
  it.each([
    [undefined, 10, 2],
    [0, 5, 3],
    [5000 * MiB, 5, 3],
    [5000 * MiB + 1, 6, 2],
    [20_000 * MiB, 20, 2],
    [64 * 1024 * MiB, 66, 2],
    [125_000 * MiB, 125, 2],
    [1024 * 1024 * MiB, 128, 2],
  ])('of %s bytes makes parts of %i MiB, %i at once', (size, part, concurrency) => {
    expect(planParts(size)).toEqual({ partSize: part * MiB, concurrency })
  })

  it('never needs more than the 1000 parts of Swift', () => {
    for (const size of [8000 * MiB + 1, 9999 * MiB + 7, 100 * 2 ** 30]) {
      expect(Math.ceil(size / planParts(size).partSize)).toBeLessThanOrEqual(1000)
    }
  })

  it('refuses an object of more bytes than the parts may hold', () => {
    expect(() => planParts(4 * 2 ** 40)).toThrow('larger than an object store takes')
  })

  it('covers an object with ranges of copies', () => {
    expect(copyRanges(0)).toEqual([])
    expect(copyRanges(1)).toEqual(['bytes=0-0'])
    expect(copyRanges(128 * MiB)).toEqual([`bytes=0-${128 * MiB - 1}`])
    expect(copyRanges(128 * MiB + 1)).toEqual([`bytes=0-${128 * MiB - 1}`, `bytes=${128 * MiB}-${128 * MiB}`])
  })
})

describe('answers in XML', () => {
  it('are read with their escapes, once', () => {
    const document = parseXml(
      '<?xml version="1.0"?>\n<s3:a x="y"><K>&#34;a&amp;lt;b&quot;</K><K>007</K><e/></s3:a>',
    )
    expect(document?.root).toBe('a')
    expect(children(document?.node ?? '', 'K')).toEqual(['"a&lt;b"', '007'])
    expect(textOf(document?.node ?? '', 'e')).toBe('')
    expect(textOf(document?.node ?? '', 'none')).toBeUndefined()
  })

  it('survive a trip through an escape', () => {
    const text = `<a & "b"> &amp; 'c'`
    expect(textOf(parseXml(`<r><k>${escapeMarkup(text)}</k></r>`)?.node ?? '', 'k')).toBe(text)
  })

  it.each([
    ['a web page', '<!DOCTYPE html><html><body>Hello</body></html>'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['text', 'Service unavailable'],
    ['nothing', ''],
    ['half of a document', '<a><b>'],
    ['JSON', '{"a": 1}'],
  ])('are none where there is %s', (_, text) => expect(parseXml(text)).toBeUndefined())

  it('never throw at deep or long input', () => {
    expect(() => parseXml('<a>'.repeat(50_000))).not.toThrow()
    expect(() => parseXml(`<a b="${'x'.repeat(1e6)}`)).not.toThrow()
  })
})

it('hashes a part for the signature only where no TLS protects it', async () => {
  const part = new TextEncoder().encode('abc')
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(await payloadHash(new URL('https://s3.example'), part)).toBe('UNSIGNED-PAYLOAD')
  expect(await payloadHash(new URL('http://s3.example'), part)).toBe(sha256)
  expect(await payloadHash(new URL('http://127.0.0.1:9000'), part)).toBe('UNSIGNED-PAYLOAD')
  expect(await payloadHash(new URL('http://127.0.0.1.example'), part)).toBe(sha256)
  expect(await payloadHash(new URL('https://s3.example'), 'abc')).toBe(sha256)
})
