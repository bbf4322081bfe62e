import { afterAll, describe, it } from 'vitest'
import { cloudGroups } from './cloud-table.ts'
import { runCloudRow } from './run-cloud-row.ts'

const verdicts: string[] = []
afterAll(() => {
  process.stdout.write(`${verdicts.join('\n')}\n${verdicts.length} faults\n`)
})

describe.each(cloudGroups)('$name', ({ name, rows }) => {
  for (const row of rows) {
    it.concurrent(row.fault, async () => {
      const tell = (verdict: string) => verdicts.push(`${verdict.padEnd(8)}${name}: ${row.fault}`)
      try {
        await runCloudRow(row)
        tell('held')
      } catch (error) {
        tell('BROKEN')
        throw error
      }
    })
  }
})
