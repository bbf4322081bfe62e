import { compressionOfUrl } from '../../../src/discovery/file-url.ts'
import { findResolver } from '../../../src/discovery/find-resolver.ts'
import type { RecommendedImage } from '../../../src/discovery/resolver.ts'
import { findUrlStamp } from '../../../src/discovery/stamp.ts'
import { imageOf as discoveryImage } from '../../discovery/image.ts'
import { makeQcow2, makeRaw } from '../images.ts'
import { packBy } from '../packed.ts'
import { makeTar } from '../tar.ts'
import { type Build, documentOf } from './documents.ts'
import { hexDigest, type Newest, type Publisher } from './published.ts'
import { sample } from './samples.ts'

/** What a definition says of where its builds are; the URLs are those of the real servers. */
export type Wanted = Pick<RecommendedImage, 'latestUrl' | 'latestChecksumUrl' | 'format'> & {
  readonly osDistro?: string | undefined
}

/** A layout as the origin serves it. */
export interface PublishedLayout {
  /** Name of the resolver that serves it. */
  readonly resolver: string
  /** The definition's URLs, at the origin. */
  readonly latestUrl: string
  readonly latestChecksumUrl: string | undefined
  readonly newest: Newest
}

/** The day of all builds whose names tell none. */
const day = '20260831'
const lastModified = new Date('2026-08-31T12:00:00Z')

/** Puts layouts on an origin, one after the other; what they share, such as a manifest, has all of them. */
export interface LayoutPublisher {
  /**
   * Puts an older and the newest build of a layout on the origin, with the listings (made of the files),
   * manifests, documents and pointers that its distribution has, each host as the first folder. `undefined`
   * where the system's tool for packing the image is not installed.
   */
  publish(wanted: Wanted): PublishedLayout | undefined
}

export function createLayoutPublisher({ origin, size }: Publisher): LayoutPublisher {
  const byManifest = new Map<string, Map<string, Build>>()

  function register(resolver: string, build: Build): void {
    const { checksumPath, path } = build
    if (checksumPath === undefined) return
    const builds = byManifest.get(checksumPath) ?? new Map<string, Build>()
    byManifest.set(checksumPath, builds.set(path, build))
    const all = [...builds.values()]
    origin.put(checksumPath, documentOf(resolver, origin.url, all) ?? manifestOf(resolver, all))
  }

  return {
    publish(wanted) {
      const { latestUrl, latestChecksumUrl, osDistro, format } = wanted
      const image = discoveryImage({ latestUrl, latestChecksumUrl, osDistro, format })
      const resolver = findResolver(image).resolver.name
      const algorithm = /sha512|\.DIGESTS$/i.test(latestChecksumUrl ?? '') ? 'sha512' : 'sha256'
      const local = (url: string) => url.replace(/^https?:\/\//, '/')
      const publishBuild = (newest: boolean) => {
        const urls = buildUrls(resolver, latestUrl, latestChecksumUrl, newest)
        const stored = makeImage(format, `${urls.latest} ${newest}`, size)
        // Nobody loads an older build, so that it need not be packed.
        const bytes = newest ? packed(urls.latest, stored, format) : stored
        if (bytes === undefined) return undefined
        const path = local(urls.latest)
        const name = path.slice(path.lastIndexOf('/') + 1)
        const hex = hexDigest(algorithm, bytes)
        const build = {
          path,
          checksumPath: urls.checksums && local(urls.checksums),
          name,
          bytes,
          stored,
          hex,
        }
        origin.put(path, { body: bytes, lastModified })
        register(resolver, build)
        return { build, stored }
      }
      publishBuild(false)
      const newest = publishBuild(true)
      if (newest === undefined) return undefined
      const { build, stored } = newest
      if (latestUrl.includes('-latest.')) {
        const alias = local(latestUrl)
        register(resolver, { ...build, path: alias, name: alias.slice(alias.lastIndexOf('/') + 1) })
      }
      for (const [path, body] of Object.entries(extras(resolver, build, local(latestUrl))))
        origin.put(path, body)
      return {
        resolver,
        latestUrl: `${origin.url}${local(latestUrl)}`,
        latestChecksumUrl: latestChecksumUrl && `${origin.url}${local(latestChecksumUrl)}`,
        newest: {
          version: findUrlStamp(build.path)?.date ?? day,
          path: build.path.slice(1),
          checksum: `${algorithm}:${hexDigest(algorithm, stored)}`,
          stored,
        },
      }
    },
  }
}

/** The addresses of one build of a layout. */
function buildUrls(resolver: string, latestUrl: string, checksumUrl: string | undefined, newest: boolean) {
  const fill = (url: string) => url.replace(/HEREBE(.*?)DRAGONS/g, (_, pattern) => sample(pattern, newest))
  if (resolver === 'ubuntu' || resolver === 'debian' || resolver === 'dated-folder') {
    return datedUrls(latestUrl, checksumUrl ?? '', newest)
  }
  if (resolver === 'flatcar') {
    const version = (url: string) => url.replace('/current/', newest ? '/4230.10.0/' : '/4230.9.0/')
    return { latest: version(latestUrl), checksums: version(checksumUrl ?? '') }
  }
  if (resolver === 'gentoo' || resolver === 'cluster-api' || resolver === 'octavia-amphora') {
    const path = pointedPath(resolver, latestUrl, newest)
    return {
      latest: latestUrl.replace(/[^/]*$/, path),
      checksums: checksumUrl?.replace(/HEREBE(.*?)DRAGONS/, path),
    }
  }
  if (resolver === 'almalinux' && latestUrl.includes('-latest.')) {
    return {
      latest: latestUrl.replace('latest', newest ? '9.8-20260831' : '9.8-20260101'),
      checksums: checksumUrl,
    }
  }
  return { latest: fill(latestUrl), checksums: checksumUrl && fill(checksumUrl) }
}

function datedUrls(latestUrl: string, checksumUrl: string, newest: boolean) {
  const isDebian = checksumUrl.endsWith('SHA512SUMS')
  const stamp = `${newest ? '20260831' : '20260101'}${isDebian ? '-2400' : ''}`
  const move = (url: string) =>
    url
      .replace(/\/(?:current|latest)\/([^/]*)$/, `/${stamp}/$1`)
      .replace(/\/release\/([^/]*)$/, `/release-${stamp}/$1`)
  const latest = isDebian ? move(latestUrl).replace(/(\.[^.]*)$/, `-${stamp}$1`) : move(latestUrl)
  return { latest, checksums: move(checksumUrl) }
}

function pointedPath(resolver: string, latestUrl: string, newest: boolean): string {
  const date = newest ? '20260831' : '20260101'
  const release = /last-(.*)$/.exec(latestUrl)?.[1]
  if (resolver === 'cluster-api')
    return `ubuntu-2404-kube-v${release}/ubuntu-2404-kube-v${release}.${newest ? 10 : 9}.qcow2`
  if (resolver === 'octavia-amphora') return `octavia-amphora-haproxy-${release}.${date}.qcow2`
  const name = /latest-(.*)\.txt$/.exec(latestUrl)?.[1]
  return `${date}T170106Z/${name}-${date}T170106Z.qcow2`
}

function makeImage(format: RecommendedImage['format'], url: string, size: number): Uint8Array {
  const seed = Number.parseInt(hexDigest('md5', url).slice(0, 6), 16)
  if (format === 'raw') return makeRaw({ size: Math.ceil(size / 512) * 512, seed })
  return makeQcow2({ size: size + (seed % 50) * 512, seed })
}

function packed(url: string, image: Uint8Array, format: string): Uint8Array | undefined {
  const compression = compressionOfUrl(url)
  if (compression === undefined) return image
  const isArchive = compression.startsWith('tar')
  const content = isArchive
    ? makeTar([
        { name: 'README', body: 'x' },
        { name: `./disk.${format}`, body: image },
      ])
    : image
  const tool = { xz: 'xz', bz2: 'bzip2', gz: 'gzip', zst: 'zstd' }[compression.replace('tar.', '')]
  return tool === undefined ? content : packBy(tool, ['-c'], content)
}

function manifestOf(resolver: string, builds: readonly Build[]): string {
  return builds.map((build) => line(resolver, build)).join('')
}

const bsdResolvers = new Set(['rocky', 'fedora', 'freebsd', 'opnsense'])

/** A line of a manifest in the manner of its distribution. */
function line(resolver: string, { name, hex, checksumPath = '' }: Build): string {
  if (resolver === 'alpine') return `${hex}\n`
  if (resolver === 'flatcar')
    return `# MD5 HASH\n${'0'.repeat(32)}  ${name}\n# SHA512 HASH\n${hex}  ${name}\n`
  if (resolver === 'ubuntu') return `${hex} *${name}\n`
  if (name.startsWith('openSUSE-Leap')) return `${hex} ${name}\n`
  if (name.startsWith('Leap-')) return `${hex}  ${name.replace('.qcow2', '-Build18.7.qcow2')}\n`
  const isBsd = bsdResolvers.has(resolver) || checksumPath.endsWith('-stream/x86_64/images/CHECKSUM')
  return isBsd ? `${hex.length === 128 ? 'SHA512' : 'SHA256'} (${name}) = ${hex}\n` : `${hex}  ${name}\n`
}

/** What else the server of a distribution has. */
function extras(resolver: string, { path, bytes, hex }: Build, latestPath: string): Record<string, string> {
  const base = latestPath.replace(/[^/]*$/, '')
  switch (resolver) {
    case 'flatcar':
      return { [`${base}version.txt`]: 'FLATCAR_BUILD=4230\nFLATCAR_VERSION=4230.10.0\n' }
    case 'talos':
      return { [path.replace(/image\/.*/, 'versions')]: '["v9.9.9", "v10.10.10", "v10.11.0-alpha.1"]' }
    case 'gentoo':
      return { [latestPath]: `# ts=1778433000\n${path.slice(base.length)} ${bytes.length}\n` }
    case 'cluster-api':
    case 'octavia-amphora':
      return { [latestPath]: `2026-08-31 ${path.slice(base.length)}\n` }
    case 'gardenlinux': {
      const [build, name] = path.split('/').slice(-2)
      const metadata = path.replace(/objects\/.*/, `meta/singles/${build}`)
      return { [metadata]: `version: x\npaths:\n- name: ${name}\n  sha256sum: ${hex}\n` }
    }
    default:
      return {}
  }
}
