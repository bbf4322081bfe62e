/** A signature packet of version 3 (RFC 4880, section 5.2.2). */
export interface V3Signature {
  /** The whole packet with its header. */
  readonly bytes: Uint8Array
  /** 0: over binary data, 1: over text. */
  readonly type: number
  readonly created: Date
  /** 16 hexadecimal digits, lower case. */
  readonly keyId: string
  /** Number of the hash algorithm. */
  readonly hash: number
}

const signatureTag = 2

/**
 * The version 3 signatures among the packets of a binary signature. Stops at what is not a packet;
 * never throws.
 */
export function v3Signatures(bytes: Uint8Array): readonly V3Signature[] {
  const found: V3Signature[] = []
  let offset = 0
  while (offset < bytes.length) {
    const header = packetHeader(bytes, offset)
    if (header === undefined || header.end > bytes.length) break
    const body = bytes.subarray(header.start, header.end)
    if (header.tag === signatureTag && body[0] === 3 && body[1] === 5 && body.length > 19) {
      const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      found.push({
        bytes: bytes.subarray(offset, header.end),
        type: view.readUInt8(2),
        created: new Date(view.readUInt32BE(3) * 1000),
        keyId: view.toString('hex', 7, 15),
        hash: view.readUInt8(16),
      })
    }
    offset = header.end
  }
  return found
}

interface PacketHeader {
  readonly tag: number
  /** First byte of the body, and the byte after its last. */
  readonly start: number
  readonly end: number
}

/** Old and new packet formats; partial and indeterminate lengths have no place in a signature. */
function packetHeader(bytes: Uint8Array, offset: number): PacketHeader | undefined {
  const [first = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(offset, offset + 6)
  const at = (tag: number, header: number, length: number): PacketHeader => ({
    tag,
    start: offset + header,
    end: offset + header + length,
  })
  if ((first & 0x80) === 0) return undefined
  if ((first & 0x40) === 0) {
    const tag = (first >> 2) & 0x0f
    switch (first & 3) {
      case 0:
        return at(tag, 2, a)
      case 1:
        return at(tag, 3, a * 0x100 + b)
      case 2:
        return at(tag, 5, uint32(a, b, c, d))
      default:
        return undefined
    }
  }
  const tag = first & 0x3f
  if (a < 192) return at(tag, 2, a)
  if (a < 224) return at(tag, 3, (a - 192) * 0x100 + b + 192)
  return a === 255 ? at(tag, 6, uint32(b, c, d, e)) : undefined
}

function uint32(a: number, b: number, c: number, d: number): number {
  return a * 0x1000000 + b * 0x10000 + c * 0x100 + d
}
