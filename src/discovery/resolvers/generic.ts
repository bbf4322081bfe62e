import type { Resolver } from '../resolver.ts'
import { datedFolderStrategy } from '../strategies/dated-folder.ts'
import { documentStrategy } from '../strategies/document.ts'
import { manifestStrategy } from '../strategies/manifest.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { pointerStrategy } from '../strategies/pointer.ts'
import { resolverOf, type Strategy } from '../strategy.ts'

/** Serves images of any distribution whose URLs have the strategy's shape. */
function anyDistribution(title: string, asks: readonly string[], strategy: Strategy): Resolver {
  const facts = { name: strategy.name, title, asks, trusts: 'the checksum over https', layouts: [] }
  return resolverOf(facts, () => true, strategy)
}

/** The shared strategies themselves, for what no resolver of a distribution serves. */
export const genericResolvers: readonly Resolver[] = [
  anyDistribution(
    'any: JSON document',
    ['the document that `latest_checksum_url` names'],
    documentStrategy(),
  ),
  anyDistribution(
    'any: `HEREBE…DRAGONS` in `latest_url`',
    ['the listings of folders with patterns', 'the manifest'],
    placeholderStrategy(),
  ),
  anyDistribution(
    'any: folder `current`, `latest` or `release`',
    ['the listing of dated folders', 'the manifest of the newest'],
    datedFolderStrategy,
  ),
  anyDistribution(
    'any: `HEREBE…DRAGONS` in `latest_checksum_url` alone',
    ['the text at `latest_url`, which names the newest', 'the manifest'],
    pointerStrategy,
  ),
  anyDistribution('any: a file that moves on', ['the manifest'], manifestStrategy),
]
