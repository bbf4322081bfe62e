import { readdir, readFile, stat } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { homeFolder } from '../../cache-folder.ts'
import { UpdaterError } from '../../errors.ts'
import { unlessAborted } from '../../http/abort.ts'
import { defaultPolicy } from '../../http/policy.ts'

/** What signs the requests to an object store. Never printed. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** `fresh`: the credentials that were handed out before have expired. @throws UpdaterError STORE_CREDENTIALS */
export type CredentialsSource = (options?: { readonly fresh?: boolean }) => Promise<Credentials>

const remedy =
  'Set MINIO_ACCESS_KEY and MINIO_SECRET_KEY (or --minio-access-key and --minio-secret-key), or give credentials the AWS way'

/**
 * Returns the source of the given pair, or without one that of the AWS default chain: environment, profiles, web
 * identity, container and instance metadata, in this order.
 * @param timeout milliseconds that the chain may take
 * @throws UpdaterError STORE_CREDENTIALS if only one half of the pair is given
 */
export function credentialsFrom(
  pair: { readonly accessKey?: string | undefined; readonly secretKey?: string | undefined },
  timeout: number = defaultPolicy.credentialsTimeout,
): CredentialsSource {
  const accessKey = pair.accessKey?.trim() || undefined
  const secretKey = pair.secretKey?.trim() || undefined
  if (accessKey !== undefined && secretKey !== undefined) {
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
    return async () => credentials
  }
  if (accessKey !== undefined || secretKey !== undefined) {
    const missing = accessKey === undefined ? 'access key' : 'secret key'
    throw new UpdaterError('STORE_CREDENTIALS', `The ${missing} of the object store is missing`, { remedy })
  }
  return awsChain(timeout)
}

/** A machine without instance metadata answers late or never: it is asked once, for one second. */
const metadata = { timeout: 1000, maxRetries: 0 }

function awsChain(timeout: number): CredentialsSource {
  let chain: Promise<(options?: { forceRefresh?: boolean }) => Promise<Credentials>> | undefined
  return async ({ fresh = false } = {}) => {
    // The chain would end at its first link that looks into the home folder if the user has none.
    const home = homeFolder()
    if (home === undefined) process.env.USERPROFILE ??= '/nonexistent'
    await assertReadable(home)
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(metadata),
    )
    const provider = await chain
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), timeout)
    try {
      return await unlessAborted(provider({ forceRefresh: fresh }), late.signal)
    } catch (cause) {
      const isLate = late.signal.aborted
      const what = isLate ? `were not there within ${timeout / 1000} s` : 'were found'
      const message = `No credentials for the object store ${what}`
      throw new UpdaterError('STORE_CREDENTIALS', message, {
        remedy: isLate ? `Look at the credential_process or the service that gives them. ${remedy}` : remedy,
        cause,
      })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Bytes of a file of credentials. */
const largest = 2 ** 20

/**
 * The chain reads its files whatever they are: a pipe that nobody writes to would hold it, and the end of the program,
 * for ever.
 * @throws UpdaterError STORE_CREDENTIALS
 */
async function assertReadable(home = '/nonexistent'): Promise<void> {
  const { env } = process
  const configurations = [
    env.AWS_SHARED_CREDENTIALS_FILE || join(home, '.aws', 'credentials'),
    env.AWS_CONFIG_FILE || join(home, '.aws', 'config'),
  ]
  await assertFiles(configurations)
  const texts = await Promise.all(configurations.map((path) => readFile(path, 'utf8').catch(() => '')))
  const named = texts.join('\n').matchAll(/^\s*web_identity_token_file\s*=\s*(.+?)\s*$/gm)
  const tokens = await Promise.all(
    [
      join(home, '.aws', 'sso', 'cache'),
      env.AWS_LOGIN_CACHE_DIRECTORY || join(home, '.aws', 'login', 'cache'),
    ].map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))),
  )
  await assertFiles([
    env.AWS_WEB_IDENTITY_TOKEN_FILE,
    env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
    ...[...named].map(([, path]) => path),
    ...tokens.flat(),
  ])
}

async function assertFiles(paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) {
    if (path === undefined || path === '' || path === devNull) continue
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || (found.isFile() && found.size <= largest) || found.isDirectory()) continue
    const what = found.isFile() ? `has more than ${largest} bytes` : 'is no file'
    throw new UpdaterError('STORE_CREDENTIALS', `${path}, which is to hold credentials, ${what}`, {
      remedy: `Write them into a regular file. ${remedy}`,
    })
  }
}
