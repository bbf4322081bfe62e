import type { Layout } from '../resolver.ts'

type Architecture = Layout['architecture']

/** One layout for each architecture; `other` is Debian's name of it. */
export function onBoth(
  layout: (architecture: Architecture, other: 'amd64' | 'arm64') => Omit<Layout, 'architecture'>,
): Layout[] {
  const names = [
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
  ] as const
  return names.map(([architecture, other]) => ({ ...layout(architecture, other), architecture }))
}

/** A layout whose checksum file is named as the image, with `suffix` behind it. */
export function withSidecar(layout: Omit<Layout, 'latestChecksumUrl'>, suffix: string): Layout {
  return { ...layout, latestChecksumUrl: `${layout.latestUrl}${suffix}` }
}
