import type { HttpClient } from '../http/types.ts'
import { credentialsFrom } from './credentials.ts'
import { parseServer, splitBucket } from './naming.ts'
import type { MirrorOptions } from './options.ts'
import type { Store } from './store.ts'

/**
 * The store that the options name; what it needs is loaded only now. Its keys are those of `objectKey`
 * with the prefix of the bucket (`splitBucket`) in front of the key prefix.
 * @throws UpdaterError CONFIGURATION, STORE_CREDENTIALS
 */
export async function openStore(
  options: Exclude<MirrorOptions, { readonly kind: 'none' }>,
  http: HttpClient,
): Promise<Store> {
  if (options.kind === 'directory') {
    const { createDirectoryStore } = await import('./directory.ts')
    return createDirectoryStore(options.dir)
  }
  const endpoint = parseServer(options.server)
  const { bucket } = splitBucket(options.bucket)
  const credentials = credentialsFrom(options)
  const { createS3Store } = await import('./s3/store.ts')
  return createS3Store({ endpoint, bucket, region: options.region, credentials, acl: options.acl, http })
}
