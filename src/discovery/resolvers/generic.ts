import type { Resolver } from '../resolver.ts'
import type { StrategyName } from '../source-rule.ts'
import { strategies } from '../strategies/index.ts'

/** Serves images of any distribution whose URLs have the strategy's form. */
function anyDistribution(name: StrategyName, title: string, asks: readonly string[]): Resolver {
  return {
    name,
    title,
    asks,
    trusts: 'the checksum over https',
    recommended: [],
    serves: () => true,
    strategies: [strategies[name]],
  }
}

/** The shared strategies themselves, for what no resolver of a distribution serves. */
export const genericResolvers: readonly Resolver[] = [
  anyDistribution('document', 'any: JSON document', ['the document that `latest_checksum_url` names']),
  anyDistribution('placeholder', 'any: `HEREBE…DRAGONS` in `latest_url`', [
    'the listings of folders with patterns',
    'the manifest',
  ]),
  anyDistribution('dated-folder', 'any: folder `current`, `latest` or `release`', [
    'the listing of dated folders',
    'the manifest of the newest',
  ]),
  anyDistribution('pointer', 'any: `HEREBE…DRAGONS` in `latest_checksum_url` alone', [
    'the text at `latest_url`, which names the newest',
    'the manifest',
  ]),
  anyDistribution('manifest', 'any: a file that moves on', ['the manifest']),
]
