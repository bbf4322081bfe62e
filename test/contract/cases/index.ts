import type { ResolverCase } from '../resolver-case.ts'
import { exampleCases } from './example.ts'
import { layoutCases } from './layouts.ts'
import { strategyCases } from './strategies.ts'

/** At least one case of each resolver. */
export const resolverCases: readonly ResolverCase[] = [
  ...strategyCases,
  ...layoutCases,
  ...exampleCases,
  // Below: one line for each file of this folder that has a case of its own.
]
