import { execFileSync } from 'node:child_process'
import { constants, gzipSync } from 'node:zlib'
import type { Compression } from '../../src/image.ts'

/** The ways of packing one file. */
export type Packing = Exclude<Compression, 'tar' | `tar.${string}`>
type Packer = Exclude<Packing, 'gz'>

const packers: Readonly<Record<Packer, readonly [program: string, ...args: string[]]>> = {
  xz: ['xz', '-zc1'],
  bz2: ['bzip2', '-zc'],
  zst: ['zstd', '-c'],
  zip: ['zip', '-q', '-', '-'],
}

/** The bytes, compressed; `undefined` where the system's own tool for it is not installed. */
export function pack(compression: Packing, input: Uint8Array | string): Buffer | undefined {
  if (compression === 'gz') return gzipSync(input)
  const [program, ...args] = packers[compression]
  return packBy(program, args, input)
}

/** What a program makes of the bytes; `undefined` where it is not installed. */
export function packBy(
  program: string,
  args: readonly string[],
  input: Uint8Array | string,
): Buffer | undefined {
  try {
    return execFileSync(program, args, { input, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

const zeros = Buffer.alloc(40 * 2 ** 20)

const bombs = new Map<Packing, Uint8Array | undefined>()

/** A small file that expands to gigabytes of zeros; `undefined` where the packing tool is not installed. */
export function bombOf(compression: Packing): Uint8Array | undefined {
  if (!bombs.has(compression)) bombs.set(compression, makeBomb(compression))
  return bombs.get(compression)
}

function makeBomb(compression: Packing): Uint8Array | undefined {
  if (compression === 'gz') return repeated(gzipSync(zeros, { level: constants.Z_BEST_COMPRESSION }), 50)
  if (compression === 'zst') return zstdBomb()
  if (compression === 'zip') return pack('zip', Buffer.concat([zeros, zeros, zeros, zeros]))
  const packed = pack(compression, zeros)
  return packed === undefined ? undefined : repeated(packed, 50)
}

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => bytes))
}

/** One frame of 16,384 blocks that each repeat one byte 128 KiB times: 64 KiB that are 2 GiB. */
function zstdBomb(): Uint8Array {
  const block = (last: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUIntLE(last | 2 | (131072 << 3), 0, 3)
    return bytes
  }
  const blocks = Array.from({ length: 16_384 }, (_, index) => block(index === 16_383 ? 1 : 0))
  return Buffer.concat([Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]), ...blocks])
}
