import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const MiB = 2 ** 20

/**
 * Bytes that packers treat as they do a disk image's: holes, noise, and words of a few bytes, some of them
 * far more often than others; and a boot record. `xz -1` makes 25 % of them (of a Linux system's programs and libraries 26 %),
 * `gzip -1` 43 % (37 %), `bzip2` 26 % (30 %), and they take about as long to unpack.
 */
function diskLike(size: number): Buffer {
  let state = 7
  const random = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => random() * 256))
  const words = Array.from({ length: 4096 }, () => noise(3 + Math.floor(random() * 12)))
  const bytes = Buffer.alloc(size)
  for (let block = 0; block < size; block += 16 * 1024) {
    const end = Math.min(size, block + 16 * 1024)
    const kind = random()
    if (kind < 0.08) noise(end - block).copy(bytes, block)
    else if (kind < 0.75) {
      for (let at = block; at < end; ) {
        at += words[Math.floor(words.length * random() ** 5)]?.copy(bytes, at, 0, end - at) ?? 0
      }
    }
  }
  // One partition of Linux, of 127 sectors.
  bytes.fill(0, 446, 510)
  bytes.writeUInt8(0x83, 446 + 4)
  bytes.writeUInt32LE(1, 446 + 8)
  bytes.writeUInt32LE(127, 446 + 12)
  bytes.write('\x55\xaa', 510, 'latin1')
  return bytes
}

/** No packer looks back as far as this, so that it may be repeated. */
const period = 16 * MiB

/**
 * Packs an image into a file.
 * @param size bytes of the image
 * @param pack a packer's command, which reads standard input
 * @returns hex sha256 of the file
 */
export async function writeArchive(path: string, size: number, pack: string): Promise<string> {
  const piece = diskLike(Math.min(size, period))
  const pieces = function* () {
    for (let at = 0; at < size; at += period) yield piece.subarray(0, size - at)
  }
  const child = spawn('/bin/sh', ['-c', `${pack} > "$1"`, 'pack', path], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const exit = once(child, 'close')
  await pipeline(Readable.from(pieces()), child.stdin)
  const [status] = await exit
  if (status !== 0) throw new Error(`${pack} ended with ${status}`)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
