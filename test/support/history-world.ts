import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { MirrorOptions } from '../../src/index.ts'
import { type Origin, startOrigin } from './origin.ts'
import { type S3Server, startS3Server } from './s3-server.ts'
import { hexDigest, imageOf } from './world/published.ts'

/** An entry of `versions`, as far as a test has its own ideas of it. */
export interface Entry {
  readonly version?: string
  readonly url?: string
  readonly mirrorUrl?: string
  readonly checksum?: string
}

/** One image with many versions, an origin that has their files, and a store. */
export interface HistoryWorld {
  readonly origin: Origin
  readonly store: S3Server
  readonly folder: string
  readonly mirror: Extract<MirrorOptions, { kind: 's3' }>
  /** The bytes of a version's image, and what the origin publishes of them. */
  build(
    version: string,
    options?: { readonly packed?: boolean },
  ): Required<Entry> & {
    readonly stored: Uint8Array
    /** The digest of the file at `url`; `checksum` is that of what is stored. */
    readonly source: string
  }
  /** Writes `demo.yml` with these versions of the image `demo-1`. */
  write(entries: readonly Entry[], more?: string): Promise<void>
  publicUrl(key: string): string
  close(): Promise<void>
}

export async function startHistoryWorld(): Promise<HistoryWorld> {
  const origin = await startOrigin()
  const store = await startS3Server()
  const folder = await mkdtemp(join(tmpdir(), 'history-'))
  const publicUrl = (key: string) => `${store.endpoint}/${store.swiftPrefix}openstack-images/${key}`
  return {
    origin,
    store,
    folder,
    publicUrl,
    mirror: {
      kind: 's3',
      server: store.endpoint,
      bucket: 'openstack-images',
      region: store.region,
      swiftPrefix: store.swiftPrefix,
      keyPrefix: '',
      accessKey: store.accessKey,
      secretKey: store.secretKey,
      acl: 'public-read',
    },
    build(version, { packed = false } = {}) {
      const stored = imageOf(`demo ${version}`, 20_000)
      const path = `/demo/${version}/demo.qcow2${packed ? '.gz' : ''}`
      const body = packed ? gzipSync(stored) : stored
      origin.put(path, body)
      return {
        version,
        url: `${origin.url}${path}`,
        mirrorUrl: publicUrl(`demo-1/${version}-demo-1.qcow2`),
        checksum: `sha256:${hexDigest('sha256', stored)}`,
        source: `sha256:${hexDigest('sha256', body)}`,
        stored,
      }
    },
    async write(entries, more = '') {
      const versions = entries.map(({ version, url, mirrorUrl, checksum }) => {
        const all = { version: version && `'${version}'`, url, mirror_url: mirrorUrl, checksum }
        const lines = Object.entries(all).filter(([, value]) => value !== undefined)
        return `    - ${lines.map(([key, value]) => `${key}: ${value}`).join('\n      ')}\n`
      })
      const text = `images:\n- name: Demo 1\n  shortname: demo-1\n  format: qcow2\n  versions:${
        versions.length === 0 ? ' []\n' : `\n${versions.join('')}`
      }${more}`
      await writeFile(join(folder, 'demo.yml'), text)
    },
    async close() {
      await store.close()
      await origin.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
