import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UpdaterError } from '../../errors.ts'

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

export interface GpgvRequest {
  /** For messages. */
  readonly name: string
  readonly data: Uint8Array
  /** One binary signature packet. */
  readonly signature: Uint8Array
  /** The one public key that may have made it, binary. */
  readonly key: Uint8Array
  /** Fingerprint of that key's primary key, lower case. */
  readonly fingerprint: string
  readonly signal?: AbortSignal | undefined
}

/**
 * Has GnuPG's `gpgv` verify a signature that the OpenPGP library does not read (version 3, as openSUSE
 * makes them). It sees the one pinned key only, in a folder of its own that is removed afterwards.
 * @throws UpdaterError SIGNATURE_BAD (also where there is no `gpgv`), ABORTED
 */
export async function verifyWithGpgv(request: GpgvRequest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  try {
    const file = async (name: string, bytes: Uint8Array) => {
      const path = join(folder, name)
      await writeFile(path, bytes, { mode: 0o600 })
      return path
    }
    const keyring = await file('keyring.gpg', request.key)
    const signature = await file('signature', request.signature)
    const data = await file('data', request.data)
    const status = await gpgv(
      ['--homedir', folder, '--keyring', keyring, '--status-fd', '1', signature, data],
      request,
    )
    if (!isValid(status, request.fingerprint)) {
      throw new UpdaterError('SIGNATURE_BAD', `gpgv did not confirm the signature of ${request.name}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const failureStatus = /^(?:BADSIG|ERRSIG|EXPSIG|EXPKEYSIG|REVKEYSIG|NODATA|UNEXPECTED|FAILURE|NO_PUBKEY)$/

/** Exactly one good signature by the key and no word of anything else (GnuPG, doc/DETAILS). */
function isValid(status: string, fingerprint: string): boolean {
  const words = status
    .split('\n')
    .filter((line) => line.startsWith('[GNUPG:] '))
    .map((line) => line.split(' ').slice(1))
  const [valid, ...more] = words.filter(([keyword]) => keyword === 'VALIDSIG')
  return (
    more.length === 0 &&
    words.filter(([keyword]) => keyword === 'GOODSIG').length === 1 &&
    !words.some(([keyword = '']) => failureStatus.test(keyword)) &&
    valid?.[10]?.toLowerCase() === fingerprint
  )
}

function gpgv(args: readonly string[], { name, signal }: GpgvRequest): Promise<string> {
  const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
  return new Promise((resolve, reject) => {
    execFile('gpgv', args, { env: environment, timeout: 30_000, signal }, (error, stdout) => {
      if (error === null) resolve(stdout)
      else reject(gpgvFailure(error, name))
    })
  })
}

function gpgvFailure(error: Error & { code?: unknown }, name: string): UpdaterError {
  if (error.name === 'AbortError') return new UpdaterError('ABORTED', 'The run was aborted', { cause: error })
  if (error.code === 'ENOENT') {
    return new UpdaterError(
      'SIGNATURE_BAD',
      `The signature of ${name} is an OpenPGP v3 packet, which the OpenPGP library does not read`,
      {
        cause: error,
        remedy: 'Install gpgv (part of GnuPG), which verifies it; --signatures off takes the checksum alone',
      },
    )
  }
  return new UpdaterError('SIGNATURE_BAD', `gpgv refuses the signature of ${name}`, {
    cause: error,
    remedy:
      'The file and its signature do not belong together: do not use this build until the distribution explains it',
  })
}
