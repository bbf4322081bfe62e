/** A number of a tar header: octal digits, or base 256 where the first bit is set. NaN where it is neither. */
export function readNumber(buffer: Buffer, offset: number, length: number): number {
  const field = buffer.subarray(offset, offset + length)
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = readText(buffer, offset, length).trim()
    return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
  }
  return field.reduce((value, byte, index) => value * 256 + (index === 0 ? byte & 0x7f : byte), 0)
}

/** A text of a tar header, up to the first NUL. */
export function readText(buffer: Buffer, offset: number, length: number): string {
  const field = buffer.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? field.length : end)
}
