import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { formatOfFile, listEndings, type ReportFormat, reportFormats } from '../../src/report/formats.ts'
import { refusedReport } from '../../src/report/refusal.ts'
import { outcome, reportOf } from '../cli/support.ts'
import { checked, checkOf, hostile, hostileText } from './checked.ts'

const refusal = { startedAt: new Date(0), seconds: 0.5, errors: [new UpdaterError('USAGE', 'No such thing')] }

describe.each(Object.keys(reportFormats) as ReportFormat[])('the report format %s', (name) => {
  it.each([
    ['an update', reportOf([outcome({ name: 'Alpha 1', status: 'updated' })]), 'Alpha 1'],
    ['a check', checkOf([checked({ name: 'Alpha 1', warnings: ['Alpha 1 is old'] })]), 'Alpha 1'],
    ['a refused update', refusedReport('update', refusal, { dry_run: true }), 'No such thing'],
    ['a refused check', refusedReport('check', refusal, {}), 'No such thing'],
    ['an update of hostile texts', reportOf([outcome({ name: hostileText, status: 'updated' })]), '@team'],
    ['a check of hostile texts', checkOf([hostile]), '@team'],
  ])('tells %s in whole lines, and no control character', async (_what, report, told) => {
    const text = (await reportFormats[name].load())(report, 1)
    expect(text).toContain(told)
    expect(text).toMatch(/\n$/)
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  })

  it('is chosen by its ending, and stands in docs/reports.md', () => {
    const { ending } = reportFormats[name]
    expect(formatOfFile(`/x/report${ending.toUpperCase()}`)).toBe(name)
    expect(listEndings()).toContain(ending)
    expect(readFileSync('docs/reports.md', 'utf8')).toContain(`| \`${ending}\``)
  })
})

describe('the format of a file', () => {
  it('is JSON if its ending says nothing else', () => {
    expect(formatOfFile('/x.xml/report')).toBe('json')
  })
})
