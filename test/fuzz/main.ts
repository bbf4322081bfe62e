/**
 * `npm run fuzz -- [TARGET…] [--seconds N] [--seed N [--path P]]`: tries generated and damaged input on what reads
 * strangers' bytes. Its exit status is 1 if a case shows a defect.
 */
import { parseArgs } from 'node:util'
import { type Finding, fuzz } from './target.ts'
import { targets } from './targets.ts'

const names = targets.map(({ name }) => name)

const say = (line: string) => process.stdout.write(`${line}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string' },
  },
})
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
const unknown = positionals.find((name) => !names.includes(name))
if (unknown !== undefined || !(seconds > 0) || !Number.isInteger(seed)) {
  say(`Usage: npm run fuzz -- [${names.join('|')}]… [--seconds N] [--seed N [--path P]]`)
  process.exit(2)
}
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
say(`seed ${seed}, ${seconds} s for ${chosen.map(({ name }) => name).join(', ')}`)

for (const target of chosen) {
  for (const oracle of target.missing) say(`${target.name}: not compared with ${oracle}`)
  const end = Date.now() + (seconds * 1000) / chosen.length
  const { tried, finding } = await fuzz(target, { seed, path: values.path }, () => Date.now() >= end)
  say(`${target.name}: ${tried} cases, ${finding === undefined ? 'no defect' : 'a defect'}`)
  if (finding === undefined) continue
  process.exitCode = 1
  tell(finding)
}
process.exit()

function tell({ target, replay, shown, error }: Finding): void {
  const path = replay?.path === undefined ? '' : ` --path ${replay.path}`
  say(`  case: ${shown}`)
  say(`  ${error instanceof Error ? (error.stack ?? error.message).replaceAll('\n', '\n  ') : String(error)}`)
  say(`  again: npm run fuzz -- ${target}${replay === undefined ? '' : ` --seed ${replay.seed}${path}`}`)
  say(`  Keep it as a row of \`kept\` in test/fuzz/${target}.ts`)
}
