import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { correctChecksums } from '../../src/mirror/correct.ts'

let home: string
let file: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'correct-'))
  mkdirSync(join(home, 'images'))
  file = join(home, 'images/a.yml')
  writeFileSync(file, 'images:\n  - name: Demo\n    versions:\n      - checksum: old\n')
})
afterEach(() => rmSync(home, { recursive: true }))

describe('a correction of a checksum', () => {
  it('says of a file with a second name that the other one keeps the old text', async () => {
    linkSync(file, join(home, 'second.yml'))
    const told: string[] = []
    const edit = { index: 0, name: 'Demo', before: { checksum: 'old' }, after: { checksum: 'new' } }
    const note = (_: string, message: string) => void told.push(message)
    const { changes, failures } = await correctChecksums([{ file, edit }], { dryRun: false, note })
    expect([changes.length, failures.size]).toEqual([1, 0])
    expect(readFileSync(file, 'utf8')).toContain('checksum: new\n')
    expect(told).toEqual([expect.stringContaining('has 2 names (hard links)')])
  })
})
