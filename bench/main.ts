/**
 * npm run bench [-- FILTER… --rounds N --scale F --json FILE]: every contestant of a bench in turn, again
 * and again; what counts is the ratio within a round, and the median of the rounds.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MissingProgram } from './bench.ts'
import { benches } from './benches.ts'
import { isInMemory } from './measure.ts'
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

const factor = Number(values.scale)
const rounds = Number(values.rounds)
const sizes = factor === 1 ? '' : `, sizes × ${factor}`
const setting = `${machine()}; median of ${rounds} rounds${sizes}`
console.log(`${setting}\n`)
if (await isInMemory(tmpdir())) console.log(`${tmpdir()} is in memory: no byte of it goes to a disk\n`)

const results: Result[] = []
for (const bench of chosen) {
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-bench-'))
  try {
    const result = await runBench(bench, { factor, folder }, rounds)
    results.push(result)
    console.log(formatResult(result))
    await writeFile(values.json, `${JSON.stringify({ setting, results }, undefined, 2)}\n`)
  } catch (error) {
    if (!(error instanceof MissingProgram)) process.exitCode = 1
    console.log(`### ${bench.name} is left out: ${(error as Error).message}\n`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
const missed = results.flatMap(({ limits }) => limits).filter(({ reached }) => !reached)
const verdict = missed.length === 0 ? 'All limits are kept' : `${missed.length} limits are not kept`
console.log(`${verdict}; ${Math.ceil(performance.now() / 60_000)} minutes; ${values.json}`)
