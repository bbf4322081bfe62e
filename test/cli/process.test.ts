import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundledCommand } from '../support/command.ts'
import { temporaryFolder } from './support.ts'

const main = await bundledCommand()

interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; end: Promise<Ended> } {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, HOME: temporaryFolder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const end = once(child, 'close').then(([code, signal]) => {
    // As a shell tells it: the program may end itself by the signal.
    const status: number = code ?? 128 + constants.signals[signal as NodeJS.Signals]
    return { status, out, err }
  })
  return { child, end }
}

/** An environment in which this module is loaded before the command. */
function loading(module: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` }
}

const catalogue = (origin: string) => `---
images:
  - name: AlmaLinux 9
    shortname: almalinux-9
    format: qcow2
    login: almalinux
    min_disk: 10
    min_ram: 512
    status: active
    visibility: public
    multi: true
    meta:
      architecture: x86_64
      os_distro: almalinux
      os_version: '9'
    tags: []
    latest_checksum_url: ${origin}/almalinux/9/cloud/x86_64/images/CHECKSUM
    latest_url: ${origin}/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2
    versions:
      - version: '20250101'
        build_date: 2025-01-01
        checksum: sha256:${'0'.repeat(64)}
        url: ${origin}/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-9.5-20250101.x86_64.qcow2
`

async function world(listener: RequestListener): Promise<{ images: string; mirror: string; origin: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = temporaryFolder()
  const mirror = join(folder, 'mirror')
  mkdirSync(mirror)
  const images = join(folder, 'almalinux.yml')
  writeFileSync(images, catalogue(origin))
  return { images, mirror, origin }
}

describe('the command', () => {
  it('ends at once where a signal comes before there is anything to end in order, whatever it waits for', async () => {
    const pipe = join(temporaryFolder(), 'image-updater.yml')
    execFileSync('mkfifo', [pipe])
    const { child, end } = start(['config', '--config', pipe])
    const writer = await open(pipe, 'w')
    child.kill('SIGTERM')
    // By the signal itself: when Node exits, it waits for its thread that reads from the pipe.
    expect(await end).toEqual({ status: 143, out: '', err: '' })
    expect(child.signalCode).toBe('SIGTERM')
    await writer.close()
  })

  it.each([
    ['a run', ['update'], 20_000],
    [
      'a service, after its grace,',
      ['serve', '--listen', '127.0.0.1:0', '--shutdown-timeout', '1h'],
      3_620_000,
    ],
  ])('ends %s that does not end in order', async (_, args, limit) => {
    const { images, mirror } = await world(() => {})
    const preload = `import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
const { readFile } = fs
fs.readFile = (path, ...rest) => {
  if (!String(path).endsWith('.yml')) return readFile(path, ...rest)
  process.kill(process.pid, 'SIGTERM')
  return new Promise(() => setInterval(() => {}, 1000))
}
syncBuiltinESMExports()
const { setTimeout } = globalThis
globalThis.setTimeout = (call, ms, ...rest) => setTimeout(call, ms === ${limit} ? 0 : ms, ...rest)`
    const all = [...args, '--no-config', '--images', images, '--mirror-dir', mirror]
    const { status, err } = await start(all, loading(preload)).end
    expect(err).toContain('image-updater: the run does not end in order, and is ended')
    expect(status).toBe(143)
  })

  it('has told an error when it is killed while the image before it is still being looked for', async () => {
    const { images, mirror } = await world((request, response) => {
      if (request.url?.includes('/almalinux/9/') === false) response.writeHead(404).end()
    })
    const text = readFileSync(images, 'utf8')
    const second = text.slice(text.indexOf('  - name')).replaceAll('/9/', '/8/').replaceAll('x-9', 'x-8')
    writeFileSync(images, text + second.replace('AlmaLinux 9', 'AlmaLinux 8'))
    const args = ['--images', images, '--mirror-dir', mirror, '--log', 'exceptions', '--no-config']
    const { child, end } = start(args)
    child.stderr?.on('data', (chunk) => String(chunk).includes('ERROR') && child.kill('SIGKILL'))
    const { status, err } = await end
    expect(status).toBe(137)
    expect(err).toMatch(/^\S+ \S+ \| ERROR {4}\| almalinux-8 - .* 404.*\n$/)
  })

  it('keeps the secrets of a configuration file out of what nobody foresaw', async () => {
    const secret = 'canary-secret-of-a-file'
    const file = join(temporaryFolder(), 'c.yml')
    writeFileSync(file, `minio_access_key: AK\nminio_secret_key: ${secret}\n`, { mode: 0o600 })
    const preload = `const { write } = process.stdout
process.stdout.write = (text) => {
  process.nextTick(() => { throw new Error('no more room for ${secret}') })
  return write.call(process.stdout, text)
}`
    const { status, err } = await start(['config', '--config', file, '--debug'], loading(preload)).end
    expect(status).toBe(70)
    expect(err).toContain('image-updater: Unexpected failure: no more room for ***')
    expect(err).not.toContain('canary')
  })

  const surprises = {
    'an exception': "process.on('SIGUSR2', () => { throw new Error('the parser is broken') })",
    'a rejection': "process.on('SIGUSR2', () => { Promise.reject(new Error('the parser is broken')) })",
  }
  it.each(Object.entries(surprises))(
    'ends a run in order after %s that nobody foresaw',
    async (_, preload) => {
      const asked = deferred()
      const { images, mirror } = await world(() => asked.resolve())
      const before = readFileSync(images, 'utf8')
      const [report, metrics] = [join(mirror, 'report.json'), join(mirror, 'metrics.prom')]
      const args = ['--images', images, '--mirror-dir', mirror, '--report', report, '--metrics-file', metrics]
      const { child, end } = start(args, loading(preload))
      await asked.promise
      child.kill('SIGUSR2')
      const { status, err } = await end
      expect(status).toBe(70)
      expect(err).toMatch(
        /^image-updater: Unexpected failure: the parser is broken\. This is a defect of image-updater/m,
      )
      expect(err).toContain('The run was interrupted by an unexpected failure: uploads are aborted')
      expect(err).not.toMatch(/\n {4}at /)
      expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
        exit_status: 70,
        images: [{ status: 'failed', error: { code: 'ABORTED' } }],
        errors: [{ code: 'INTERNAL', message: 'Unexpected failure: the parser is broken' }],
      })
      expect(readFileSync(metrics, 'utf8')).toMatch(/^image_updater_last_run_success\S* 0$/m)
      expect(readFileSync(images, 'utf8')).toBe(before)
      expect(readdirSync(dirname(images)).sort()).toEqual(['almalinux.yml', 'mirror'])
    },
  )

  it('ends a run that waits for something that never comes', async () => {
    const { images, mirror } = await world(() => {})
    const report = join(mirror, 'report.json')
    const preload = `import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
const { readFile } = fs
fs.readFile = (path, ...rest) => String(path).endsWith('.yml') ? new Promise(() => {}) : readFile(path, ...rest)
syncBuiltinESMExports()
const { setTimeout } = globalThis
// What a run is given to end in order; all other times stay.
globalThis.setTimeout = (call, ms, ...rest) => setTimeout(call, ms === 20_000 ? 0 : ms, ...rest)`
    const args = ['--no-config', '--images', images, '--mirror-dir', mirror, '--report', report]
    const { status, err } = await start(args, loading(preload)).end
    expect(status).toBe(70)
    expect(err).toContain('Unexpected failure: the run waits for something that never comes')
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      exit_status: 70,
      images: [],
      errors: [{ code: 'INTERNAL' }],
    })
  })

  it('says nothing of its own accord about strange keys of a catalogue or a configuration', async () => {
    const folder = temporaryFolder()
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    const images = file('a.yml', 'images:\n  - name: a\n    ? [x, y]\n    : b\n    versions: []\n')
    const config = file('c.yml', '? [x]\n: y\n')
    expect(await start(['list', '--no-config', '--images', images]).end).toMatchObject({ status: 0, err: '' })
    const refused = await start(['list', '--config', config]).end
    expect(refused.err).toMatch(/^\S+ \S+ \| ERROR {4}\| list - .*\n$/)
  })

  it.each([
    [['--help'], 0, /^Usage: image-updater/, /^$/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    [['--bogus'], 2, /^$/, /Unknown option '--bogus'/],
    [['-h'], 0, /^Usage: image-updater/, /^$/],
    [
      ['--images', '/nowhere', 'Prnue'],
      2,
      /^$/,
      /does not exist\. Perhaps you meant the command prune\. Name an/,
    ],
    [['--images', '/nowhere', 'debian'], 2, /^$/, /does not exist\. Name an existing/],
    [['--images', '/nowhere/at/all', '--no-mirror'], 2, /^$/, /\/nowhere\/at\/all/],
  ])('%j ends with %i', async (args, status, out, err) => {
    const ended = await start(args).end
    expect(ended.status).toBe(status)
    expect(ended.out).toMatch(out)
    expect(ended.err).toMatch(err)
    expect(ended.err).not.toMatch(/\n {4}at /)
  })

  it('ends with 1 where an image failed, and the document says so', async () => {
    const { images, mirror } = await world((_request, response) => response.writeHead(404).end())
    const ended = await start(['--images', images, '--mirror-dir', mirror, '--output', 'json']).end
    expect(ended.status).toBe(1)
    expect(JSON.parse(ended.out)).toMatchObject({
      exit_status: 1,
      images: [{ name: 'AlmaLinux 9', status: 'failed', error: { code: 'HTTP_STATUS' } }],
    })
    expect(ended.err).toMatch(/ \| INFO {5}\| almalinux-9 - Checking image AlmaLinux 9\n/)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends in order on %s', async (signal, status) => {
    const asked = deferred()
    const { images, mirror } = await world(() => asked.resolve())
    const before = readFileSync(images, 'utf8')
    const { child, end } = start(['--images', images, '--mirror-dir', mirror, '--output', 'json'])
    await asked.promise
    child.kill(signal)
    const ended = await end
    expect(ended.status).toBe(status)
    expect(ended.err).toContain(`The run was interrupted by ${signal}: uploads are aborted`)
    expect(JSON.parse(ended.out)).toMatchObject({
      exit_status: status,
      images: [{ error: { code: 'ABORTED' } }],
    })
    expect(readFileSync(images, 'utf8')).toBe(before)
  })

  it('does not mind readers that go away', async () => {
    const { images, mirror } = await world((_request, response) => response.writeHead(404).end())
    const { child, end } = start(['--images', images, '--mirror-dir', mirror, '--output', 'json', '--debug'])
    child.stdout?.destroy()
    child.stderr?.destroy()
    expect((await end).status).toBe(1)
  })
})

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
