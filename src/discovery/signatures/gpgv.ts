import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UpdaterError } from '../../errors.ts'

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
