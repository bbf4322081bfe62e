import type { Image } from '../../image.ts'
import type { RecommendedImage } from '../resolver.ts'

type Architecture = RecommendedImage['architecture']

/** Is the image's `latest_url` of this form? A regular expression over its text, placeholders and all. */
export function latestUrlLike(form: RegExp): (image: Image) => boolean {
  return ({ latestUrl = '' }) => form.test(latestUrl)
}

/** One row for each architecture; `other` is Debian's name of it. */
export function onBoth(
  row: (architecture: Architecture, other: 'amd64' | 'arm64') => Omit<RecommendedImage, 'architecture'>,
): RecommendedImage[] {
  const names = [
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
  ] as const
  return names.map(([architecture, other]) => ({ ...row(architecture, other), architecture }))
}

/** A row whose checksum file is named as the image, with `suffix` behind it. */
export function withSidecar(
  row: Omit<RecommendedImage, 'latestChecksumUrl'>,
  suffix: string,
): RecommendedImage {
  return { ...row, latestChecksumUrl: `${row.latestUrl}${suffix}` }
}
