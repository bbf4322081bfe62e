import type { ImageFormat } from '../../image.ts'
import type { RecommendedImage } from '../resolver.ts'

type Architecture = RecommendedImage['architecture']

/** What a row says of its own. */
interface Row extends Pick<RecommendedImage, 'image' | 'latestUrl'> {
  /** Default: qcow2. */
  readonly format?: ImageFormat
  /** A URL, the name of a file in the image's folder, or, with a dot in front, what follows the image's name. */
  readonly checksums?: string
}

/** One row for each architecture; `debian` is Debian's name of it. */
export function onBoth(
  row: (architecture: Architecture, debian: 'amd64' | 'arm64') => Row,
): RecommendedImage[] {
  return [...onOne(row('x86_64', 'amd64')), ...onOne(row('aarch64', 'arm64'), 'aarch64')]
}

/** The rows of several releases, each for both architectures. */
export function ofReleases(
  releases: readonly string[],
  row: (release: string, architecture: Architecture, debian: 'amd64' | 'arm64') => Row,
): RecommendedImage[] {
  return releases.flatMap((release) => onBoth((...names) => row(release, ...names)))
}

/** The row of an image that is there for one architecture. */
export function onOne(
  { image, latestUrl, checksums, format = 'qcow2' }: Row,
  architecture: Architecture = 'x86_64',
): RecommendedImage[] {
  const folder = checksums?.startsWith('.') ? latestUrl : latestUrl.replace(/[^/]*$/, '')
  const latestChecksumUrl = checksums?.startsWith('https://') ? checksums : checksums && folder + checksums
  return [{ image, architecture, format, latestUrl, latestChecksumUrl }]
}
