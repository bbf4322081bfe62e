import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Digester } from '../../src/transfer/digest.ts'

const block = new SharedArrayBuffer(8)
const digest = createHash('sha256').update(new Uint8Array(block)).digest('hex')

describe('digesters', () => {
  it('do not suffer from what another one asks after its end', async () => {
    const [one, other] = [new Digester('sha256'), new Digester('sha256')]
    await other.update(block, 8)
    await one.final()
    await expect(one.final()).rejects.toMatchObject({ code: 'ABORTED' })
    await one.close()
    await expect(one.update(block, 8)).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await other.final()).toBe(digest)
    await other.close()
  })

  it('reject what is outstanding when the last of them is closed, and begin anew afterwards', async () => {
    const one = new Digester('sha256')
    const outstanding = one.update(new SharedArrayBuffer(2 ** 26), 2 ** 26)
    const verdict = expect(outstanding).rejects.toMatchObject({ code: 'ABORTED' })
    await one.close()
    await verdict
    const other = new Digester('sha256')
    await other.update(block, 8)
    expect(await other.final()).toBe(digest)
    await other.close()
  })
})
