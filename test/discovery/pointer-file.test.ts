import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSafeFileName } from '../../src/discovery/names.ts'
import { parsePointer } from '../../src/discovery/strategies/pointer.ts'
import { anyText } from '../support/any-text.ts'

describe('pointers', () => {
  it.each([
    ['2025-11-15 a-v1.33/b-v1.33.9.qcow2', { path: 'a-v1.33/b-v1.33.9.qcow2', date: '20251115' }],
    ['20260510T170106Z/x.qcow2 1380843520', { path: '20260510T170106Z/x.qcow2', size: 1380843520 }],
    ['  x.qcow2\r\n', { path: 'x.qcow2' }],
    ['# ts=1\n\nx.qcow2', { path: 'x.qcow2' }],
    ['a/b/c/d/e/f.qcow2', { path: 'a/b/c/d/e/f.qcow2' }],
    [`${'#\n'.repeat(5000)}x.qcow2`, { path: 'x.qcow2' }],
    ['2025-02-30 x.qcow2', { path: 'x.qcow2' }],
  ])('%j', (text, pointed) => {
    expect(parsePointer(text)).toEqual([pointed])
  })

  it.each([
    [''],
    ['# x.qcow2'],
    ['a b c'],
    ['2025-11-15'],
    ['12345'],
    ['../x.qcow2'],
    ['/x.qcow2'],
    ['a//x.qcow2'],
    ['https://evil.example/x.qcow2'],
    ['%2e%2e/x.qcow2'],
    ['a\\..\\x'],
    ['x.qcow2 1 2'],
    [`${'x'.repeat(1025)}`],
  ])('that name nothing: %j', (text) => {
    expect(parsePointer(text)).toEqual([])
  })

  it('name plain paths only', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        for (const { path } of parsePointer(text)) expect(path.split('/').every(isSafeFileName)).toBe(true)
      }),
    )
  })
})
