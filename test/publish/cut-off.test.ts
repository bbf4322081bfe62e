import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { Glance } from '../../src/cloud/glance.ts'
import type { CloudImage } from '../../src/cloud/image.ts'
import { journalOf } from '../../src/cloud/marks.ts'
import { publishCatalogue } from '../../src/publish/publish.ts'
import { cloudSubjects, type OpenCloudSubject } from '../support/cloud-subjects.ts'
import { type CloudBuild, type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { hexDigest } from '../support/world/published.ts'

/** What is done with a request: `drop` closes its connection before Glance has it, `lose` after Glance has answered. */
type Effect = 'pass' | 'drop' | 'lose' | number

interface FaultyProxy {
  readonly url: string
  /** How many requests there were. */
  readonly count: () => number
  /** Judges each request from now on. @param number from 1 */
  judge(effectOf: (method: string, path: string, number: number) => Effect): void
  close(): Promise<void>
}

/** A proxy before a real Image API. */
async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let effectOf = (_method: string, _path: string, _number: number): Effect => 'pass'
  let count = 0
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request
    count += 1
    const effect = effectOf(method, url, count)
    request.on('error', () => undefined)
    if (effect === 'drop') return void request.socket.destroy()
    if (typeof effect === 'number') {
      request.resume()
      return void response.writeHead(effect, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>')
    }
    const { host: _, ...passed } = headers
    const onward = requestHttp(target + url, { method, headers: passed, agent: false }, (answer) => {
      if (effect === 'lose') {
        answer.resume().once('end', () => request.socket.destroy())
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => request.socket.destroy())
    request.pipe(onward)
  }
  const server = createServer(serve)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => count,
    judge: (effect) => {
      effectOf = effect
      count = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const isImport = (method: string, path: string) => method === 'POST' && path.endsWith('/import')
const isPatch = (method: string) => method === 'PATCH'
const isCreate = (method: string, path: string) => method === 'POST' && path.endsWith('/v2/images')
const isStage = (method: string, path: string) => method === 'PUT' && path.endsWith('/stage')

/** Rows of the fault table try the stand-in. */
const real = cloudSubjects.filter(({ fetches }) => fetches !== 0)

describe.each(real)('a way to Glance that fails, to $name', ({ open, skipped }) => {
  let subject: OpenCloudSubject
  let glance: Glance
  let proxy: FaultyProxy
  let world: CloudWorld
  let word: string
  let builds: readonly [CloudBuild, CloudBuild]

  beforeAll(async () => {
    if (skipped !== undefined) return
    subject = await open()
    glance = new Glance(subject.session)
    proxy = await startFaultyProxy(subject.session.imageUrl)
  })
  afterAll(async () => {
    await proxy?.close()
    await subject?.close()
  })
  beforeEach(async () => {
    if (skipped !== undefined) return
    word = randomBytes(4).toString('hex')
    world = await startCloudWorld({ size: 60_000 })
    const { clouds } = parse(subject.cloudsFile)
    const { [subject.session.cloud]: cloud } = clouds
    await world.login(stringify({ clouds: { proxied: { ...cloud, image_endpoint_override: proxy.url } } }))
    vi.stubEnv('OS_CLIENT_CONFIG_FILE', world.cloudsFile)
    builds = [world.build('debian', '20260101'), world.build('debian', '20260201')]
    proxy.judge(() => 'pass')
    await define(builds[0])
    expect(await publish()).toEqual(['published'])
    await define(builds[1])
  })
  afterEach(async () => {
    if (skipped !== undefined) return
    for (const { id } of await images()) await glance.remove(id)
    vi.unstubAllEnvs()
    await world.close()
  })

  const define = ({ entry }: CloudBuild) =>
    world.write('debian.yml', [
      cloudEntry(`Debian ${word}`, [entry], { meta: { os_distro: 'debian', os_version: '12' } }),
    ])

  async function publish(): Promise<readonly string[]> {
    const stateDir = join(world.home, 'state')
    const usual = { images: [world.folder], cloud: ['proxied'], tag: `test-${word}`, stateDir }
    const options = { ...usual, import: 'glance-direct', importTimeout: 3_000 } as const
    const httpPolicy = { retries: 1, backoffBase: 1 }
    const { clouds } = await publishCatalogue(options, { httpPolicy })
    return clouds.flatMap(({ images, error }) => [
      ...images.map(({ status }) => status),
      ...(error === undefined ? [] : [error.code]),
    ])
  }

  async function images(): Promise<CloudImage[]> {
    const own = await glance.list({ owner: subject.session.project.id })
    return own.filter(({ name, tags }) => name.includes(word) || tags.includes(`test-${word}`))
  }

  /** At any moment users find one image of the name, and it is whole; none only while it changes hands. */
  async function expectSafe(): Promise<void> {
    const all = await images()
    const shown = all.filter(
      (one) => one.name === `Debian ${word}` && one.visibility === 'public' && !one.isHidden,
    )
    const digests = builds.map(({ bytes }) => hexDigest('sha512', bytes))
    for (const { status, hash } of shown)
      expect([status, digests.includes(hash?.hex ?? '')]).toEqual(['active', true])
    const isChangingHands = all.some((one) => journalOf(one)?.step === 'promoting')
    expect(shown.length === 1 || (shown.length === 0 && isChangingHands)).toBe(true)
  }

  /** The next run, whose way is whole, ends in the right state. */
  async function expectRepair(): Promise<void> {
    proxy.judge(() => 'pass')
    await publish()
    expect(await publish()).toEqual(['current'])
    const all = await images()
    const state = (one: CloudImage) => [
      one.visibility,
      one.isHidden,
      one.status,
      journalOf(one),
      one.hash?.hex,
    ]
    const states = Object.fromEntries(all.map((one) => [one.name, state(one)]))
    const [old, current] = builds.map(({ bytes }) => hexDigest('sha512', bytes))
    expect(states).toEqual({
      [`Debian ${word}`]: ['public', false, 'active', undefined, current],
      [`Debian ${word} (20260101)`]: ['public', true, 'active', undefined, old],
    })
    expect(all).toHaveLength(2)
  }

  it.skipIf(skipped).each([
    ['503 to a creation', isCreate, 503],
    ['a lost answer to a creation', isCreate, 'lose'],
    ['401 to a change', isPatch, 401],
    ['503 to a change', isPatch, 503],
    ['a lost answer to a change', isPatch, 'lose'],
    ['a staging that breaks off', isStage, 'drop'],
    ['a lost answer to a staging', isStage, 'lose'],
    ['503 to an import', isImport, 503],
    ['a lost answer to an import', isImport, 'lose'],
  ] as const)('%s, once, is got over', async (_, is, effect) => {
    let isMet = false
    proxy.judge((method, path) => {
      if (isMet || !is(method, path)) return 'pass'
      isMet = true
      return effect
    })
    expect(await publish()).toEqual(['published'])
    expect(isMet).toBe(true)
    await expectRepair()
  })

  it.skipIf(skipped).each([
    ['413 to the bytes', isStage, 413],
    ['403 to an import', isImport, 403],
  ] as const)('%s leaves everything as it was', async (_, is, effect) => {
    const before = await images()
    proxy.judge((method, path) => (is(method, path) ? effect : 'pass'))
    expect(await publish()).toEqual(['failed'])
    expect(await images()).toEqual(before)
    await expectRepair()
  })

  it.skipIf(skipped).each([9, 15, 17, 19, 20, 21, 22, 24])(
    'that ends with request %i, answered or not, is repaired by the next run',
    async (last) => {
      proxy.judge((_method, _path, number) => {
        if (number < last) return 'pass'
        return number === last && last % 2 === 1 ? 'lose' : 'drop'
      })
      await publish()
      await expectSafe()
      await expectRepair()
    },
  )
})
