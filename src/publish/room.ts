import type { CloudImage } from '../cloud/image.ts'
import type { Quota } from '../cloud/record.ts'
import { formatBytes } from '../report/quantities.ts'

/**
 * Says what of a quota has no room for a rotation: the new image is there before the old one can go. It may be as large as
 * the largest that is there.
 * @param project id of the one whose quota it is
 */
export function lackOfRoom(
  { images: count, bytes }: Quota,
  images: readonly CloudImage[],
  project: string,
): string[] {
  const sizes = images.filter(({ owner }) => owner === project).map(({ size = 0 }) => size)
  const largest = Math.max(0, ...sizes)
  const lacks = [
    count !== undefined &&
      count.used + 1 > count.limit &&
      `the project has ${count.used} of ${count.limit} images`,
    bytes !== undefined &&
      bytes.used + largest > bytes.limit &&
      `the project has ${formatBytes(bytes.used)} of ${formatBytes(bytes.limit)}, and its largest image has ${formatBytes(largest)}`,
  ].filter((lack) => lack !== false)
  return lacks.map((lack) => `The quota has no room for one more image, which a rotation needs: ${lack}`)
}
