import { createHash } from 'node:crypto'

const blockSize = 64 * 1024
const blocks = new Map<number, Buffer>()

/** One block of the endless, incompressible byte sequence that belongs to a seed. */
function block(seed: number): Buffer {
  const known = blocks.get(seed)
  if (known !== undefined) return known
  const made = Buffer.alloc(blockSize)
  let state = (seed * 2654435761 + 1) >>> 0 || 1
  for (let at = 0; at < blockSize; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    made.writeInt32LE(state | 0, at)
  }
  blocks.set(seed, made)
  return made
}

/**
 * Bytes `from` … `to` (exclusive) of a seed's sequence, in chunks of at most 64 KiB, each block different. They end
 * their first sector as a boot record does, so that they pass for a raw disk.
 */
export function* generatedChunks(to: number, seed = 1, from = 0): Generator<Buffer> {
  for (let at = from; at < to; ) {
    const index = Math.floor(at / blockSize)
    const whole = Buffer.from(block(seed))
    whole.writeUInt32LE(index, 0)
    if (index === 0) whole.fill(0, 446, 510).write('\x83', 450, 'latin1')
    if (index === 0) whole.write('\x01\0\0\0\x7f', 454, 'latin1')
    if (index === 0) whole.write('\x55\xaa', 510, 'latin1')
    const end = Math.min(to, (index + 1) * blockSize)
    yield whole.subarray(at - index * blockSize, end - index * blockSize)
    at = end
  }
}

/** The first `size` bytes of a seed's sequence. */
export function generatedBytes(size: number, seed = 1): Buffer {
  return Buffer.concat([...generatedChunks(size, seed)], size)
}

/** Hex digest of the first `size` bytes of a seed's sequence, without holding them. */
export function generatedDigest(size: number, seed = 1, algorithm = 'sha256'): string {
  const hash = createHash(algorithm)
  for (const chunk of generatedChunks(size, seed)) hash.update(chunk)
  return hash.digest('hex')
}
