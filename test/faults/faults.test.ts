import { afterAll, describe, it } from 'vitest'
import { runRow } from './run-row.ts'
import { groups } from './table.ts'

const verdicts: string[] = []
afterAll(() => {
  process.stdout.write(`${verdicts.join('\n')}\n${verdicts.length} faults\n`)
})

describe.each(groups)('$name', ({ name, rows }) => {
  for (const row of rows) {
    it.concurrent(row.fault, async ({ skip }) => {
      const tell = (verdict: string) => verdicts.push(`${verdict.padEnd(8)}${name}: ${row.fault}`)
      const lacking = row.lacks?.()
      if (lacking !== undefined) {
        tell('skipped')
        skip(`this machine lacks ${lacking}`)
      }
      try {
        await runRow(row)
        tell('held')
      } catch (error) {
        tell('BROKEN')
        throw error
      }
    })
  }
})
