/** A member of an archive; `type` is that of a tar header. */
export interface TarMember {
  readonly name: string
  readonly body?: Uint8Array | string
  /** Default: `0`, a regular file. */
  readonly type?: string
  /** Changes the header before its checksum is computed. */
  readonly patch?: (header: Buffer) => void
}

/** A tar archive in ustar form, made byte by byte. */
export function makeTar(members: readonly TarMember[]): Buffer {
  const blocks = members.flatMap((member) => {
    const body = Buffer.from(member.body ?? '')
    return [headerOf(member, body.length), body, Buffer.alloc(-body.length & 511)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function headerOf({ name, type = '0', patch }: TarMember, size: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  patch?.(header)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
