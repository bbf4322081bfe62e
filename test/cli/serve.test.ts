import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ask } from '../serve/support.ts'
import { bundledCommand } from '../support/command.ts'
import { startWorld } from '../support/world/world.ts'
import { cli, outcome, reportOf, temporaryFolder } from './support.ts'

const main = await bundledCommand()

/** The command as a service manager runs it. */
async function start(args: readonly string[]) {
  const world = await startWorld(50_000)
  onTestFinished(() => world.close())
  const images = await world.writeCatalogue()
  const home = temporaryFolder()
  const mirror = join(home, 'mirror')
  mkdirSync(mirror)
  const all = ['serve', '--listen', '127.0.0.1:0', '--images', images, '--mirror-dir', mirror, ...args]
  const child = spawn(process.execPath, [main, ...all], {
    env: { PATH: process.env.PATH, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  let look = () => {}
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    look()
  })
  const said = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve) => {
      look = () => {
        const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null)
        if (found) resolve(found)
      }
      look()
    })
  const [, url = ''] = await said(/Listening on (http:\S+)/)
  return { child, url, lines, said, end: once(child, 'close') }
}

describe('serve', () => {
  it('carries out the run that it is asked for, loads its token again, and ends with 0', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'token')
    writeFileSync(file, 'first-token-of-two\n')
    const configuration = join(folder, 'configuration.yml')
    writeFileSync(configuration, "token_file: token\nsignatures: 'off'\n")
    const { child, url, lines, said, end } = await start(['--config', configuration])
    const begin = (token: string) =>
      ask(new URL('/api/v1/runs', url), { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    expect(await begin('first-token-of-two')).toMatchObject({ status: 202 })
    await said(/serve - Run 1 is done: 7 checked, 7 updated/)
    writeFileSync(file, 'second-token-of-two\n')
    child.kill('SIGHUP')
    await said(/loaded again/)
    expect(await begin('first-token-of-two')).toMatchObject({ status: 401 })
    writeFileSync(configuration, 'token_file: token\njobs: 0\n')
    child.kill('SIGHUP')
    await said(/configuration\.yml:2:1: "jobs" is not a whole number from 1 to 256/)
    await said(/The configuration stays as it was/)
    expect(await begin('second-token-of-two')).toMatchObject({ status: 202 })
    await said(/serve - Run 2 is done/)
    child.kill('SIGTERM')
    expect(await end).toEqual([0, null])
    expect(lines.join('\n')).not.toMatch(/token-of-two|\n {4}at /)
  })

  it.each([
    ['changes', /Run 2 is done: 7 checked, 0 updated/],
    ['exceptions', /The service ends/],
  ])('tells with --log %s what changed, and little of a run that changed nothing', async (log, last) => {
    const token = 'token-of-this-test'
    const file = join(temporaryFolder(), 'token')
    writeFileSync(file, token)
    const args = ['--log', log, '--signatures', 'off', '--schedule', '', '--token-file', file, '--no-config']
    const { child, url, lines, said, end } = await start(args)
    const headers = { authorization: `Bearer ${token}` }
    const begin = () => ask(new URL('/api/v1/runs', url), { method: 'POST', headers })
    await begin()
    await said(/serve - Run 1 is done: 7 checked, 7 updated/)
    const first = lines.length
    expect(lines.join('\n')).not.toMatch(/Checking image|Run 1 begins/)
    expect(lines.join('\n')).toMatch(/rocky-9 - Stored /)
    // The first run may still be closing.
    while ((await begin()).status === 409);
    const isOver = async () =>
      JSON.parse((await ask(new URL('/api/v1/runs/2', url))).text).state === 'finished'
    while (!(await isOver()));
    child.kill('SIGTERM')
    expect(await end).toEqual([0, null])
    expect(lines[first]).toMatch(last)
  })

  it.each([
    [['--listen', 'here'], /Option --listen is not an address/],
    [['--listen', '127.0.0.1:99999'], /Option --listen is not an address/],
    [['--listen', '[1.2.3.4]:1'], /Option --listen is not an address/],
    [['--jitter', '10'], /Option --jitter is not a length of time/],
    [['--shutdown-timeout', '30d'], /Option --shutdown-timeout is not a length of time/],
    [['--grace', '30d'], /Option --shutdown-timeout is not a length of time/],
    [['--schedule', 'nightly'], /The schedule "nightly" cannot be read/],
    [
      ['--token-file', '/nowhere/token'],
      /The token's file \/nowhere\/token cannot be read: it does not exist/,
    ],
    [['--webhook', 'ftp://a/'], /Option --webhook is not a web address/],
    [['--on-update', ' '], /Option --on-update is empty/],
  ])('%j is refused', async (args, message) => {
    const { status, err } = await cli(['serve', '--no-mirror', ...args])
    expect(status).toBe(2)
    expect(err).toMatch(message)
  })
})

describe('hooks of update', () => {
  const updated = () => reportOf([outcome({ status: 'updated' })])

  it('are told of a run with changes', async () => {
    const { status, err } = await cli(['--on-update', 'echo "got $IMAGE_UPDATER_UPDATED"'], { run: updated })
    expect(status).toBe(0)
    expect(err).toMatch(/INFO {5}\| hook - got 1\n/)
  })

  it('end an otherwise good run with 1 where they fail, also in the document', async () => {
    const args = ['--on-update', 'exit 9', '--output', 'json']
    const { status, out, err } = await cli(args, { run: updated })
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ exit_status: 1, summary: { failed: 0 } })
    expect(err).toMatch(/ERROR {4}\| hook - The command of --on-update ended with status 9\./)
  })

  it.each(['--quiet', '--log=changes', '--log=exceptions'])(
    '%s tells the words of one that failed',
    async (flag) => {
      const failing = 'for n in $(seq 60); do echo "word $n"; done; echo no space >&2; exit 9'
      const { err } = await cli([flag, '--on-update', failing], { run: updated })
      const lines = err
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(22))
      expect(lines).toHaveLength(51)
      expect(lines).toContain('WARNING  | hook - word 60')
      expect(lines).toContain('WARNING  | hook - no space')
      expect(lines.at(-1)).toMatch(/^ERROR {4}\| hook - The command of --on-update ended with status 9/)
      expect((await cli([flag, '--on-update', 'echo fine'], { run: updated })).err).toBe('')
    },
  )

  it('refuse a secret that can be guessed', async () => {
    vi.stubEnv('IMAGE_UPDATER_WEBHOOK_SECRET', 'short')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { status, err } = await cli(['--webhook', 'https://a.example'], { run: updated })
    expect(status).toBe(2)
    expect(err).toContain('IMAGE_UPDATER_WEBHOOK_SECRET is shorter than 16 characters')
  })

  it('never print the address of a webhook', async () => {
    const url = 'http://user:canary-user@127.0.0.1:1/canary-path'
    const { status, out, err } = await cli(['--webhook', url, '--hook-timeout', '1s', '--debug'], {
      run: updated,
    })
    expect(status).toBe(1)
    expect(err).toContain('The webhook was not told')
    expect(out + err).not.toContain('canary')
  })
})
