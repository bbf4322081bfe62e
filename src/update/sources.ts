import { matchesNames } from '../catalog/select.ts'
import type { SourceRule } from '../discovery/source-rule.ts'
import type { Image } from '../image.ts'

/** The first rule that is meant for the image. */
export function ruleFor(image: Image, rules: readonly SourceRule[]): SourceRule | undefined {
  return rules.find(({ images }) => matchesNames(image, images))
}
