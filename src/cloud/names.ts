import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage } from './image.ts'
import { marks } from './marks.ts'

/** Characters that a name may have in Glance. */
export const longestName = 255

/** The name by which users find a version: of a `multi` image's newest one the definition's own, as Image Manager has it. */
export function finalName(definition: Definition, version: DefinedVersion, isNewest: boolean): string {
  const { image, multi, separator } = definition
  if (!multi) return image.name + separator + version.version
  return isNewest ? image.name : versionName(definition, version.version)
}

/** The name of an image that has lost the final one. */
export function versionName({ image, separator }: Definition, version: string): string {
  return `${image.name}${separator}(${version})`
}

/** What an image is a version of, in its own words; of one that says nothing the day on which it was made. */
export function versionOf({ properties, createdAt }: CloudImage): string {
  const { internal_version: version = '' } = properties
  if (version !== '' && version !== 'latest') return version
  return createdAt.toISOString().slice(0, 10).replaceAll('-', '')
}

/**
 * The name that an image gets when another one takes its own: its version's; where that is taken, eight digits of its
 * digest follow, and of its id where that is taken too.
 */
export function nameOfOld(definition: Definition, image: CloudImage, taken: ReadonlySet<string>): string {
  const name = versionName(definition, versionOf(image))
  const [, digest = image.hash?.hex ?? image.id] = (image.properties[marks.checksum] ?? '').split(':')
  const names = [name, `${name} ${digest.slice(0, 8)}`, `${name} ${image.id.slice(0, 8)}`]
  return names.find((one) => !taken.has(one)) ?? `${name} ${image.id}`
}
