import type { ByteReader } from './byte-reader.ts'
import { decompressionFailed } from './failure.ts'
import { readNumber } from './tar-field.ts'

/** A run of bytes that the archive holds; what lies between runs is zero. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

/** Where the data of a sparse file belongs. */
export interface SparseMap {
  readonly extents: readonly Extent[]
  /** Bytes of the file once expanded. */
  readonly size: number
  /** Bytes of the member's data that the map itself took. */
  readonly bytesRead: number
}

const maxExtents = 1_000_000
const zeros = new Uint8Array(2 ** 20)

/**
 * The map of a GNU sparse member (type `S`): four runs in its header, 21 in each block that follows.
 * @see https://www.gnu.org/software/tar/manual/html_node/Standard.html
 */
export async function readOldMap(header: Buffer, reader: ByteReader): Promise<SparseMap> {
  const extents = runsIn(header, 386, 4)
  let more = header[482] === 1
  while (more) {
    const block = await reader.read(512, 'a map of a sparse file')
    extents.push(...runsIn(block, 0, 21))
    more = block[504] === 1
    if (extents.length > maxExtents) throw tooManyExtents()
  }
  return { extents, size: readNumber(header, 483, 12), bytesRead: 0 }
}

function runsIn(block: Buffer, start: number, count: number): Extent[] {
  const runs = Array.from({ length: count }, (_, index) => ({
    offset: readNumber(block, start + index * 24, 12),
    length: readNumber(block, start + index * 24 + 12, 12),
  }))
  return runs.filter(({ length }) => length !== 0)
}

/**
 * The map of a pax sparse member, version 1.0: decimal numbers on lines of their own in front of the
 * data, filled up to a block.
 * @see https://www.gnu.org/software/tar/manual/html_node/PAX-1.html
 */
export async function readPaxMap(pax: ReadonlyMap<string, string>, reader: ByteReader): Promise<SparseMap> {
  const lines: string[] = []
  let rest = ''
  let bytesRead = 0
  const numbers = async (count: number) => {
    while (lines.length < count) {
      rest += (await reader.read(512, 'a map of a sparse file')).toString('latin1')
      bytesRead += 512
      const complete = rest.split('\n')
      rest = complete.pop() ?? ''
      if (rest.length > 512) throw damagedMap()
      lines.push(...complete)
    }
    return lines.slice(0, count).map(Number)
  }
  const [count = Number.NaN] = await numbers(1)
  if (!Number.isInteger(count) || count < 0) throw damagedMap()
  if (count > maxExtents) throw tooManyExtents()
  const [, ...values] = await numbers(1 + 2 * count)
  const extents = Array.from({ length: count }, (_, index) => ({
    offset: values[2 * index] ?? Number.NaN,
    length: values[2 * index + 1] ?? Number.NaN,
  }))
  const size = Number(pax.get('GNU.sparse.realsize'))
  return { extents: extents.filter(({ length }) => length !== 0), size, bytesRead }
}

/**
 * The bytes of a sparse file.
 * @param packed bytes of data that follow in the archive
 */
export async function* expand(
  { extents, size }: SparseMap,
  packed: number,
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
  let at = 0
  let left = packed
  for (const { offset, length } of extents) {
    const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && length > 0
    if (!fits || offset < at || offset + length > size || length > left) throw damagedMap()
    yield* gap(offset - at)
    yield* reader.take(length)
    at = offset + length
    left -= length
  }
  if (left !== 0 || !Number.isSafeInteger(size)) throw damagedMap()
  yield* gap(size - at)
}

function* gap(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length)
    yield zeros.subarray(0, Math.min(left, zeros.length))
}

function damagedMap() {
  return decompressionFailed('the map of a sparse file in the archive is impossible')
}

function tooManyExtents() {
  return decompressionFailed(`a sparse file in the archive has more than ${maxExtents} parts`)
}
