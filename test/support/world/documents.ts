import { hexDigest } from './published.ts'

/** A build as its server has it. */
export interface Build {
  /** `/host/path` at the origin. */
  readonly path: string
  /** Where its manifest, or the document that tells of it, is. */
  readonly checksumPath: string | undefined
  /** What the file is called in its manifest. */
  readonly name: string
  /** The published bytes. */
  readonly bytes: Uint8Array
  /** What comes out of them. */
  readonly stored: Uint8Array
  /** Lower-case hexadecimal, in the algorithm of the manifest. */
  readonly hex: string
}

const released = '2026-08-31'

/** The JSON document in which a distribution tells of builds; `undefined` where it has none. */
export function documentOf(
  resolver: string,
  originUrl: string,
  builds: readonly Build[],
): string | undefined {
  const files = builds.map(({ path, hex, bytes, stored }) => ({
    unpacked: hexDigest('sha256', stored),
    url: `${originUrl}${path}`,
    path,
    hex,
    size: bytes.length,
  }))
  switch (resolver) {
    case 'fedora-coreos': {
      const architectures = files.map(({ url, hex, unpacked }) => {
        const disk = { location: url, sha256: hex, 'uncompressed-sha256': unpacked }
        const formats = { 'qcow2.xz': { disk } }
        const architecture = url.includes('aarch64') ? 'aarch64' : 'x86_64'
        return [architecture, { artifacts: { openstack: { release: '16.20260831.0', formats } } }]
      })
      return JSON.stringify({ stream: 'stable', architectures: Object.fromEntries(architectures) })
    }
    case 'oraclelinux': {
      const [, base, image] = /^(.*)\/([^/]*)$/.exec(files.at(-1)?.url ?? '') ?? []
      return JSON.stringify({ base_url: base, kvm: { image, sha256: files.at(-1)?.hex } })
    }
    case 'gardenlinux': {
      const releases = files.map(({ url }) => ({
        lifecycle: { released: { isodate: released } },
        flavors: { 'openstack-gardener_prod': { image: url } },
      }))
      return JSON.stringify({ releases })
    }
    case 'homeassistant':
      return JSON.stringify(
        files.map(({ url, hex, size }) => ({
          tag_name: url.split('/').at(-2),
          assets: [{ browser_download_url: url, digest: `sha256:${hex}`, size }],
        })),
      )
    case 'cirros':
    case 'ubuntu-streams': {
      const items = files.map(({ path, hex, size }, index) => [
        `item${index}`,
        { path: path.replace(/^\/[^/]+\/(?:releases\/)?/, ''), sha256: hex, size },
      ])
      const versions = { [released.replaceAll('-', '')]: { items: Object.fromEntries(items) } }
      return JSON.stringify({ format: 'products:1.0', products: { product: { versions } } })
    }
    default:
      return undefined
  }
}
