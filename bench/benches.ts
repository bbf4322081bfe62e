import type { Bench } from './bench.ts'
import { catalogues } from './groups/catalogue.ts'
import { checks } from './groups/check.ts'
import { memories } from './groups/memory.ts'
import { packedTransfers } from './groups/packed.ts'
import { publishing } from './groups/publish.ts'
import { startups } from './groups/startup.ts'
import { transfers } from './groups/transfer.ts'

export const benches: readonly Bench[] = [
  ...startups,
  ...catalogues,
  ...checks,
  ...transfers,
  ...packedTransfers,
  ...memories,
  ...publishing,
]
