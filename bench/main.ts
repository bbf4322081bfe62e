/**
 * npm run bench [-- FILTER… --rounds N --scale F --json FILE]: every contestant of a bench in turn, again
 * and again; what counts is the ratio within a round, and the median of the rounds.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { type Result, runBench } from './rounds.ts'
import { formatResult, machine } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string', default: 'bench-results.json' },
  },
})
const chosen = benches.filter(
  ({ name }) => positionals.length === 0 || positionals.some((filter) => name.includes(filter)),
)
if (chosen.length === 0) {
  console.error(`No bench of that name; there are: ${benches.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

console.log(`${machine()}\n`)
const results: Result[] = []
for (const bench of chosen) {
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-bench-'))
  try {
    const scale = { factor: Number(values.scale), folder }
    const result = await runBench(bench, scale, Number(values.rounds))
    results.push(result)
    console.log(formatResult(result))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
await writeFile(values.json, `${JSON.stringify({ machine: machine(), results }, undefined, 2)}\n`)
const missed = results.flatMap(({ limits }) => limits).filter(({ reached }) => !reached)
console.log(
  `${missed.length === 0 ? 'All limits are kept' : `${missed.length} limits are not kept`}; ${values.json}`,
)
