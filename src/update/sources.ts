import { matchesNames } from '../catalog/select.ts'
import type { CatalogFile } from '../catalog/types.ts'
import { withRule } from '../discovery/rules.ts'
import type { SourceRule } from '../discovery/source-rule.ts'
import type { Image } from '../image.ts'

/** The first rule that is meant for the image. */
export function ruleFor(image: Image, rules: readonly SourceRule[]): SourceRule | undefined {
  return rules.find(({ images }) => matchesNames(image, images))
}

/** The catalogue with the rules' URLs in place of the images' own. */
export function withSources(files: readonly CatalogFile[], rules: readonly SourceRule[]): CatalogFile[] {
  return files.map((file) => ({
    ...file,
    images: file.images.map((image) => withRule(image, ruleFor(image, rules))),
  }))
}
