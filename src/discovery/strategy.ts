import type { Image } from '../image.ts'
import type { Found, Resolver, ResolverContext, ResolverFacts } from './resolver.ts'
import type { StrategyName } from './source-rule.ts'

/** A way of finding builds that several distributions share. */
export interface Strategy {
  readonly name: StrategyName
  /** Do the image's URLs have the shape that this strategy reads? Decided from their text alone. */
  fits(image: Image): boolean
  /** @throws UpdaterError HTTP_*, DISCOVERY_*, CHECKSUM_*, SIGNATURE_*, PATTERN_INVALID */
  resolve(image: Image, context: ResolverContext): Promise<Found>
}

/** The resolver of a distribution whose images `isOf` tells, by the first of the strategies that fits. */
export function resolverOf(
  facts: ResolverFacts,
  isOf: (image: Image) => boolean,
  ...strategies: readonly [Strategy, ...Strategy[]]
): Resolver {
  const strategyFor = (image: Image) => strategies.find((strategy) => strategy.fits(image))
  return {
    facts,
    name: facts.name,
    strategies: strategies.map(({ name }) => name),
    serves: (image) => isOf(image) && strategyFor(image) !== undefined,
    resolve: (image, context) => (strategyFor(image) ?? strategies[0]).resolve(image, context),
  }
}

/** Is the image's `latest_url` of this form? A regular expression over its text, placeholders and all. */
export function latestUrlLike(form: RegExp): (image: Image) => boolean {
  return ({ latestUrl = '' }) => form.test(latestUrl)
}
