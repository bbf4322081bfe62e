import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UpdaterError } from '../../errors.ts'
import { abortedError } from '../../http/abort.ts'

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
  const { name, data, signature, key, fingerprint, signal } = request
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-'))
  try {
    for (const [file, bytes] of Object.entries({ 'keyring.gpg': key, signature, data })) {
      await writeFile(join(folder, file), bytes)
    }
    const args = ['--homedir', '.', '--keyring', './keyring.gpg', '--status-fd', '1', 'signature', 'data']
    const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
    const options = { cwd: folder, env, timeout: 30_000, signal }
    const { stdout } = await promisify(execFile)('gpgv', args, options).catch((error: Error) => {
      throw signal?.aborted ? abortedError(signal) : gpgvFailure(error, name)
    })
    if (!isValid(stdout, fingerprint)) {
      throw new UpdaterError('SIGNATURE_BAD', `gpgv did not confirm the signature of ${name}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Exactly one good signature, by that primary key. A key that is expired or revoked has another word than GOODSIG
 * (GnuPG, doc/DETAILS).
 */
function isValid(status: string, fingerprint: string): boolean {
  const words = status.split('\n').map((line) => line.split(' '))
  const said = (keyword: string) => words.filter(([mark, word]) => mark === '[GNUPG:]' && word === keyword)
  const [valid, ...more] = said('VALIDSIG')
  return more.length === 0 && said('GOODSIG').length === 1 && valid?.[11]?.toLowerCase() === fingerprint
}

function gpgvFailure(error: Error & { code?: unknown }, name: string): UpdaterError {
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
