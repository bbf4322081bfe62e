import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createDigester } from '../../src/transfer/digest.ts'

const block = new SharedArrayBuffer(8)
const digest = createHash('sha256').update(new Uint8Array(block)).digest('hex')

describe('digesters', () => {
  it('do not suffer from what another one asks after its end', async () => {
    const [one, other] = [createDigester({ all: 'sha256' }), createDigester({ all: 'sha256' })]
    await other.update('all', block, 8)
    await one.final('all')
    await expect(one.final('all')).rejects.toMatchObject({ code: 'ABORTED' })
    await one.close()
    await expect(one.update('all', block, 8)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await other.final('all')).toBe(digest)
    await other.close()
  })
})
