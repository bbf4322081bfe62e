import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  buildDay,
  checkStatus,
  daysBetween,
  formatCheckCsv,
  formatCheckText,
  shownVersion,
} from '../../src/report/check.ts'
import { formatReport, parseCheckReport } from '../../src/report/json.ts'
import { refusedReport } from '../../src/report/refusal.ts'
import type { CheckedImage } from '../../src/report/schemas.ts'
import { createPaint, displayWidth } from '../../src/report/terminal.ts'
import { checked, checkOf, disabled, failed, hostile, outdated } from './checked.ts'

const report = checkOf([checked(), outdated, disabled, failed])
const plain = createPaint(false)

describe('the version that is told of', () => {
  const versions = ['0.6.2 2023-05-30', '0.6.3 2024-09-26', '0.6.4 2024-09-26', 'odd'].map((text) => {
    const [version = '', build_date] = text.split(' ')
    return { version, build_date }
  })

  it('is the first one of an image that updates keep, else the one that was built last', () => {
    const told = (status: CheckedImage['status']) => shownVersion({ status, versions })?.version
    expect([told('up-to-date'), told('failed'), told('skipped')]).toEqual(['0.6.2', '0.6.2', '0.6.3'])
    expect(shownVersion({ status: 'skipped', versions: [] })).toBeUndefined()
  })
})

describe('days of a check', () => {
  it.each([
    [{ build_date: '2025-05-06', version: '20240101' }, Date.UTC(2025, 4, 6)],
    [{ version: '20240102' }, Date.UTC(2024, 0, 2)],
    [{ build_date: '2025-05-06T10:00:00Z' }, Date.UTC(2025, 4, 6)],
    [{ build_date: 'yesterday', version: 'latest' }, undefined],
    [{}, undefined],
  ])('%j', (values, day) => expect(buildDay(values)).toBe(day))

  it('are whole ones', () => {
    expect(daysBetween(0, 86_400_000 * 3 - 1)).toBe(2)
    expect(daysBetween(undefined, 5)).toBeUndefined()
  })
})

describe('the exit status of a check', () => {
  it.each([
    [[checked()], 0],
    [[checked(), disabled], 0],
    [[checked({ status: 'outdated' })], 10],
    [[checked({ mirror: { status: 'missing' } })], 10],
    [[checked({ mirror: { status: 'other-bytes' } })], 10],
    [[outdated, failed], 1],
  ])('%# is %i', (images, status) => expect(checkStatus(checkOf(images).summary)).toBe(status))
})

describe('the table of a check', () => {
  it('has a row for every image, and what is wrong below it', () => {
    expect(formatCheckText(report, { paint: plain, columns: 80 }).split('\n')).toEqual([
      'Image    Version   Newest    Age  Mirror   Trust',
      'alpha-1  20250501  current   5 d  ok       signed',
      'beta-2   20250501  20250506  5 d  missing  checksum',
      '  Warning: https://m.example/b.qcow2 answers 404: users of the cloud cannot have',
      '  the image',
      'Gamma    20250501  disabled  5 d  -        -',
      'delta    20250501  failed    5 d  unknown  -',
      '  etc/images/delta.yml:7:5: https://e.example/SHA256SUMS answered 404. Look at',
      '  the server.',
      '',
      '3 checked, 1 current, 1 outdated, 1 skipped, 1 failed, 1 not mirrored in 3.2 s',
      '',
    ])
  })

  it('has the end of life where one is known', () => {
    const images = [checked({ end_of_life: '2029-04-25' }), disabled]
    expect(formatCheckText(checkOf(images), { paint: plain })).toContain(
      'Image    Version   Newest    Age  Mirror  Trust   End of life\n' +
        'alpha-1  20250501  current   5 d  ok      signed  2029-04-25\n' +
        'Gamma    20250501  disabled  5 d  -       -       -\n',
    )
  })

  it('says only the counts where there is no image', () => {
    expect(formatCheckText(checkOf([]), { paint: plain })).toBe(
      '0 checked, 0 current, 0 outdated, 0 skipped, 0 failed in 3.2 s\n',
    )
  })

  it('colours what is to be looked at', () => {
    const text = formatCheckText(report, { paint: createPaint(true) })
    expect(text).toContain('\u001b[33m20250506\u001b[0m')
    expect(text).toContain('\u001b[31mmissing\u001b[0m')
    expect(text).toContain('\u001b[32mcurrent \u001b[0m')
    expect(text).toContain('\u001b[31m1 failed\u001b[0m')
  })

  it('fits the terminal, whatever the names are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 76, max: 140 }),
        (names, columns) => {
          const images = names.map((shortname) =>
            checked({ shortname, end_of_life: '2029-04-25', age_days: 12345, trust: 'first-use' }),
          )
          for (const line of formatCheckText(checkOf(images), { paint: plain, columns }).split('\n')) {
            expect(displayWidth(line)).toBeLessThanOrEqual(columns)
          }
        },
      ),
      { seed: 11, numRuns: 200 },
    )
  })

  it('lets no escape sequence through', () => {
    expect(formatCheckText(checkOf([hostile]), { paint: plain })).not.toMatch(/[\u001b\u0000\u202e]/)
  })
})

describe('a check as JSON', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schema/check.schema.json', import.meta.url), 'utf8'),
  ) as object
  const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true, date: true } })

  it('follows the schema, and comes back as it was', async () => {
    const all = checkOf([...report.images, hostile, checked({ end_of_life: '2029-04-25' })])
    const text = formatReport(all, 1)
    const validate = ajv.compile(schema)
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true)
    expect(await parseCheckReport(text, 'r.json')).toEqual({ ...all, exit_status: 1 })
  })

  it('of a refusal follows the schema', () => {
    const refused = refusedReport('check', { startedAt: new Date(0), seconds: 0.5, errors: [] }, {})
    expect(ajv.validate(schema, JSON.parse(formatReport(refused, 2)))).toBe(true)
  })

  it.each(['', '[]', '{"schema_version":1}', '{"schema_version":2,"command":"check"}'])(
    'is refused where it is none: %s',
    async (text) => {
      await expect(parseCheckReport(text, 'r.json')).rejects.toThrow(
        expect.objectContaining({
          code: 'CONFIGURATION',
          message: expect.stringMatching(/^r\.json is no report of a check: /),
        }),
      )
    },
  )
})

describe('a check as CSV', () => {
  it('has a header and a row for every image', () => {
    const [head, first, , third] = formatCheckCsv(report).split('\r\n')
    expect(head).toBe(
      'file,line,name,shortname,status,reason,version,build_date,newest_version,newest_build_date,age_days,days_behind,mirror,mirror_url,trust,end_of_life,error,message,warnings,key_ends,clouds',
    )
    expect(first).toBe(
      'etc/images/alpha.yml,3,Alpha 1,alpha-1,up-to-date,,20250501,2025-05-01,20250501,2025-05-01,5,0,present,https://m.example/a.qcow2,signed,,,,,,',
    )
    expect(third).toBe('etc/images/alpha.yml,3,Gamma,,skipped,disabled,20250501,2025-05-01,,,5,,none,,,,,,,,')
  })

  it('quotes what has to be, and lets no text be a formula', () => {
    const name = '=HYPERLINK("http://x"),\ny'
    expect(formatCheckCsv(checkOf([checked({ name })]))).toContain(`"'=HYPERLINK(""http://x""),\\u{a}y"`)
  })
})
