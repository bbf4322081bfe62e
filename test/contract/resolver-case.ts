import { resolvers } from '../../src/discovery/resolvers/index.ts'
import type { Build, Image } from '../../src/image.ts'
import type { Exchange } from '../discovery/fake-http.ts'
import { imageOf } from '../discovery/image.ts'

/** A digest of 64 (sha256) or 128 (sha512) digits that is told apart by its first ones. */
export const digest = (mark: string, length = 64) => mark.padEnd(length, '0')

export function apacheListing(names: readonly string[]): string {
  const rows = names.map(
    (name) => `<img src="/icons/f.png" alt=""> <a href="${name}">${name}</a>  2026-07-13 16:27  -`,
  )
  return `<html><body><h1>Index</h1><pre><a href="?C=N;O=D">Name</a><hr><a href="/">Parent Directory</a>
${rows.join('\n')}
<hr></pre></body></html>`
}

export const gnu = (mark: string, name: string) => `${digest(mark)}  ${name}\n`
export const gnu512 = (mark: string, name: string) => `${digest(mark, 128)}  ${name}\n`
export const bsd = (mark: string, name: string, size: number) =>
  `# ${name}: ${size} bytes\nSHA256 (${name}) = ${digest(mark)}\n`

export interface ResolverCase {
  readonly resolver: string
  readonly image: Image
  /** The newest build on a day with two, each trap of this distribution next to it. */
  readonly exchanges: readonly Exchange[]
  readonly found: Partial<Build>
  /** The file whose name is told as the latest, where it is not the build's own. */
  readonly alias?: string
  /** What the catalogue would hold if its build were newer. */
  readonly newerUrl: string
  /** What the manifest lists: without it the build's name is missing. Absent: it lists no name. */
  readonly listed?: string
  /** A manifest in which the build's name (or what would become it) is replaced. */
  readonly rename?: (manifest: string, name: string) => string
  /** The error where the name is missing. Default: CHECKSUM_NOT_LISTED. */
  readonly missing?: string
  /** The errors of empty and changed pages. Default: nothing found, and of the last one malformed. */
  readonly empty?: readonly string[]
  /** The last page is a document with one digest of each file. */
  readonly isDocument?: boolean
  /** What is told to be doubtful of it. Default: nothing. */
  readonly warned?: readonly RegExp[]
  /** There is no last page with checksums. */
  readonly manifest?: 'none'
}

export const replaced = (name: string) => (manifest: string, other: string) =>
  manifest.replaceAll(name, other)

/** An image with the URLs that its resolver recommends. */
export function imageAt(resolver: string, title: string, architecture = 'x86_64'): Image {
  const layout = resolvers
    .find(({ name }) => name === resolver)
    ?.recommended.find((one) => one.image === title && one.architecture === architecture)
  if (layout === undefined) throw new Error(`${resolver} has no layout of ${title}`)
  const { latestUrl, latestChecksumUrl, format } = layout
  return imageOf({ name: title, latestUrl, latestChecksumUrl, format })
}
