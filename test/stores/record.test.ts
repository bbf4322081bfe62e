import { describe, expect, it } from 'vitest'
import { formatRecord, parseRecord } from '../../src/stores/record.ts'

const hex = 'a'.repeat(64)
const record = {
  digest: { algorithm: 'sha256', hex },
  source: { algorithm: 'sha256', hex: 'b'.repeat(64) },
  size: 3,
} as const

describe('the record of an object', () => {
  it('is read as it was written', () => {
    expect(parseRecord(formatRecord(record))).toEqual(record)
    expect(parseRecord(formatRecord({ ...record, size: 0 }))).toEqual({ ...record, size: 0 })
  })

  it.each([-1, -(2 ** 40), 1.5, 2 ** 60, '3', null, undefined, Number.NaN])('has no size of %s', (size) => {
    const { checksum, sourceChecksum } = JSON.parse(formatRecord(record))
    expect(parseRecord(JSON.stringify({ checksum, sourceChecksum, size }))).toBeUndefined()
  })
})
