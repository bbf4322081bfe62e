import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import type { Resolver } from './resolver.ts'
import type { DistributionPin } from './signatures/pins.ts'
import type { SourceRule } from './source-rule.ts'
import { strategies } from './strategies/index.ts'
import { resolverOf } from './strategy.ts'

/**
 * The resolver that a rule stands for.
 * @param image with the rule's URLs
 * @throws UpdaterError CONFIGURATION where the URLs do not have the shape that the rule's strategy reads
 */
export function resolverOfRule({ name, strategy }: SourceRule, image: Image): Resolver {
  const facts = { name, title: name, asks: [], trusts: '', layouts: [] }
  const resolver = resolverOf(facts, () => true, strategies[strategy])
  if (resolver.serves(image)) return resolver
  throw new UpdaterError(
    'CONFIGURATION',
    `The URLs of ${image.name} are not of the form that the strategy "${strategy}" of source ${name} reads`,
    {
      remedy:
        'docs/adding-a-distribution.md says what each strategy expects of latest_url and latest_checksum_url',
    },
  )
}

/** The image with the rule's URLs in place of its own. */
export function withRule(image: Image, rule: SourceRule | undefined): Image {
  if (rule === undefined) return image
  return {
    ...image,
    latestUrl: rule.latestUrl ?? image.latestUrl,
    latestChecksumUrl:
      rule.strategy === 'first-use' ? undefined : (rule.latestChecksumUrl ?? image.latestChecksumUrl),
  }
}

/** Who signs the sources of the rules, by their names. */
export function pinsOfRules(rules: readonly SourceRule[]): Record<string, DistributionPin> {
  return Object.fromEntries(
    rules.flatMap(({ name, strategy, signature }) => {
      if (signature === undefined || strategy === 'first-use') return []
      const { form, suffixes = ['.asc', '.sig', '.gpg'], keys, keyUrl, required = false } = signature
      const pin: DistributionPin = {
        signature: form === 'clearsigned' ? form : suffixes,
        knownToSign: required,
        hosts: 'any',
        fingerprints: keys,
        keyUrl,
        keyHint: 'Put the key into the keyring folder, or name its URL as keyUrl of the source',
      }
      return [[name, pin]]
    }),
  )
}
