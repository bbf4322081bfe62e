import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { UpdaterError } from '../../src/errors.ts'
import { assertReportWritable, writeReport } from '../../src/report/file.ts'
import { formatReport } from '../../src/report/json.ts'
import { refusedReport } from '../../src/report/refusal.ts'
import { formatMarkdown } from '../../src/report/run-markdown.ts'
import type { ImageOutcome } from '../../src/report/schemas.ts'
import { reportSchema } from '../../src/report/schemas.ts'
import { createPaint } from '../../src/report/terminal.ts'
import { formatChanges } from '../../src/report/text.ts'
import { formatUpdateText } from '../../src/report/update.ts'
import { outcome, reportOf, temporaryFolder } from '../cli/support.ts'

const values = {
  version: '20250506',
  build_date: '2025-05-06',
  checksum: `sha256:${'a'.repeat(64)}`,
  url: 'https://e.example/x.qcow2',
  mirror_url: 'https://m.example/x.qcow2',
}
const images: readonly ImageOutcome[] = [
  outcome({ status: 'skipped', reason: 'disabled', shortname: undefined }),
  outcome({ name: 'Up 1', resolver: 'almalinux', trust: 'signed', previous: values, current: values }),
  outcome({
    name: 'Changed 1',
    shortname: 'changed-1',
    status: 'updated',
    resolver: 'debian',
    trust: 'checksum',
    previous: { version: '20250101' },
    current: values,
    mirror: {
      status: 'stored',
      object: 'changed-1/20250506-changed-1.qcow2',
      bytes: 545259520,
      seconds: 12.5,
    },
    warnings: ['It is larger than min_disk'],
  }),
  outcome({
    name: 'New 1',
    shortname: 'new-1',
    status: 'would-update',
    current: values,
    mirror: { status: 'none' },
  }),
  outcome({
    name: 'Failed 1',
    shortname: 'failed-1',
    status: 'failed',
    previous: { version: '20250101' },
    current: values,
    error: {
      code: 'HTTP_STATUS',
      message: 'https://e.example/CHECKSUM answered 404',
      remedy: 'Look at the server',
      place: { file: 'etc/images/alpha.yml', line: 3, column: 5 },
    },
  }),
]
const report = reportOf(images, { changes: [{ file: 'a.yml', diff: '--- a\n+++ b\n' }] })
const refusal = {
  startedAt: new Date(0),
  seconds: 0.5,
  errors: [new UpdaterError('USAGE', 'No', { remedy: 'Yes', place: { file: 'a.yml', line: 1 } })],
}

describe('the JSON report', () => {
  const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true } })
  const published = JSON.parse(
    readFileSync(new URL('../../schema/report.schema.json', import.meta.url), 'utf8'),
  ) as object
  /** The same schema, but no unknown key is let through. */
  const closed = z.toJSONSchema(reportSchema, { io: 'output' })

  it.each([
    ['a run', report],
    ['an empty run', reportOf([])],
    ['a refusal', refusedReport('update', refusal, { dry_run: true })],
  ])('of %s follows the schema', (_name, report) => {
    const parsed: unknown = JSON.parse(formatReport(report, 1))
    for (const schema of [published, closed]) {
      const validate = ajv.compile(schema)
      expect(validate(parsed), JSON.stringify(validate.errors)).toBe(true)
    }
  })

  it('keeps its keys and their order', () => {
    const document = JSON.parse(formatReport(report, 1))
    expect(Object.keys(document)).toEqual([
      ...['schema_version', 'started_at', 'seconds', 'dry_run', 'exit_status'],
      ...['summary', 'images', 'changes', 'errors'],
    ])
    expect(document.images[2]).toEqual({
      file: 'etc/images/alpha.yml',
      line: 3,
      name: 'Changed 1',
      shortname: 'changed-1',
      status: 'updated',
      resolver: 'debian',
      trust: 'checksum',
      previous: { version: '20250101' },
      current: {
        version: '20250506',
        build_date: '2025-05-06',
        checksum: values.checksum,
        url: values.url,
        mirror_url: values.mirror_url,
      },
      mirror: {
        status: 'stored',
        object: 'changed-1/20250506-changed-1.qcow2',
        bytes: 545259520,
        seconds: 12.5,
      },
      warnings: ['It is larger than min_disk'],
    })
  })

  it('escapes what a terminal would act on, and loses nothing', () => {
    const name = '\u001b[31m\u009b31m\u202e\u2028\u007f'
    const text = formatReport(reportOf([outcome({ name })]), 0)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
    expect(JSON.parse(text).images[0].name).toBe(name)
  })
})

describe('the text report', () => {
  const plain = createPaint(false)

  it('tells why images were skipped', () => {
    const skipped = (reason: 'disabled' | 'no-latest-url') => outcome({ status: 'skipped', reason })
    const counts = (...all: ReturnType<typeof skipped>[]) =>
      /\d skipped.*?(?=, \d failed)/.exec(formatUpdateText(reportOf(all), { paint: plain }))?.[0]
    const [disabled, without] = [skipped('disabled'), skipped('no-latest-url')]
    expect(counts()).toBe('0 skipped')
    expect(counts(without)).toBe('1 skipped (without latest_url)')
    expect(counts(disabled, without, disabled)).toBe('3 skipped (2 disabled, 1 without latest_url)')
    expect(formatMarkdown(reportOf([disabled]))).toContain('1 skipped (disabled)')
  })

  it('tells changed and failed images and counts all', () => {
    expect(formatUpdateText(report, { paint: plain }).split('\n')).toEqual([
      'Image      Version                    Size  Status',
      'changed-1  20250101 -> 20250506  520.0 MiB  updated',
      '  Warning: It is larger than min_disk',
      'new-1      20250506                      -  would update',
      'failed-1   20250101                      -  failed HTTP_STATUS',
      '  etc/images/alpha.yml:3:5: https://e.example/CHECKSUM answered 404. Look at the server.',
      '',
      '4 checked, 1 updated, 1 up to date, 1 skipped (disabled), 1 failed in 12 s',
      '',
    ])
  })

  it('breaks long messages at the width of the terminal', () => {
    const lines = formatUpdateText(report, { paint: plain, columns: 60 }).split('\n')
    expect(lines).toContain('  etc/images/alpha.yml:3:5: https://e.example/CHECKSUM')
    expect(lines).toContain('  answered 404. Look at the server.')
  })

  it('fits the terminal, whatever the names are', () => {
    const shortname = 'a-name-that-is-longer-than-anybody-would-like-it-to-be'
    const long = reportOf([...images, outcome({ ...images[4], shortname })], { dry_run: true })
    for (const columns of [72, 80, 120]) {
      const lines = formatUpdateText(long, { paint: plain, columns }).split('\n')
      expect(lines.filter((line) => line.length > columns)).toEqual([])
      expect(lines.some((line) => line.startsWith('a-name-that-is'))).toBe(true)
    }
  })

  it('is one line where nothing happened', () => {
    expect(formatUpdateText(reportOf([outcome()]), { paint: plain })).toBe(
      '1 checked, 0 updated, 1 up to date, 0 skipped, 0 failed in 12 s\n',
    )
  })

  it('counts the images of another mirror', () => {
    const foreign = outcome({ mirror: { status: 'foreign' } })
    expect(formatUpdateText(reportOf([foreign]), { paint: plain })).toContain(
      'Left alone: the mirror_url of 1 image is not of this mirror.\n',
    )
  })

  it('lets no escape sequence through', () => {
    const hostile = outcome({
      shortname: '\u001b]0;x\u0007',
      status: 'failed',
      warnings: ['\u009b31m'],
      error: { code: 'HTTP_URL', message: '\u001b[2J' },
    })
    const changes = [{ file: 'a', diff: '+a: \u001b[2J\tb\r\n' }]
    const text = formatUpdateText(reportOf([hostile]), { paint: plain }) + formatChanges(changes, plain)
    expect(text).not.toMatch(/[\u001b\u0007\u009b]/)
    expect(text).toContain('+a: \\u{1b}[2J\tb\r\n')
  })

  it('colours a diff', () => {
    const diff = '--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\n+new\n'
    expect(formatChanges([{ file: 'a', diff }], createPaint(true)).split('\n')).toEqual([
      '\u001b[1m--- a\u001b[0m',
      '\u001b[1m+++ b\u001b[0m',
      '\u001b[36m@@ -1 +1 @@\u001b[0m',
      ' same',
      '\u001b[31m-old\u001b[0m',
      '\u001b[32m+new\u001b[0m',
      '',
      '',
    ])
    expect(formatChanges([], plain)).toBe('')
  })
})

describe('the report file', () => {
  it('is replaced in one step through a symbolic link, keeping its mode', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'r.json')
    writeFileSync(path, 'old', { mode: 0o640 })
    symlinkSync(path, join(folder, 'link.json'))
    await assertReportWritable(join(folder, 'link.json'))
    await writeReport(join(folder, 'link.json'), 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(readdirSync(folder).sort()).toEqual(['link.json', 'r.json'])
  })

  it('may be a device', async () => {
    await assertReportWritable('/dev/null')
    await writeReport('/dev/null', 'x')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it('is refused where it cannot be', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'sub'))
    for (const path of [join(folder, 'sub'), join(folder, 'no', 'r.json')]) {
      await expect(assertReportWritable(path)).rejects.toMatchObject({ code: 'CONFIGURATION' })
      await expect(writeReport(path, 'x')).rejects.toMatchObject({ code: 'CONFIGURATION' })
    }
  })
})
