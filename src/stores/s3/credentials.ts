import { homeFolder } from '../../cache-folder.ts'
import { UpdaterError } from '../../errors.ts'

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
 * @throws UpdaterError STORE_CREDENTIALS if only one half of the pair is given
 */
export function credentialsFrom(pair: {
  readonly accessKey?: string | undefined
  readonly secretKey?: string | undefined
}): CredentialsSource {
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
  return awsChain()
}

/** A machine without instance metadata answers late or never: it is asked once, for one second. */
const metadata = { timeout: 1000, maxRetries: 0 }

function awsChain(): CredentialsSource {
  let chain: Promise<(options?: { forceRefresh?: boolean }) => Promise<Credentials>> | undefined
  return async ({ fresh = false } = {}) => {
    // The chain would end at its first link that looks into the home folder if the user has none.
    if (homeFolder() === undefined) process.env.USERPROFILE ??= '/nonexistent'
    chain ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(metadata),
    )
    const provider = await chain
    try {
      return await provider({ forceRefresh: fresh })
    } catch (cause) {
      throw new UpdaterError('STORE_CREDENTIALS', 'No credentials for the object store were found', {
        remedy,
        cause,
      })
    }
  }
}
