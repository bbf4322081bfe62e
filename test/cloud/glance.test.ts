import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Glance } from '../../src/cloud/glance.ts'
import { messageOf } from '../../src/cloud/glance-errors.ts'
import type { CloudSession } from '../../src/cloud/session.ts'
import { beginUpload } from '../../src/cloud/upload.ts'
import { failure } from '../http/world.ts'
import { logIn } from '../support/cloud-subjects.ts'
import { type CloudFault, type FakeCloud, startFakeCloud } from '../support/fake-cloud.ts'
import { usualSettings } from '../support/fake-glance.ts'

let cloud: FakeCloud
let session: CloudSession
let glance: Glance
/** The pauses between looks; none is really made, and the clock goes on by each. */
let pauses: number[]

beforeAll(async () => {
  cloud = await startFakeCloud()
  session = await logIn(cloud.cloudsFile(), 'fake')
})
afterAll(async () => {
  await session.close()
  await cloud.close()
})
beforeEach(() => {
  cloud.forgetFaults()
  Object.assign(cloud.settings, usualSettings)
  cloud.calls.length = 0
  pauses = []
  glance = new Glance(session, {
    now: () => pauses.reduce((sum, pause) => sum + pause, 0),
    sleep: async (pause, signal) => {
      signal?.throwIfAborted()
      pauses.push(pause)
      await new Promise((resolve) => setImmediate(resolve))
    },
  })
})

const importTimeout = 1_800_000
const bytes = Buffer.alloc(100_000, 'image')
const digest = { algorithm: 'sha256', hex: '' } as const
const record = { digest, source: digest, size: bytes.length }
const create = (name = 'image') =>
  glance.create({ name, visibility: 'private', disk_format: 'raw', container_format: 'bare' })
const callsOf = (call: string) => cloud.calls.filter((one) => one.call === call).length

async function send(id: string, method: 'glance-direct' | 'upload' = 'glance-direct', size?: number) {
  const upload = beginUpload(glance, id, { method, size, importTimeout })
  try {
    await upload.write(bytes)
    await upload.complete(record)
  } catch (error) {
    await upload.abort()
    throw error
  }
}

describe('an answer that is none', () => {
  it.each([
    [400, 'CLOUD_FAILED', 'Glance answered 400: No.'],
    [401, 'CLOUD_AUTH', 'Glance does not accept the login; Glance answered 401: No.'],
    [403, 'CLOUD_DENIED', 'it is not allowed; Glance answered 403: No.'],
    [404, 'CLOUD_FAILED', 'it is not there; Glance answered 404: No.'],
    [
      413,
      'CLOUD_QUOTA',
      'the quota of the project or the limit of an image is met; Glance answered 413: No.',
    ],
    [429, 'CLOUD_FAILED', 'the cloud is in trouble; Glance answered 429: No.'],
    [500, 'CLOUD_FAILED', 'the cloud is in trouble; Glance answered 500: No.'],
    [503, 'CLOUD_FAILED', 'the cloud is in trouble; Glance answered 503: No.'],
  ])('of status %i is %s', async (status, code, words) => {
    const { id } = await create()
    cloud.fault({ on: 'patch', times: 9, effect: { type: 'status', status, message: 'No.' } })
    const error = await failure(glance.patch(id, [{ op: 'add', path: '/a', value: 'b' }]))
    expect(error).toMatchObject({
      code,
      message: `Changing the image ${id} in the cloud fake failed: ${words}`,
    })
    // Once more with another token; what may pass is tried five times.
    expect(callsOf('patch')).toBe(status === 401 ? 2 : [429, 500, 503].includes(status) ? 5 : 1)
  })

  it('a limit of a record is no quota', async () => {
    const tags = Array.from({ length: 129 }, (_, number) => `${number}`)
    expect(await failure(glance.create({ name: 'many', tags }))).toMatchObject({
      code: 'CLOUD_FAILED',
      message:
        'Creating the image "many" in the cloud fake failed: a limit of the image\'s record is met; Glance answered 413: The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128',
    })
  })

  it.each([
    [
      'a page of a proxy',
      '<html><head><title>413 Too Large</title></head><body><h1>413 Too\nLarge</h1><hr>nginx</body></html>',
      '413 Too Large nginx',
    ],
    [
      'entities and breaks of Glance',
      '{"message": "No image &quot;a&quot; &lt;b&gt; &amp; &#x27;c&#x27;<br /><br />\\n\\n\\n"}',
      'No image "a" <b> & \'c\'',
    ],
    ['what looks like a token', `{"message": "gAAAAA${'x'.repeat(180)} is not known"}`, '… is not known'],
    ['too many words', 'word '.repeat(100), `${'word '.repeat(100).slice(0, 300)}…`],
    ['another document', '[1]', '[1]'],
    ['nothing', '', ''],
  ])('says in one line what is told by %s', (_what, body, words) => {
    expect(messageOf(body)).toBe(words)
  })

  it.each<[string, CloudFault['on'], (body: Record<string, unknown>) => unknown, RegExp]>([
    ['another id', 'get', (body) => ({ ...body, id: randomUUID() }), /Glance answered with another image/],
    ['another id', 'patch', (body) => ({ ...body, id: randomUUID() }), /Glance answered with another image/],
    ['an id with a way out', 'get', (body) => ({ ...body, id: '../x' }), /\(id: no id\)/],
    ['a status of its own', 'get', (body) => ({ ...body, status: 'mine' }), /\(status: /],
    ['a negative size', 'get', (body) => ({ ...body, size: -1 }), /\(size: /],
    [
      'a hash that is none',
      'get',
      (body) => ({ ...body, os_hash_value: 'xyz' }),
      /\(os_hash_value: no hash\)/,
    ],
    ['a date that is none', 'get', (body) => ({ ...body, created_at: 'soon' }), /\(created_at: no date\)/],
    ['a list', 'get', () => [], /\(it: /],
    ['a text', 'get', () => 'fine', /\(it is no JSON\)/],
    ['nothing', 'patch', () => undefined, /\(it is no JSON\)/],
  ])('that has %s is refused by %s', async (_what, on, change, words) => {
    const { id } = await create()
    cloud.fault({ on, effect: { type: 'answer', change } })
    const asking = on === 'get' ? glance.get(id) : glance.patch(id, [])
    expect(await failure(asking)).toMatchObject({
      code: 'CLOUD_FAILED',
      message: expect.stringMatching(words),
    })
  })

  it('properties of strange names and values are only what they are', async () => {
    const { id } = await create()
    cloud.fault({
      on: 'get',
      effect: {
        type: 'answer',
        change: (body) => ({
          ...JSON.parse('{"__proto__": "a"}'),
          ...body,
          constructor: 'b',
          locations: [{}],
          n: 1,
        }),
      },
    })
    const { properties = {} } = (await glance.get(id)) ?? {}
    expect(Object.entries(properties).toSorted()).toEqual(
      [
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ].toSorted(),
    )
  })

  it('too long to be one is refused', async () => {
    const { id } = await create()
    cloud.fault({
      on: 'get',
      effect: { type: 'answer', change: (body) => ({ ...body, x: 'x'.repeat(2 ** 20) }) },
    })
    expect((await failure(glance.get(id))).code).toBe('CLOUD_FAILED')
  })

  it('an id that is none is never asked for', async () => {
    expect(await failure(glance.get('../../v3'))).toMatchObject({ code: 'CLOUD_FAILED' })
    expect(cloud.calls).toEqual([])
  })
})

describe('a list', () => {
  it('without an end is an error', async () => {
    cloud.settings.endless = true
    expect(await failure(new Glance(session, { mostImages: 2000 }).list({}))).toMatchObject({
      code: 'CLOUD_FAILED',
      message: 'Listing the images in the cloud fake: the list has more than 2000 images',
    })
  })

  it('that comes back to an image is an error', async () => {
    const { id } = await create('twice')
    const again = { type: 'answer', change: () => ({ images: [cloud.image(id)], next: '/' }) } as const
    cloud.fault({ on: 'list', times: 9, effect: again })
    expect((await failure(glance.list({}))).message).toBe(
      `Listing the images in the cloud fake: the list has ${id} twice`,
    )
  })

  it('whose last image is deleted meanwhile begins anew, three times at most', async () => {
    for (let number = 0; number < 3; number++) await create('deleted')
    const small = new Glance(session, { pageSize: 2 })
    const gone = { type: 'status', status: 400, message: 'No image found with ID x' } as const
    // First comes the list of hidden images, in one page; the other one has two.
    for (const after of [2, 4]) cloud.fault({ on: 'list', after, effect: gone })
    expect(await small.list({ name: 'deleted' })).toHaveLength(3)
    cloud.forgetFaults()
    for (const after of [2, 4, 6]) cloud.fault({ on: 'list', after, effect: gone })
    expect((await failure(small.list({ name: 'deleted' }))).message).toContain('400: No image found')
  })

  it('has only what was asked for, whatever the database takes for the same', async () => {
    await create('Exact')
    cloud.fault({
      on: 'list',
      times: 2,
      effect: { type: 'answer', change: (body) => ({ ...body, images: [cloud.named('Exact')] }) },
    })
    expect(await glance.list({ name: 'exact' })).toEqual([])
  })
})

describe('a record', () => {
  it('whose creation is answered by nobody is created again, or is that of the attempt before', async () => {
    cloud.fault({ on: 'create', effect: { type: 'drop', done: true } })
    const { id } = await create('lost')
    expect(cloud.named('lost').id).toBe(id)
    cloud.fault({ on: 'create', effect: { type: 'status', status: 502, page: '<html>502</html>' } })
    expect(await create('again')).toMatchObject({ id: cloud.named('again').id })
    cloud.fault({ on: 'create', times: 5, effect: { type: 'status', status: 502, page: '<html>502</html>' } })
    expect(await failure(create('never'))).toMatchObject({ code: 'CLOUD_FAILED' })
    cloud.fault({ on: 'create', times: 5, effect: { type: 'drop' } })
    expect(await failure(create('never'))).toMatchObject({ code: 'CLOUD_UNREACHABLE' })
  })

  it('of a given id is created once: who has it afterwards may be somebody else', async () => {
    const id = '00000000-1111-4222-8333-444444444444'
    cloud.fault({ on: 'create', effect: { type: 'drop' } })
    expect(await failure(glance.create({ id, name: 'given' }))).toMatchObject({ code: 'CLOUD_UNREACHABLE' })
    expect(callsOf('create')).toBe(1)
  })

  it('whose change is answered by nobody is as it was to be, also if that was to remove something', async () => {
    const { id } = await create()
    const add = { op: 'add', path: '/a', value: 'b' } as const
    cloud.fault({ on: 'patch', effect: { type: 'drop', done: true } })
    expect((await glance.patch(id, [add])).properties.a).toBe('b')
    const operations = [
      { op: 'remove', path: '/a' },
      { op: 'replace', path: '/tags', value: ['x', 'y'] },
    ] as const
    cloud.fault({ on: 'patch', effect: { type: 'drop', done: true } })
    expect(await glance.patch(id, operations)).toMatchObject({ tags: ['x', 'y'] })
    expect(cloud.image(id)).not.toHaveProperty('a')
    expect(await failure(glance.patch(id, [{ op: 'remove', path: '/a' }, add]))).toMatchObject({
      code: 'CLOUD_CONFLICT',
    })
  })

  it('that gets another name than asked for is refused', async () => {
    cloud.fault({
      on: 'create',
      effect: { type: 'answer', change: (body) => ({ ...body, name: 'b\u0007' }) },
    })
    expect((await failure(create('a'))).message).toBe(
      'Creating the image "a" in the cloud fake: Glance calls it "b\\u{7}"',
    )
  })

  it('that is written while its data moves is a conflict: Glance loses it', async () => {
    const { id } = await create()
    cloud.settings.importLooks = 99
    const upload = beginUpload(glance, id, { method: 'glance-direct', importTimeout })
    await upload.write(bytes)
    const write = () => glance.patch(id, [{ op: 'add', path: '/a', value: 'b' }])
    await expect.poll(() => cloud.image(id)?.status).toBe('uploading')
    expect(await failure(write())).toMatchObject({ code: 'CLOUD_CONFLICT' })
    cloud.fault({ on: 'import', effect: { type: 'ends', how: 'never' } })
    const completing = failure(upload.complete(record))
    await expect.poll(() => cloud.image(id)?.os_glance_import_task).toBeDefined()
    expect(await failure(write())).toMatchObject({ code: 'CLOUD_CONFLICT' })
    expect(cloud.image(id)).not.toHaveProperty('a')
    await upload.abort()
    await completing
    expect(await glance.remove(id)).toBe('removed')
  })

  it('that is in use, or not ours, stays', async () => {
    const { id } = await create()
    cloud.settings.inUse = new Set([id])
    expect(await glance.remove(id)).toBe('in-use')
    const other = cloud.leave({ owner: 'other', visibility: 'public' }, bytes)
    expect(await failure(glance.remove(other.id))).toMatchObject({ code: 'CLOUD_DENIED' })
  })

  it('where importing is forbidden or not known there is no method', async () => {
    for (const status of [403, 404]) {
      cloud.fault({ on: 'info', effect: { type: 'status', status } })
      expect(await glance.importMethods()).toEqual([])
    }
    cloud.settings.importMethods = []
    expect(await glance.importMethods()).toEqual([])
  })
})

describe('an import', () => {
  it.each([
    ['failed', 'importing', ' (Task failed due to Internal Error)'],
    ['killed', 'killed', ' (Task failed due to Internal Error)'],
  ] as const)('that has %s is told from one under way', async (how, status, why) => {
    const { id } = await create()
    cloud.fault({ on: 'import', effect: { type: 'ends', how } })
    expect(await failure(send(id))).toMatchObject({
      code: 'CLOUD_IMPORT',
      message: `The cloud fake did not take the data of the image ${id}: it is ${status}, and nothing works on it${why}`,
    })
    expect(pauses.length).toBeLessThan(6)
    expect(await glance.remove(id)).toBe('removed')
  })

  it('that has failed is told where the tasks are forbidden, too', async () => {
    const { id } = await create()
    cloud.settings.denied = new Set(['get_tasks'])
    cloud.fault({ on: 'import', effect: { type: 'ends', how: 'failed' } })
    expect((await failure(send(id))).message).toMatch(/it is importing, and nothing works on it$/)
  })

  it('that never ends is waited for with growing pauses, and no longer than asked for', async () => {
    const { id } = await create()
    cloud.fault({ on: 'import', effect: { type: 'ends', how: 'never' } })
    expect(await failure(send(id))).toMatchObject({
      code: 'CLOUD_IMPORT',
      message: `The image ${id} in the cloud fake was not active within 1800 s: it is uploading`,
    })
    expect(pauses.slice(0, 3)).toEqual([250, 375, 562.5])
    expect(Math.max(...pauses)).toBe(10_000)
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(importTimeout)
  })

  it('goes on while nobody answers for a while', async () => {
    const { id } = await create()
    cloud.fault({ on: 'get', after: 1, times: 12, effect: { type: 'status', status: 503 } })
    cloud.fault({ on: 'get', after: 14, times: 7, effect: { type: 'drop' } })
    await send(id)
    expect(cloud.image(id)?.status).toBe('active')
  })

  it('whose image is deleted meanwhile is one that failed', async () => {
    const { id } = await create()
    cloud.fault({ on: 'get', after: 2, times: 9, effect: { type: 'status', status: 404 } })
    expect(await failure(send(id))).toMatchObject({
      code: 'CLOUD_IMPORT',
      message: `The image ${id} was deleted in the cloud fake before it was active`,
    })
  })

  it('whose lock a policy hides goes on as long as its task does', async () => {
    const { id } = await create()
    cloud.settings.importLooks = 5
    const unlocked = ({ os_glance_import_task: _, ...body }: Record<string, unknown>) => body
    cloud.fault({ on: 'get', times: 99, effect: { type: 'answer', change: unlocked } })
    await send(id)
    expect(cloud.image(id)?.status).toBe('active')
  })

  it('whose begin is answered by nobody is waited for, and its failure is that of the begin', async () => {
    const { id } = await create()
    cloud.fault({ on: 'import', effect: { type: 'drop', done: true } })
    await send(id)
    expect(cloud.image(id)?.status).toBe('active')
    const other = await create()
    cloud.fault({ on: 'import', times: 9, effect: { type: 'status', status: 504, page: 'Gateway Time-out' } })
    expect(await failure(send(other.id))).toMatchObject({
      code: 'CLOUD_FAILED',
      message: expect.stringMatching(/504: Gateway Time-out$/),
    })
    // One that is under way is refused, and five times nobody answered.
    expect(callsOf('import')).toBe(2 + 5)
  })

  it('that converts leaves other bytes than were sent: whoever proves them decides', async () => {
    const { id } = await create()
    cloud.settings.converts = true
    await send(id)
    expect(await glance.get(id)).toMatchObject({ status: 'active', size: bytes.length + 9 })
  })

  it('of an address that the cloud does not fetch is refused', async () => {
    const { id } = await create()
    expect(await failure(glance.download(id, 'file:///etc/passwd', importTimeout))).toMatchObject({
      code: 'CLOUD_FAILED',
    })
  })
})

describe('an upload', () => {
  it.each([
    ['stage', 401, 'CLOUD_AUTH'],
    ['stage', 403, 'CLOUD_DENIED'],
    ['stage', 409, 'CLOUD_CONFLICT'],
    ['stage', 413, 'CLOUD_QUOTA'],
    ['stage', 415, 'CLOUD_MISMATCH'],
    ['stage', 503, 'CLOUD_FAILED'],
    ['file', 411, 'CLOUD_FAILED'],
  ] as const)('to %s that is answered %i before its bytes ends with %s', async (on, status, code) => {
    const { id } = await create()
    cloud.fault({ on, times: 9, effect: { type: 'status', status } })
    const upload = beginUpload(glance, id, {
      method: on === 'file' ? 'upload' : 'glance-direct',
      importTimeout,
    })
    const writing = async () => {
      for (;;) await upload.write(Buffer.alloc(upload.partSize))
    }
    expect(await failure(writing())).toMatchObject({ code })
    await upload.abort()
    expect(callsOf(on)).toBe(1)
  })

  it('over the quota or the size of an image is CLOUD_QUOTA, and the record takes data again', async () => {
    const { id } = await create()
    for (const size of [undefined, bytes.length]) {
      cloud.settings.largestImage = 50_000
      expect(await failure(send(id, 'upload', size))).toMatchObject({ code: 'CLOUD_QUOTA' })
      await expect.poll(() => cloud.image(id)?.status).toBe('queued')
    }
    cloud.settings.largestImage = bytes.length
    await send(id, 'upload')
    expect(cloud.image(id)?.status).toBe('active')
  })

  it('of unknown length to a server that wants one says so', async () => {
    const { id } = await create()
    cloud.settings.wantsLength = true
    const error = await failure(send(id))
    expect(error.code).toBe('CLOUD_FAILED')
    expect(error.message).toContain('it takes no data whose length is not known before')
    const other = await create()
    await send(other.id, 'glance-direct', bytes.length)
    expect(cloud.image(other.id)?.status).toBe('active')
  })

  it.each(['glance-direct', 'upload'] as const)(
    'by %s of which half arrives is never taken for whole',
    async (method) => {
      const { id } = await create()
      cloud.fault({ on: method === 'upload' ? 'file' : 'stage', effect: { type: 'half', bytes: 999 } })
      expect(await failure(send(id, method))).toMatchObject({
        code: 'CLOUD_MISMATCH',
        message: `Of the image ${id} the cloud fake has 999 bytes instead of 100000 bytes`,
      })
      expect(callsOf('import')).toBe(0)
    },
  )

  it.each(['glance-direct', 'upload'] as const)(
    'by %s that arrives though its answer is lost is whole',
    async (method) => {
      const { id } = await create()
      cloud.fault({ on: method === 'upload' ? 'file' : 'stage', effect: { type: 'drop', done: true } })
      await send(id, method)
      expect(cloud.image(id)?.status).toBe('active')
      expect(cloud.bytes(id).equals(bytes)).toBe(true)
    },
  )

  it('that breaks off is not sent again', async () => {
    const { id } = await create()
    cloud.fault({ on: 'stage', times: 9, effect: { type: 'drop' } })
    expect(await failure(send(id))).toMatchObject({ code: 'CLOUD_UNREACHABLE' })
    expect([callsOf('stage'), cloud.image(id)?.status]).toEqual([1, 'queued'])
  })

  it('whose image stays as it was is one that failed', async () => {
    const { id } = await create()
    cloud.fault({ on: 'file', effect: { type: 'ends', how: 'killed' } })
    expect(await failure(send(id, 'upload'))).toMatchObject({
      code: 'CLOUD_IMPORT',
      message: `The cloud fake did not take the data of the image ${id}: it is killed, and nothing works on it`,
    })
  })

  it('to a server that takes no byte holds few parts, and ends when it is aborted', async () => {
    const { id } = await create()
    cloud.fault({ on: 'stage', effect: { type: 'stall' } })
    const upload = beginUpload(glance, id, { method: 'glance-direct', importTimeout })
    let written = 0
    const writing = async () => {
      for (;;) {
        await upload.write(Buffer.alloc(upload.partSize))
        written += 1
      }
    }
    const stopped = failure(writing())
    await expect.poll(() => callsOf('stage')).toBe(1)
    await upload.abort()
    expect((await stopped).code).toBe('ABORTED')
    expect(written).toBeLessThan(20) // what the sockets hold
    expect(await failure(upload.write(bytes))).toMatchObject({ code: 'ABORTED' })
  })

  it('of other bytes than its record says is not completed', async () => {
    const { id } = await create()
    const upload = beginUpload(glance, id, { method: 'upload', importTimeout })
    await upload.write(bytes)
    expect(await failure(upload.complete({ ...record, size: 1 }))).toMatchObject({ code: 'CLOUD_MISMATCH' })
    await upload.abort()
    await expect.poll(() => cloud.image(id)?.status).toBe('queued')
  })

  it('whose run is aborted while it is imported is left at once', async () => {
    const { id } = await create()
    const controller = new AbortController()
    cloud.fault({
      on: 'import',
      effect: { type: 'ends', how: 'never' },
      reached: () => setImmediate(() => controller.abort()),
    })
    const upload = beginUpload(glance, id, {
      method: 'glance-direct',
      importTimeout,
      signal: controller.signal,
    })
    await upload.write(bytes)
    expect(await failure(upload.complete(record))).toMatchObject({ code: 'ABORTED' })
    await upload.abort()
  })
})
