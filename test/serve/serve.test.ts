import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serveCatalogue } from '../../src/index.ts'
import { readCatalogueFolder } from '../support/world/world.ts'
import { ask, listen, scene, token, withToken } from './support.ts'

const running = ({ kind, data }: { kind: string; data: Record<string, unknown> }) =>
  kind === 'run' && data.state === 'running'
const finished = ({ kind, data }: { kind: string; data: Record<string, unknown> }) =>
  kind === 'run' && data.state === 'finished'

/** The transfer of Debian's image stands still once it has begun, so that the run goes on. */
const debian = '/cdimage.debian.org/cdimage/cloud/bookworm/daily/20260717-1000/'
const file = `${debian}debian-12-genericcloud-amd64-daily-20260717-1000.qcow2`

describe('a service', () => {
  it('shows the catalogue before any run, and what a run made of it', async () => {
    const { url, json, startRun, seen, get } = await scene()
    const before = (await json('/api/v1/images')) as { images: { name: string; version: string }[] }
    expect(before.images.find(({ name }) => name === 'Debian 12')).toMatchObject({ version: '20260124' })
    expect(await json('/api/v1/runs')).toEqual({ runs: [] })

    const stream = await listen(url)
    const started = await startRun()
    expect(started).toMatchObject({ status: 202, headers: { location: '/api/v1/runs/1' } })
    expect(await stream.next(finished)).toMatchObject({ id: 1, trigger: 'request', summary: { failed: 0 } })
    await seen('run-end')

    const after = (await json('/api/v1/images')) as { images: { name: string }[] }
    expect(after.images.find(({ name }) => name === 'Debian 12')).toMatchObject({
      version: '20260717',
      last_run: { id: 1, status: 'updated' },
    })
    expect(await json('/api/v1/runs/1')).toMatchObject({ state: 'finished', report: { exit_status: 0 } })
    const metrics = await get('/metrics')
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(metrics.text).toContain('image_updater_run_active 0\n')
    expect(metrics.text).toContain('image_updater_last_run_success{command="update"} 1\n')
    const page = await get('/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text).toContain('20260717')
  })

  it('answers 200 readers while a run goes on, and ends that run in order', async () => {
    const { world, folder, url, get, startRun, service, json } = await scene()
    world.origin.fault(file, { stallAfter: 5000 })
    const stream = await listen(url)
    await startRun()
    await stream.next((event) => running(event) && JSON.stringify(event.data).includes('"mirroring"'))
    const paths = ['/', '/metrics', '/healthz', '/readyz', '/api/v1/images', '/api/v1/runs', '/api/v1/runs/1']
    const readers = Array.from({ length: 200 }, async (_, reader) => {
      const statuses: number[] = []
      for (const index of paths.keys()) {
        const path = paths[(index + reader) % paths.length] ?? '/'
        statuses.push((await get(path)).status)
      }
      return statuses
    })
    const statuses = (await Promise.all(readers)).flat()
    expect(statuses).toHaveLength(1400)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await json('/api/v1/runs/1')).toMatchObject({ state: 'running' })
    expect(await startRun()).toMatchObject({ status: 409 })

    await service.close()
    await stream.ended
    const names = Object.keys(world.catalogue)
    const texts = await readCatalogueFolder(folder, names)
    expect(texts['debian.yml']).toBe(world.catalogue['debian.yml'])
    await expect(get('/healthz')).rejects.toThrow(/ECONNREFUSED/)
  })

  it('lets a run that goes on finish in its time', async () => {
    const { world, url, startRun, service, seen, get } = await scene((options) => ({
      ...options,
      shutdownTimeout: 600_000,
    }))
    world.origin.fault(file, { trickle: { bytes: 20_000, milliseconds: 50 } })
    const stream = await listen(url)
    await startRun()
    await stream.next(running)
    const closed = service.close()
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'ending\n' })
    expect(await startRun()).toMatchObject({ status: 503 })
    await closed
    expect((await seen('run-end')).report.summary).toMatchObject({ failed: 0 })
  })

  it('runs on its schedule, and not at all without one', async () => {
    const before = new Date(2026, 6, 5, 2, 59, 59, 950).getTime()
    let began: number | undefined
    const now = () => {
      began ??= performance.now()
      return new Date(before + performance.now() - began)
    }
    const { seen, json } = await scene((options) => ({ ...options, schedule: '0 3 * * *' }), { now })
    expect(await seen('run-begin')).toMatchObject({ trigger: 'schedule' })
    await seen('run-end')
    expect(await json('/api/v1/runs')).toMatchObject({
      next_run_at: new Date(2026, 6, 6, 3, 0, 0).toISOString(),
      runs: [{ trigger: 'schedule' }],
    })
    const idle = await scene()
    expect((await idle.seen('next-run')).at).toBeUndefined()
  })

  it('keeps a run that is due within its jitter when it is loaded again', async () => {
    let now = new Date(2026, 6, 5, 2, 0, 0)
    const { events, service } = await scene(
      (options) => ({ ...options, schedule: '0 3 * * *', jitter: 600_000 }),
      { now: () => now, random: () => 0.5 },
    )
    now = new Date(2026, 6, 5, 3, 4, 0)
    await service.reload()
    expect(events.filter(({ type }) => type === 'next-run')).toEqual([
      { type: 'next-run', at: new Date(2026, 6, 5, 3, 5, 0) },
    ])
  })

  it('keeps what was in force where a new configuration is wrong', async () => {
    let schedule = '0 3 * * *'
    let secret: string = token
    const { service, seen, startRun, events } = await scene((options) => ({
      ...options,
      schedule,
      token: secret,
    }))
    schedule = 'nonsense'
    await service.reload()
    expect((await seen('reload-failed')).error).toMatchObject({ code: 'CONFIGURATION' })
    expect(await startRun()).toMatchObject({ status: 202 })
    schedule = '0 4 * * *'
    secret = 'another-token-altogether'
    await service.reload()
    expect(events.map(({ type }) => type)).toContain('reloaded')
    expect(await startRun()).toMatchObject({ status: 401 })
  })

  it('goes on where a run is refused, and says that the catalogue cannot be read', async () => {
    const { startRun, seen, json, get } = await scene((options) => ({
      ...options,
      update: { ...options.update, images: ['/nowhere/at/all'] },
    }))
    expect(await seen('note')).toMatchObject({
      level: 'warning',
      message: '/nowhere/at/all: The catalogue /nowhere/at/all does not exist',
    })
    await startRun()
    await seen('run-refused')
    expect(await json('/api/v1/runs')).toMatchObject({
      runs: [{ state: 'refused', exit_status: 2, errors: [{ code: 'CATALOG_NOT_FOUND' }] }],
    })
    expect((await get('/metrics')).text).toContain('image_updater_last_run_success{command="update"} 0\n')
    expect(await get('/readyz')).toMatchObject({ status: 503 })
    expect(await get('/healthz')).toMatchObject({ status: 200 })
    expect(await json('/api/v1/images')).toMatchObject({ images: [], error: { code: 'CATALOG_NOT_FOUND' } })
  })

  it('refuses secrets that can be guessed, and an address that is taken', async () => {
    const { url } = await scene()
    const options = {
      update: { images: ['/nowhere'], mirror: { kind: 'none' as const } },
      listen: { host: '127.0.0.1', port: Number(new URL(url).port) },
    }
    await expect(serveCatalogue(() => options)).rejects.toThrow(
      /cannot be listened on: something else listens there/,
    )
    await expect(serveCatalogue(() => ({ ...options, token: 'short' }))).rejects.toThrow(/not 16 or more/)
    const spaced = 'a token with spaces'
    await expect(serveCatalogue(() => ({ ...options, token: spaced }))).rejects.toThrow(/not 16 or more/)
  })

  it('prints no secret of its options', async () => {
    const { json } = await scene((options) => ({
      ...options,
      update: { ...options.update, images: [`/nowhere/${token}`] },
    }))
    const text = JSON.stringify(await json('/api/v1/images'))
    expect(text).toContain('/nowhere/***')
    expect(text).not.toContain(token)
  })
})

describe('the server', () => {
  it('changes nothing without the token, and nothing at all without one configured', async () => {
    const { url, events, service } = await scene()
    const runs = new URL('/api/v1/runs', url)
    expect(await ask(runs, { method: 'POST' })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    })
    expect(await ask(runs, { method: 'POST', headers: { authorization: 'Bearer wrong' } })).toMatchObject({
      status: 401,
    })
    for (const [name, value] of [
      ['host', 'evil.example'],
      ['origin', 'https://evil.example'],
    ] as const) {
      const { status } = await ask(runs, { method: 'POST', headers: { ...withToken, [name]: value } })
      expect([421, 403]).toContain(status)
    }
    expect(events.some(({ type }) => type === 'run-begin')).toBe(false)
    await service.close()

    const open = await scene(({ token: _none, ...options }) => options)
    expect(await open.startRun()).toMatchObject({ status: 403 })
    expect(open.events.some(({ type }) => type === 'run-begin')).toBe(false)
  })

  it.each([
    ['GET', '/nothing', 404],
    ['GET', '/api/v1/runs/77', 404],
    ['GET', '/api/v1/runs/0', 404],
    ['GET', '/..%2f..%2fetc/passwd', 404],
    ['PUT', '/api/v1/runs', 405],
    ['DELETE', '/api/v1/runs/1', 405],
    ['POST', '/api/v1/events', 405],
    ['OPTIONS', '/', 405],
    ['HEAD', '/', 200],
    ['GET', '/?utm=1', 200],
  ])('answers %s %s with %i', async (method, path, status) => {
    const { url } = await scene()
    const reply = await ask(new URL(path, url), { method, headers: withToken })
    expect(reply.status).toBe(status)
    expect(reply.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    if (method === 'HEAD') expect(reply.text).toBe('')
  })

  it('lets its page run its own scripts and styles and nothing else', async () => {
    const { get } = await scene()
    const { headers, text } = await get('/')
    const policy = String(headers['content-security-policy'])
    for (const [element, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ]) {
      const contents = [...text.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 'gs'))]
      const hashes = contents.map(
        ([, own = '']) => `'sha256-${createHash('sha256').update(own).digest('base64')}'`,
      )
      expect(hashes).toHaveLength(1)
      expect(policy.split('; ')).toContain(`${directive} ${hashes.join(' ')}`)
    }
    expect(policy).toMatch(/^default-src 'none';.*; frame-ancestors 'none'$/)
    expect(policy).not.toContain('unsafe')
  })

  it('bounds bodies and headers', async () => {
    const { url, events } = await scene()
    const runs = new URL('/api/v1/runs', url)
    const long = { method: 'POST', headers: withToken, body: 'x'.repeat(100_000) }
    expect(await ask(runs, long).catch(({ code }) => code)).toSatisfy(
      (reply) => reply === 'EPIPE' || reply === 'ECONNRESET' || reply.status === 413,
    )
    const chunked = { ...long, headers: { ...withToken, 'transfer-encoding': 'chunked' } }
    expect(await ask(runs, chunked).catch(({ code }) => code)).toSatisfy(
      (reply) => reply === 'EPIPE' || reply === 'ECONNRESET' || reply.status === 413,
    )
    expect(await ask(url, { headers: { 'x-long': 'x'.repeat(10_000) } })).toMatchObject({ status: 431 })
    expect(events.some(({ type }) => type === 'run-begin')).toBe(false)
  })

  it('refuses a request that names two servers', async () => {
    const { url } = await scene()
    const { hostname, port } = new URL(url)
    const ask = (lines: string) =>
      new Promise<string>((resolve, reject) => {
        let answer = ''
        const socket = connect(Number(port), hostname)
        socket.on('data', (chunk) => {
          answer += chunk
        })
        socket.on('error', reject).on('close', () => resolve(answer))
        socket.write(`GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)
      })
    expect(await ask('Host: localhost\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    for (const other of ['localhost', 'evil.example']) {
      expect(await ask(`Host: localhost\r\nHost: ${other}\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    }
  })

  it('does not wait for a client that says nothing when it ends', async () => {
    const { url, service } = await scene()
    const { hostname, port } = new URL(url)
    const silent = connect(Number(port), hostname)
    silent.on('error', () => {})
    silent.write('GET / HTTP/1.1\r\nHost: loc')
    await new Promise((resolve) => silent.once('connect', resolve))
    await service.close()
    silent.destroy()
  })
})
