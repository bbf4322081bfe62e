import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Interruption } from '../../src/cli/context.ts'
import { formatReport } from '../../src/report/json.ts'
import { sample } from '../page/sample.ts'
import { checked, checkOf, failed } from '../report/checked.ts'
import { cli, temporaryFolder } from './support.ts'

const checkCatalogue = async () => checkOf([checked(), failed])
const library = { checkCatalogue }

describe('report', () => {
  it('writes a page of a check that it makes, whatever that finds', async () => {
    const file = join(temporaryFolder(), 'page.html')
    const { status, out, err } = await cli(['report', '--html', file], { library })
    expect({ status, out, err }).toEqual({ status: 0, out: `${file} tells of 2 images\n`, err: '' })
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>.*Delta.*<\/html>\n$/s)
    expect((await cli(['report', '--html', file, '--quiet'], { library })).out).toBe('')
  })

  it('writes the same page of a report that has been kept', async () => {
    const folder = temporaryFolder()
    const [now, kept, later] = ['now.html', 'check.json', 'later.html'].map((name) => join(folder, name))
    const given = { library: { checkCatalogue: async () => sample() } }
    await cli(['report', '--html', now ?? ''], given)
    writeFileSync(kept ?? '', formatReport(sample(), 0))
    const never = { checkCatalogue: async () => expect.unreachable() }
    const { status } = await cli(['report', '--from', kept ?? '', '--html', later ?? ''], { library: never })
    expect(status).toBe(0)
    expect(readFileSync(later ?? '', 'utf8')).toBe(readFileSync(now ?? '', 'utf8'))
  })

  it.each([
    [[], 'The page has no file to go to'],
    [
      ['--html', '/no/folder/x.html'],
      'The file of --html cannot be written to /no/folder/x.html: its folder does not exist',
    ],
    [
      ['--html', '/dev/null', '--from', '/no/report.json'],
      'The report /no/report.json cannot be read: it does not exist',
    ],
    [['--html', '/dev/null', '--from', 'package.json'], 'package.json is no report of a check'],
    [['--html', '/dev/null', '--from', 'package.json', 'x'], 'Images are named'],
    [['--html', '/dev/null', '--from', 'package.json', '--cloud', 'x'], 'A cloud is named'],
  ])('is refused: %j', async (args, message) => {
    const { status, err } = await cli(['report', ...args], { library })
    expect(status).toBe(2)
    expect(err).toContain(message)
  })

  it('says of which command another report is', async () => {
    const kept = join(temporaryFolder(), 'report.json')
    const of = { command: 'verify', images: [] }
    const summary = { checked: 0, updated: 0, would_update: 0, up_to_date: 0, skipped: 0, failed: 0 }
    const run = {
      schema_version: 1,
      started_at: new Date(0).toISOString(),
      seconds: 1,
      dry_run: false,
      exit_status: 0,
      summary,
    }
    for (const [report, command] of [
      [of, 'verify'],
      [{ ...run, images: [], changes: [], errors: [] }, 'update'],
    ] as const) {
      writeFileSync(kept, JSON.stringify(report))
      const { status, err } = await cli(['report', '--html', '/dev/null', '--from', kept], { library })
      expect([status, err]).toEqual([
        2,
        expect.stringContaining(`report.json is the report of ${command}, not of check`),
      ])
    }
  })

  it('leaves the old page where it is interrupted', async () => {
    const file = join(temporaryFolder(), 'page.html')
    const signal = AbortSignal.abort(new Interruption('SIGINT'))
    expect((await cli(['report', '--html', file], { library, signal })).status).toBe(130)
    expect(existsSync(file)).toBe(false)
  })
})
