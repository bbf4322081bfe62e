import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import type { CheckOptions, CheckReport, ImageStep, RunContext } from '../../src/index.ts'
import { checked, checkOf, disabled, failed, hostileText, outdated } from '../report/checked.ts'
import { cli, imageRef, temporaryFolder } from './support.ts'

beforeEach(() => {
  for (const name of ['IMAGE_UPDATER_IMAGES', 'IMAGE_UPDATER_METRICS_FILE', 'NO_COLOR', 'FORCE_COLOR']) {
    vi.stubEnv(name, undefined)
  }
  return () => vi.unstubAllEnvs()
})

async function check(
  args: readonly string[],
  report: CheckReport,
  terminal = false,
  steps: readonly ImageStep[] = [],
) {
  let options: CheckOptions | undefined
  const checkCatalogue = async (given: CheckOptions = {}, { onEvent }: RunContext = {}) => {
    options = given
    onEvent?.({ type: 'run-start', images: 1 })
    onEvent?.({ type: 'image', image: imageRef(0), step: { type: 'checking' } })
    for (const step of steps) onEvent?.({ type: 'image', image: imageRef(0), step })
    onEvent?.({ type: 'image', image: imageRef(0), step: { type: 'done', status: 'up-to-date' } })
    return report
  }
  return { ...(await cli(['check', ...args], { library: { checkCatalogue }, terminal })), options }
}

describe('check', () => {
  it('has the documented defaults, and needs no mirror', async () => {
    const { options } = await check([], checkOf([]))
    expect(options).toMatchObject({
      ...{ images: ['/etc/images'], names: [], includeDisabled: false, checkPublic: true },
      ...{ jobs: 256, cache: true, signatures: 'prefer', keyring: undefined },
    })
    expect(options).not.toHaveProperty('mirror')
  })

  it('takes its flags', async () => {
    const { options } = await check(
      [
        'one',
        '--images',
        'a',
        '--no-check-public',
        '--jobs',
        '3',
        '--signatures',
        'off',
        '--include-disabled',
      ],
      checkOf([]),
    )
    expect(options).toMatchObject({
      ...{ images: ['a'], names: ['one'], checkPublic: false, jobs: 3, signatures: 'off' },
      includeDisabled: true,
    })
  })

  it.each([
    ['nothing is to be done', [checked(), disabled], 0],
    ['there are updates', [checked(), outdated], 10],
    ['an image failed', [outdated, failed], 1],
  ])('ends with a status of its own where %s', async (_case, images, status) => {
    expect((await check([], checkOf(images))).status).toBe(status)
  })

  it('refuses what it does not know with status 2', async () => {
    for (const args of [
      ['--transfers', '1'],
      ['--jobs', '0'],
      ['--output', 'yaml'],
      ['--acl', 'x'],
    ]) {
      expect((await check(args, checkOf([]))).status).toBe(2)
    }
  })

  it('prints the form that is asked for, and the table by default', async () => {
    const report = checkOf([outdated])
    const of = async (output: string) => (await check(['--output', output], report)).out
    expect((await check([], report)).out).toMatch(/^Image {3}Version/)
    expect(JSON.parse(await of('json'))).toMatchObject({ command: 'check', exit_status: 10 })
    expect(await of('markdown')).toMatch(/^1 checked, .*\n\n### `etc/)
    expect(await of('csv')).toMatch(/^file,line,/)
  })

  it('tells no steps, but how far it is on a terminal', async () => {
    const { err } = await check([], checkOf([checked()]))
    expect(err).toBe('')
    expect((await check([], checkOf([checked()]), true)).err).toContain('Checking images: 1 of 1')
    expect((await check(['--debug'], checkOf([checked()]))).err).toContain('Checking image Alpha 0')
  })

  it('says nothing with --quiet, the status apart', async () => {
    expect(await check(['--quiet'], checkOf([outdated]))).toMatchObject({ status: 10, out: '', err: '' })
  })

  it('tells warnings and errors with --quiet', async () => {
    const error = new UpdaterError('HTTP_STATUS', 'GET https://d.example/ answered 500', { remedy: 'Wait' })
    const steps = [
      { type: 'warning', message: 'It is old' },
      { type: 'failed', error },
    ] as const
    const { status, out, err } = await check(['--quiet'], checkOf([failed]), false, steps)
    expect([status, out]).toEqual([1, ''])
    expect(err.replace(/^.{19} /gm, '')).toBe(
      '| WARNING  | alpha-0 - It is old\n| ERROR    | alpha-0 - GET https://d.example/ answered 500. Wait.\n',
    )
    expect((await check([], checkOf([failed]), false, steps)).err).toBe('')
  })

  it('colours on a terminal only', async () => {
    expect((await check([], checkOf([outdated]), true)).out).toContain('\u001b[33m')
    expect((await check([], checkOf([outdated]))).out).not.toContain('\u001b')
  })

  it('hides what may be a secret in a URL', async () => {
    const url = 'https://user:hunter2-secret@m.example/a.qcow2'
    const report = checkOf([checked({ mirror: { status: 'present', url } })])
    expect((await check(['--output', 'json'], report)).out).not.toContain('hunter2')
  })
})

describe('the files of a run', () => {
  it.each([
    ['r.json', [], /^\{\n {2}"schema_version"/],
    ['r.xml', [], /^<\?xml /],
    ['r.md', [], /^1 checked, /],
    ['report', [], /^\{/],
    ['r.json', ['--report-format', 'junit'], /^<\?xml /],
  ])('%s %j', async (name, args, begin) => {
    const file = join(temporaryFolder(), name)
    expect((await check(['--report', file, ...args], checkOf([checked()]))).status).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(begin)
    expect((await cli(['--report', file, ...args])).status).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(name === 'r.md' ? /^0 checked, / : begin)
  })

  it('has metrics, by flag or by variable', async () => {
    const folder = temporaryFolder()
    const [one, two] = [join(folder, 'one.prom'), join(folder, 'two.prom')]
    await check(['--metrics-file', one], checkOf([checked()]))
    vi.stubEnv('IMAGE_UPDATER_METRICS_FILE', two)
    await cli([])
    expect(readFileSync(one, 'utf8')).toContain('image_updater_last_run_success{command="check"} 1\n')
    expect(readFileSync(two, 'utf8')).toContain('image_updater_last_run_success{command="update"} 1\n')
  })

  it('is refused before anything is done where one cannot be written', async () => {
    const { status, err, options } = await check(['--metrics-file', '/no/folder/x.prom'], checkOf([]))
    expect(status).toBe(2)
    expect(options).toBeUndefined()
    expect(err).toContain(
      'The file of --metrics-file cannot be written to /no/folder/x.prom: its folder does not exist',
    )
  })

  it('tells a refusal in every form', async () => {
    const folder = temporaryFolder()
    const at = (name: string) => join(folder, name)
    for (const [name, command] of [
      ['u', 'update'],
      ['c', 'check'],
    ] as const) {
      for (const form of ['json', 'xml', 'md']) {
        const args = ['--jobs', 'no', '--report', at(`${name}.${form}`), '--metrics-file', at(`${name}.prom`)]
        expect((await cli([command, ...args])).status).toBe(2)
      }
      expect(readFileSync(at(`${name}.json`), 'utf8')).toContain('"exit_status": 2')
      expect(readFileSync(at(`${name}.xml`), 'utf8')).toContain('<failure type="USAGE"')
      expect(readFileSync(at(`${name}.md`), 'utf8')).toMatch(/^Nothing was done\.\n\n- \*\*USAGE\*\*/)
      expect(readFileSync(at(`${name}.prom`), 'utf8')).toContain(
        `image_updater_last_run_success{command="${command}"} 0\n`,
      )
    }
    expect(JSON.parse(readFileSync(at('c.json'), 'utf8'))).toMatchObject({ command: 'check' })
    expect(existsSync(at('u.json'))).toBe(true)
  })

  it('is written though a name holds what ends lines', async () => {
    const file = join(temporaryFolder(), 'x.prom')
    await check(['--metrics-file', file], checkOf([checked({ name: hostileText })]))
    expect(readFileSync(file, 'utf8')).toContain('\\nnext')
  })
})
