import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  exitStatusOf,
  type Listener,
  type RunEvent,
  serveCatalogue,
  type UpdateOptions,
  updateCatalogue,
} from '../../src/index.ts'
import { type CloudWorld, cloudEntry, startCloudWorld } from '../support/cloud-world.ts'
import { type FakeCloud, startFakeCloud } from '../support/fake-cloud.ts'

let world: CloudWorld
let cloud: FakeCloud
beforeEach(async () => {
  world = await startCloudWorld()
  cloud = await startFakeCloud({ prefix: '', settings: { importLooks: 1 } })
  await world.login(cloud.cloudsFile('admin'))
  vi.stubEnv('OS_CLIENT_CONFIG_FILE', world.cloudsFile)
  return async () => {
    vi.unstubAllEnvs()
    await cloud.close()
    await world.close()
  }
})

const sources = [{ name: 'own', images: ['*'], strategy: 'manifest' as const }]

/** A build that the distribution publishes now, at the same address as those before. */
function release(image: string, version: string) {
  const build = world.build(image, version)
  const [day = ''] = /\d{8}/.exec(version) ?? []
  const lastModified = new Date(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`)
  world.origin.put(`/${image}/now/${image}.qcow2`, { body: build.bytes, lastModified })
  world.origin.put(`/${image}/now/SHA256SUMS`, `${build.checksum.slice(7)}  ${image}.qcow2\n`)
  return build
}

const entry = (name: string, image: string, more: object = {}) =>
  cloudEntry(name, [], {
    latest_url: `${world.origin.url}/${image}/now/${image}.qcow2`,
    latest_checksum_url: `${world.origin.url}/${image}/now/SHA256SUMS`,
    ...more,
  })

async function update(options: UpdateOptions = {}, signal?: AbortSignal, listener: Listener = () => {}) {
  const events: RunEvent[] = []
  const usual = { images: [world.folder], mirror: { kind: 'none' }, sources, publish: true } as const
  const own = { cloud: ['fake'], import: 'upload', stateDir: join(world.home, 'state') } as const
  const report = await updateCatalogue(
    { ...usual, ...own, ...options },
    {
      signal,
      onEvent: (event) => {
        events.push(event)
        listener(event)
      },
      httpPolicy: { backoffBase: 1, retries: 0 },
    },
  )
  const images = report.clouds?.flatMap((one) => one.images.map(({ name, status }) => [name, status]))
  return { report, events, images, status: exitStatusOf(report) }
}

const names = () =>
  cloud
    .images()
    .map(({ name }) => name)
    .sort()

describe('update --publish', () => {
  it('brings what the catalogue names since this run, and the next one finds nothing to do', async () => {
    const { bytes } = release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    const { report, images, status } = await update()
    expect(report.summary).toMatchObject({ updated: 1, failed: 0 })
    expect({ images, status }).toEqual({ images: [['Debian 12', 'published']], status: 0 })
    expect(cloud.bytes(cloud.named('Debian 12').id).equals(bytes)).toBe(true)
    expect((await update()).images).toEqual([['Debian 12', 'current']])

    release('debian', '20260201')
    const second = await update()
    expect(second.report.clouds?.[0]?.images[0]?.brought).toMatchObject([{ name: 'Debian 12' }])
    expect(names()).toHaveLength(2)
  })

  it('logs in before anything is looked for: a cloud that is not configured costs nothing', async () => {
    release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    await expect(update({ cloud: ['nowhere'] })).rejects.toMatchObject({ code: 'CLOUD_CONFIGURATION' })
    vi.stubEnv('OS_CLIENT_CONFIG_FILE', join(world.home, 'none.yaml'))
    await expect(update({ cloud: [] })).rejects.toMatchObject({ code: 'CLOUD_CONFIGURATION' })
    await expect(update({ publish: false })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    await expect(update({ retire: 'delete' })).rejects.toMatchObject({ code: 'CONFIGURATION' })
    expect(world.origin.requests).toEqual([])
  })

  it('a cloud that fails is told at once, and stops neither the update nor the other one', async () => {
    release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    const { report, events, status } = await update({ cloud: ['nowhere', 'fake'] })
    expect(report.summary.updated).toBe(1)
    expect(report.clouds).toMatchObject([{ error: { code: 'CLOUD_CONFIGURATION' } }, { cloud: 'fake' }])
    expect(report.clouds?.[1]?.images).toMatchObject([{ status: 'published' }])
    expect(status).toBe(1)
    const told = events.findIndex((one) => one.type === 'note' && one.message.startsWith('nowhere: '))
    expect(told).toBeLessThan(events.findIndex(({ type }) => type === 'run-start'))
  })

  it('of an image that failed nothing is retired, and the others go on', async () => {
    const versions = ['20260101', '20260102', '20260103'].map(
      (version) => world.build('debian', version).entry,
    )
    const broken = { latest_url: `${world.origin.url}/none/x.qcow2`, meta: { uuid_validity: 'none' } }
    await world.write('a.yml', [{ ...entry('Debian 12', 'debian', broken), versions: versions.slice(1) }])
    await update()
    release('alpine', '20260101')
    const first = { ...entry('Debian 12', 'debian', broken), versions: versions.slice(2) }
    await world.write('a.yml', [first, entry('Alpine 3', 'alpine')])
    const { report, images, status } = await update()
    expect(report.summary).toMatchObject({ updated: 1, failed: 1 })
    expect(images).toContainEqual(['Alpine 3', 'published'])
    expect(report.clouds?.[0]?.images[0]?.retired).toEqual([])
    expect(status).toBe(1)
  })

  it('interrupted before it comes to the clouds does nothing there, and says so', async () => {
    release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    const controller = new AbortController()
    const { report, status } = await update({}, controller.signal, ({ type }) => {
      if (type === 'image') controller.abort(new Error('ended'))
    })
    expect(report.clouds).toMatchObject([{ cloud: 'fake', images: [], error: { code: 'ABORTED' } }])
    expect({ status, names: names() }).toEqual({ status: 1, names: [] })
  })

  it('a dry run plans the cloud with what the catalogue would name', async () => {
    release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    const before = await world.read('a.yml')
    const { report, images } = await update({ dryRun: true })
    expect(report.summary.would_update).toBe(1)
    expect(images).toEqual([['Debian 12', 'would-publish']])
    expect(report.clouds?.[0]?.calls?.map(({ method }) => method)).toContain('PUT')
    expect(names()).toEqual([])
    expect(await world.read('a.yml')).toBe(before)
  })

  it('of a service shows in its page, metrics and report what was done in the clouds', async () => {
    release('debian', '20260101')
    await world.write('a.yml', [entry('Debian 12', 'debian')])
    const token = 'a-token-of-more-than-16'
    const update: UpdateOptions = {
      ...{ images: [world.folder], mirror: { kind: 'none' }, sources, publish: true, cloud: ['fake'] },
      ...{ import: 'upload', stateDir: join(world.home, 'state') },
    }
    const options = { update, listen: { host: '127.0.0.1', port: 0 }, schedule: '', token }
    const learned: string[] = []
    let ended = () => {}
    const end = new Promise<void>((resolve) => {
      ended = resolve
    })
    const service = await serveCatalogue(() => options, {
      hide: (secrets) => void learned.push(...secrets),
      onEvent: ({ type }) => type === 'run-end' && ended(),
    })
    onTestFinished(() => service.close())
    const get = async (path: string) => (await fetch(new URL(path, service.url))).text()
    const headers = { authorization: `Bearer ${token}` }
    await fetch(new URL('/api/v1/runs', service.url), { method: 'POST', headers })
    await end
    expect(await get('/metrics')).toContain('image_updater_cloud_up{command="update",cloud="fake"} 1')
    expect(await get('/')).toContain('1 published')
    const { report } = JSON.parse(await get('/api/v1/runs/1'))
    expect(report.clouds).toMatchObject([{ cloud: 'fake', images: [{ status: 'published' }] }])
    expect(learned).toContain('secret')
    const wrong: UpdateOptions = { ...update, retire: 'delete' }
    await expect(serveCatalogue(() => ({ ...options, update: wrong }))).rejects.toMatchObject({
      code: 'CONFIGURATION',
    })
  })

  it('shards share the files among them, and know the images of each other', async () => {
    const files = ['a.yml', 'b.yml', 'c.yml']
    for (const [index, file] of files.entries()) {
      release(`os${index}`, '20260101')
      await world.write(file, [entry(`Os ${index}`, `os${index}`)])
    }
    const parts = []
    for (const index of [1, 2]) parts.push(await update({ shard: { index, count: 2 } }))
    const [first, second] = parts.map(({ images = [] }) => images.map(([name]) => name))
    expect([...(first ?? []), ...(second ?? [])].sort()).toEqual(['Os 0', 'Os 1', 'Os 2'])
    expect(parts.map(({ report }) => report.clouds?.[0]?.unnamed)).toEqual([[], []])
  })
})
