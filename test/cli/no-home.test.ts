import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { cacheFolder, homeFolder } from '../../src/cache-folder.ts'
import { bundledCommand } from '../support/command.ts'
import { startS3Server } from '../support/s3-server.ts'
import { startWorld } from '../support/world/world.ts'
import { temporaryFolder } from './support.ts'

/** In front of a command: it runs for a user whom the system does not know. */
const asNobody = ['--user', '--map-user=54321']
const isPossible = spawnSync('unshare', [...asNobody, 'true']).status === 0
const main = await bundledCommand()

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn('unshare', [...asNobody, process.execPath, main, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    ended.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    ended.err += chunk
  })
  return { child, end: once(child, 'close').then(([status]) => ({ status, ...ended })), ended }
}

async function catalogue(): Promise<string> {
  const world = await startWorld(20_000)
  onTestFinished(() => world.close())
  return world.writeCatalogue()
}

const nobody = test.skipIf(!isPossible)

nobody.each([[], ['--no-cache'], ['--dry-run']])(
  'a user without HOME and without an entry in passwd updates a catalogue (%s)',
  async (...args) => {
    const place = ['--images', await catalogue(), '--mirror-dir', temporaryFolder(), '--no-config']
    const { status, out, err } = await start(['update', ...place, '--output', 'json', ...args]).end
    expect(status, err).toBe(0)
    expect(JSON.parse(out).summary).toMatchObject({ checked: 7, failed: 0 })
  },
)

nobody('such a user serves a catalogue', async () => {
  const place = ['--images', await catalogue(), '--mirror-dir', temporaryFolder(), '--no-config']
  const { child, end, ended } = start(['serve', '--listen', '127.0.0.1:0', ...place])
  await expect.poll(() => ended.err, { timeout: 5000 }).toContain('Listening on')
  child.kill('SIGTERM')
  expect(await end).toMatchObject({ status: 0 })
})

nobody('such a user gets the credentials that its container is given', async () => {
  const store = await startS3Server()
  onTestFinished(() => store.close())
  const given = createServer((_request, response) => {
    const { accessKey: AccessKeyId, secretKey: SecretAccessKey } = store
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration }))
  }).listen(0, '127.0.0.1')
  await once(given, 'listening')
  onTestFinished(() => void given.close())
  const place = ['--images', await catalogue(), '--minio-server', store.endpoint, '--no-config']
  const { status, err } = await start(['update', ...place, '--swift-prefix', store.swiftPrefix], {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(given.address() as AddressInfo).port}/`,
  }).end
  expect(status, err).toBe(0)
})

nobody('such a user gets completion printed, and is told that there is no place for it', async () => {
  expect(await start(['__complete', 'bash', '--', 'upd']).end).toMatchObject({ status: 0, err: '' })
  expect(await start(['--show-completion', 'zsh']).end).toMatchObject({ status: 0, err: '' })
  const { status, err } = await start(['--install-completion', 'zsh']).end
  expect(status).toBe(2)
  expect(err).toContain(
    'This user has no home folder to install completion in. Print it with --show-completion zsh',
  )
})

test('an empty HOME, or a relative one, is no home folder', () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const home of ['', 'relative']) {
    vi.stubEnv('HOME', home)
    expect(homeFolder()).toBeUndefined()
    expect(cacheFolder('http', {})).toBeUndefined()
    expect(cacheFolder('http', { XDG_CACHE_HOME: '/var/cache' })).toBe('/var/cache/image-updater/http')
  }
})
