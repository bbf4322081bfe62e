import { describe, expect, it } from 'vitest'
import { Lines } from '../src/lines.ts'

describe('Lines', () => {
  it.each([
    ['', 0, 1, 1],
    ['a', 1, 1, 2],
    ['a\nb', 1, 1, 2],
    ['a\nb', 2, 2, 1],
    ['a\r\nb\n', 1, 1, 2],
    ['a\r\nb\n', 3, 2, 1],
    ['a\r\nb\n', 5, 3, 1],
    ['\n\n\n', 2, 3, 1],
  ])('%j: offset %i is in line %i, column %i', (text, offset, line, column) => {
    expect(new Lines(text).placeOf(offset)).toEqual({ line, column })
  })
})
