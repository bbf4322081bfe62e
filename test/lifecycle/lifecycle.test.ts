import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkLifecycle, type LifecycleOptions } from '../../src/index.ts'
import { formatLifecycleText, lifecycleStatus } from '../../src/report/lifecycle.ts'
import { cli, temporaryFolder } from '../cli/support.ts'
import { cycle, startDates } from './dates-server.ts'

const now = () => new Date('2026-06-01T12:00:00Z')

let images: string
beforeEach(() => {
  images = join(temporaryFolder(), 'images')
  mkdirSync(images)
})

/** Writes a catalogue of images by name; one that begins with `-` is disabled. */
function write(file: string, ...names: string[]): void {
  const entries = names.map((name) =>
    name.startsWith('-')
      ? `  - name: ${name.slice(1)}\n    enable: false # off\n`
      : `  - name: ${name}\n    multi: true\n`,
  )
  writeFileSync(join(images, file), `---\nimages:\n${entries.join('')}`)
}

async function check(options: Partial<LifecycleOptions> = {}) {
  const report = await checkLifecycle({ images: [images], ...options }, { now })
  const rows = report.releases.map(({ status, label, release, end_of_life, days_left }) =>
    [status, label, release, end_of_life, days_left].join(' '),
  )
  return { report, rows, status: lifecycleStatus(report) }
}

const debian = [
  cycle('14', null, { releaseDate: '2027-08-01' }),
  cycle('13', '2028-08-09', { eoesFrom: '2030-06-30', isEoes: false }),
  cycle('12', '2026-06-10', { eoesFrom: '2028-06-30', isEoes: false }),
  cycle('11', '2024-08-14', { isEol: true, eoesFrom: '2026-08-31', isEoes: false }),
  cycle('10', '2022-09-10', { isEol: true, eoesFrom: '2024-06-30', isEoes: true }),
]
const ubuntu = [
  cycle('26.04', '2031-04-30', { isLts: true, eoesFrom: '2036-04-30' }),
  cycle('25.10', '2026-09-30', {}),
  cycle('22.04', '2027-04-01', { isLts: true, eoesFrom: '2032-04-09' }),
  cycle('20.04', '2025-05-31', { isLts: true, isEol: true, eoesFrom: '2030-04-02' }),
]

describe('the lives of the releases in a catalogue', () => {
  it.each([{ within: 'x' }, { within: -1 }, { within: '90d' }])('refuses %j', async (given) => {
    const options = { images: [images], offline: true, ...given } as unknown as LifecycleOptions
    await expect(checkLifecycle(options)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: 'within is not a whole number of days from 0 to 99999',
    })
  })

  it('goes by the free support of each distribution', async () => {
    write('debian.yml', 'Debian 10', 'Debian 11', 'Debian 12')
    write('ubuntu.yml', 'Ubuntu 20.04', 'Ubuntu 22.04', '-Ubuntu 18.04', 'Ubuntu 99.04')
    const { sources, asked } = await startDates({ debian, ubuntu })
    const { rows, status, report } = await check({ sources, within: 91 })
    expect(rows).toEqual([
      'missing Debian 13 2030-06-30 1490',
      'supported Debian 12 2028-06-30 760',
      'expiring Debian 11 2026-08-31 91',
      'expired Debian 10 2024-06-30 -701',
      'unknown Ubuntu 99.04  ',
      'missing Ubuntu 26.04 2031-04-30 1794',
      'supported Ubuntu 22.04 2027-04-01 304',
      'expired Ubuntu 20.04 2025-05-31 -366',
      'disabled Ubuntu 18.04  ',
    ])
    expect([status, report.dates_of, report.failures]).toEqual([10, '2026-06-01', []])
    expect(asked.sort()).toEqual(['/api/v1/products/debian', '/api/v1/products/ubuntu'])
    expect((await check({ sources, within: 90 })).rows).toContain('supported Debian 11 2026-08-31 91')
  })

  it.each(['opnsense 26.1', 'OPNsense 26.1', 'opnsense-26.1', 'opnsense'])(
    'misses no release that is acknowledged as %s',
    async (acknowledged) => {
      write('a.yml', 'OPNsense 25.7')
      const { sources } = await startDates({ opnsense: [cycle('26.1', null), cycle('25.7', null)] })
      expect((await check({ sources })).rows).toEqual([
        'missing OPNsense 26.1  ',
        'supported OPNsense 25.7  ',
      ])
      const { rows, status, report } = await check({ sources, acknowledge: [acknowledged] })
      expect(rows).toEqual(['acknowledged OPNsense 26.1  ', 'supported OPNsense 25.7  '])
      expect(status).toBe(0)
      expect(formatLifecycleText(report, { paint: (_, text) => text })).toContain('1 acknowledged')
      expect((await check({ sources, acknowledge: ['opnsense 26.7', 'ubuntu'] })).status).toBe(10)
    },
  )

  it('refuses to acknowledge what is no product', async () => {
    write('a.yml', 'OPNsense 25.7')
    await expect(check({ acknowledge: ['opnsense 26.1', 'rocky 10'] })).rejects.toMatchObject({
      code: 'USAGE',
      remedy: 'Perhaps rocky-linux is meant',
    })
    await expect(check({ acknowledge: ['zzz'] })).rejects.toMatchObject({
      remedy: expect.stringContaining('opnsense, OPNsense'),
    })
  })

  it('names what it has switched off, or would', async () => {
    write('a.yml', 'OPNsense 25.1')
    const { sources } = await startDates({ opnsense: [cycle('25.1', null, { isEol: true })] })
    const text = async (dryRun: boolean) =>
      formatLifecycleText((await check({ sources, fix: true, dryRun })).report, { paint: (_, one) => one })
    expect(await text(true)).toContain(`OPNsense 25.1 (${join(images, 'a.yml')}:3) would be switched off\n`)
    expect(await text(false)).toContain(`OPNsense 25.1 (${join(images, 'a.yml')}:3) is switched off\n`)
  })

  it('misses no release of a distribution whose image moves on by itself, and does not switch it off', async () => {
    write('a.yml', 'OPNsense\n    versions: [{ version: "25.1" }]')
    const { sources } = await startDates({
      opnsense: [cycle('26.1', null), cycle('25.1', null, { isEol: true })],
    })
    const { rows, report } = await check({ sources, fix: true })
    expect(rows).toEqual(['expired OPNsense 25.1  '])
    expect(report.changes).toEqual([])
    write('a.yml', 'OPNsense 25.1\n    versions: [{ version: "25.1" }]')
    const named = await check({ sources, fix: true })
    expect(named.rows).toEqual(['missing OPNsense 26.1  ', 'disabled OPNsense 25.1  '])
    expect(named.report.changes).toHaveLength(1)
    write('a.yml', '-OPNsense\n    versions: [{ version: "25.1" }]', 'OPNsense 25.1')
    const { rows: without } = await check({ sources })
    expect(without).toEqual(['missing OPNsense 26.1  ', 'expired OPNsense 25.1  '])
  })

  it('takes an end without a day, and one that is not announced', async () => {
    write('a.yml', 'OPNsense 25.1', 'OPNsense 26.1')
    const { sources } = await startDates({
      opnsense: [cycle('26.1', null), cycle('25.1', null, { isEol: true })],
    })
    expect((await check({ sources })).rows).toEqual(['supported OPNsense 26.1  ', 'expired OPNsense 25.1  '])
  })

  it('asks Garden Linux itself', async () => {
    write('a.yml', 'Garden Linux 1592', 'Garden Linux 1877')
    const one = (major: number, eol: string) => ({
      version: { major },
      lifecycle: { released: { isodate: '2024-01-01' }, extended: null, eol: { isodate: eol } },
    })
    const { sources, asked } = await startDates({
      'gardenlinux.json': [one(1592, '2025-08-12'), one(1877, '2026-11-19')],
    })
    expect((await check({ sources })).rows).toEqual([
      'supported Garden Linux 1877 2026-11-19 171',
      'expired Garden Linux 1592 2025-08-12 -293',
    ])
    expect(asked).toEqual(['/gardenlinux.json'])
  })

  it('misses nothing of a distribution that is not in use, nor what another file has', async () => {
    write('debian.yml', '-Debian 11')
    write('ubuntu.yml', 'Ubuntu 22.04')
    write('more.yml', '-Ubuntu 26.04')
    const { sources } = await startDates({ debian, ubuntu })
    const { rows, status } = await check({ sources, names: ['debian', 'ubuntu'] })
    expect(rows).toEqual(['disabled Debian 11 2026-08-31 91', 'supported Ubuntu 22.04 2027-04-01 304'])
    expect(status).toBe(0)
  })

  it.each([
    ['not found', undefined, 'HTTP_STATUS'],
    ['not JSON', '<html>', 'DISCOVERY_NOTHING_FOUND'],
    ['of another form', '{"result": {"releases": [{"name": 1}]}}', 'DISCOVERY_NOTHING_FOUND'],
    ['empty', '{"result": {"releases": []}}', 'DISCOVERY_NOTHING_FOUND'],
    ['no dates', '{"result": {"releases": [{"name": "11", "eolFrom": "soon"}]}}', 'DISCOVERY_NOTHING_FOUND'],
  ])('uses what ships where an answer is %s, and says so', async (_what, answer, code) => {
    write('a.yml', 'Debian 10', 'Fedora 43')
    const { sources } = await startDates({
      fedora: [cycle('43', '2026-12-09')],
      ...(answer === undefined ? {} : { debian: answer }),
    })
    const { rows, status, report } = await check({ sources })
    expect(rows).toContain('expired Debian 10 2024-06-30 -701')
    expect(rows).toContain('supported Fedora 43 2026-12-09 191')
    expect([status, report.dates_of, report.failures.map((one) => one.code)]).toEqual([
      1,
      '2026-08-22',
      [code],
    ])
  })

  it('asks nobody offline', async () => {
    write('a.yml', 'Ubuntu 20.04', 'Talos Linux')
    const { sources, asked } = await startDates({})
    const { rows, status } = await check({ sources, offline: true })
    expect(rows).toContain('expired Ubuntu 20.04 2025-05-31 -366')
    expect([status, asked]).toEqual([10, []])
  })

  it('ends when it is told to', async () => {
    write('a.yml', 'Debian 12')
    const { sources } = await startDates({ debian })
    const stop = checkLifecycle(
      { images: [images], sources },
      { signal: AbortSignal.abort(new Error('stop')) },
    )
    await expect(stop).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'stop' } })
  })
})

describe('fix', () => {
  it('switches expired images off, and changes nothing else', async () => {
    write('debian.yml', 'Debian 10', 'Debian 11', '-Debian 9')
    write('ubuntu.yml', 'Ubuntu 22.04', 'Ubuntu 20.04')
    const before = ['debian.yml', 'ubuntu.yml'].map((file) => readFileSync(join(images, file), 'utf8'))
    const { sources } = await startDates({ debian, ubuntu })
    const dry = await check({ sources, fix: true, dryRun: true })
    expect(['debian.yml', 'ubuntu.yml'].map((file) => readFileSync(join(images, file), 'utf8'))).toEqual(
      before,
    )
    expect(dry.report.changes.map(({ diff }) => diff)).toEqual([
      expect.stringContaining('+    enable: false'),
      expect.stringContaining('+    enable: false'),
    ])
    const { rows, report } = await check({ sources, fix: true })
    expect(report.changes).toEqual(dry.report.changes)
    expect(rows.filter((row) => row.startsWith('expired'))).toEqual([])
    expect(rows).toContain('disabled Debian 10 2024-06-30 -701')
    expect(readFileSync(join(images, 'debian.yml'), 'utf8')).toBe(
      before[0]?.replace('Debian 10\n', 'Debian 10\n    enable: false\n'),
    )
    expect(readFileSync(join(images, 'ubuntu.yml'), 'utf8')).toBe(
      before[1]?.replace('Ubuntu 20.04\n', 'Ubuntu 20.04\n    enable: false\n'),
    )
    expect(readdirSync(images)).toEqual(['debian.yml', 'ubuntu.yml'])
    expect((await check({ sources, fix: true })).report.changes).toEqual([])
  })

  it('says of a file with a second name that the other one keeps the old text', async () => {
    write('debian.yml', 'Debian 10')
    linkSync(join(images, 'debian.yml'), join(images, '..', 'second.yml'))
    const { err } = await cli(['lifecycle', '--images', images, '--fix', '--offline'])
    expect(err).toMatch(/WARNING {2}\| lifecycle - .*debian\.yml has 2 names \(hard links\)/)
    expect(readFileSync(join(images, 'debian.yml'), 'utf8')).toContain('enable: false')
  })

  it('leaves an image alone that stands on the line of an expired one', async () => {
    writeFileSync(join(images, 'a.yml'), 'images: [{name: Debian 9}, {name: Debian 13}]\n')
    await check({ offline: true, fix: true })
    expect(readFileSync(join(images, 'a.yml'), 'utf8')).toBe(
      'images: [{name: Debian 9, enable: false}, {name: Debian 13}]\n',
    )
  })

  it('tells an image that cannot be switched, and does the others', async () => {
    writeFileSync(
      join(images, 'a.yml'),
      'images:\n  - name: Debian 10\n    enable: &on true\n  - name: Ubuntu 20.04\n    enable: *on\n  - name: Debian 9\n',
    )
    const { report, status } = await check({ offline: true, fix: true })
    expect(report.failures.map(({ code, place }) => [code, place?.line])).toEqual([
      ['CATALOG_UNEDITABLE', 3],
      ['CATALOG_UNEDITABLE', 5],
    ])
    expect(readFileSync(join(images, 'a.yml'), 'utf8')).toMatch(/Debian 9\n {4}enable: false\n$/)
    expect(status).toBe(1)
  })
})

describe('the command', () => {
  it('prints what is to be done', async () => {
    write('ubuntu.yml', 'Ubuntu 20.04', 'Ubuntu 22.04', '-Ubuntu 26.04')
    const { flags } = await startDates({ ubuntu })
    // The clock of the test says 2025-05-06.
    const { status, out, err } = await cli(['lifecycle', '--images', images, ...flags])
    expect([status, err]).toEqual([10, ''])
    expect(out).toBe(
      [
        'Images        Release       End of life  Days  Status',
        'Ubuntu 20.04  Ubuntu 20.04  2025-05-31     25  expiring',
        '',
        '0 expired, 1 expiring within 90 days, 0 missing, 1 supported, 1 disabled (dates',
        'of 2025-05-06)',
        '',
      ].join('\n'),
    )
    const soon = await cli(['lifecycle', '--images', images, '--within', '24d', ...flags])
    expect([soon.status, soon.out]).toEqual([
      0,
      'Nothing to do: 0 expired, 0 expiring within 24 days, 0 missing, 2 supported, 1\ndisabled (dates of 2025-05-06)\n',
    ])
    const quiet = await cli(['lifecycle', '--images', images, '--quiet', ...flags])
    expect(quiet.out).toBe(`${out.split('\n\n')[0]}\n`)
    const idle = await cli(['lifecycle', '--images', images, '--quiet', '--within', '24d', ...flags])
    expect([idle.status, idle.out]).toEqual([0, ''])
  })

  it('prints it in every form', async () => {
    write('ubuntu.yml', 'Ubuntu 20.04')
    const { flags } = await startDates({ ubuntu })
    const run = async (output: string) =>
      (await cli(['lifecycle', '--images', images, '--output', output, ...flags])).out
    expect(await run('markdown')).toContain('| Ubuntu 20.04 | Ubuntu 20.04 | 2025-05-31  |   25 | expiring |')
    expect((await run('csv')).split('\r\n')).toContain(
      `expiring,ubuntu,20.04,2020-01-01,2025-05-31,25,Ubuntu 20.04,${join(images, 'ubuntu.yml')},3`,
    )
    expect(JSON.parse(await run('json'))).toMatchObject({
      schema_version: 1,
      exit_status: 10,
      today: '2025-05-06',
      dates_of: '2025-05-06',
      within_days: 90,
      releases: expect.arrayContaining([
        {
          status: 'expiring',
          product: 'ubuntu',
          label: 'Ubuntu',
          release: '20.04',
          released: '2020-01-01',
          end_of_life: '2025-05-31',
          days_left: 25,
          images: [{ file: join(images, 'ubuntu.yml'), line: 3, name: 'Ubuntu 20.04', enable: true }],
        },
      ]),
      failures: [],
      changes: [],
    })
  })

  it('shows what a fix would change, and makes it', async () => {
    write('debian.yml', 'Debian 10', 'Debian 12')
    const { flags } = await startDates({ debian })
    const dry = await cli(['lifecycle', '--images', images, '--fix', '--dry-run', ...flags])
    expect(dry.out).toMatch(/^--- .*\n\+\+\+ .*\n@@/)
    expect(dry.out).toContain('+    enable: false')
    expect(dry.status).toBe(10)
    const { out, status } = await cli(['lifecycle', '--images', images, '--fix', 'Debian 1*', ...flags])
    expect(out).toContain('1 file changed')
    expect(out).not.toContain('expired  ')
    expect(status).toBe(10)
  })

  it.each([
    [['--within', 'soon'], 'Option --within is not a number of days'],
    [['--endoflife-api', 'ftp://x'], 'Option --endoflife-api is not the address of a web server'],
    [['nobody'], 'No image is selected by "nobody"'],
  ])('refuses %j', async (args, message) => {
    write('a.yml', 'Debian 12')
    const { status, err } = await cli(['lifecycle', '--images', images, '--offline', ...args])
    expect(status).toBe(2)
    expect(err).toContain(message)
  })
})
