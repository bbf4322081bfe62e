import { describe, expect, it } from 'vitest'
import { BlockWriter } from '../../src/transfer/blocks.ts'

/** Writes as many bytes as two and a half blocks have, and returns the blocks. */
async function writeBlocks(blockSize: number, signal = new AbortController().signal) {
  const used = new Set<SharedArrayBuffer>()
  const deliver = async (block: SharedArrayBuffer) => void used.add(block)
  const writer = new BlockWriter({ blockSize, blocks: 4, signal, deliver })
  await writer.write(new Uint8Array(blockSize * 2.5))
  return { used, writer }
}

describe('the blocks of a stream', () => {
  it('are those of the one before, so that many streams hold no more memory than one', async () => {
    const first = await writeBlocks(4096)
    await first.writer.end()
    const second = await writeBlocks(4096)
    await second.writer.end()
    expect(first.used.size).toBeGreaterThan(0)
    expect([...second.used].every((block) => first.used.has(block))).toBe(true)
  })

  it('are not shared with a stream that goes on', async () => {
    const first = await writeBlocks(4096)
    const second = await writeBlocks(4096)
    expect([...second.used].some((block) => first.used.has(block))).toBe(false)
    await first.writer.end()
    await second.writer.end()
  })

  it('are not used again after an abort, since a connection may still be sending them', async () => {
    const abort = new AbortController()
    const aborted = await writeBlocks(8192, abort.signal)
    abort.abort()
    await aborted.writer.end()
    const next = await writeBlocks(8192)
    expect([...next.used].some((block) => aborted.used.has(block))).toBe(false)
  })
})
