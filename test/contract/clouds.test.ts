import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Glance } from '../../src/cloud/glance.ts'
import type { CloudImage } from '../../src/cloud/image.ts'
import type { CloudSession } from '../../src/cloud/session.ts'
import { beginUpload } from '../../src/cloud/upload.ts'
import { sleep } from '../../src/http/abort.ts'
import { HttpClient } from '../../src/http/client.ts'
import type { Upload } from '../../src/stores/store.ts'
import { transfer } from '../../src/transfer/transfer.ts'
import { collect, failure } from '../http/world.ts'
import { generatedBytes } from '../support/bytes.ts'
import { cloudSubjects } from '../support/cloud-subjects.ts'
import { startOrigin } from '../support/origin.ts'

const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest('hex')
const recordOf = (bytes: Uint8Array) => {
  const digest = { algorithm: 'sha512', hex: sha512(bytes) } as const
  return { digest, source: digest, size: bytes.length }
}
const importTimeout = 60_000
/** Looks come as fast as both clouds stand them. */
const brief = (_: number, signal: AbortSignal | undefined) => sleep(20, signal)

async function writeAll(upload: Upload, bytes: Uint8Array): Promise<void> {
  const writing: Promise<void>[] = []
  for (let at = 0; at < bytes.length; at += upload.partSize) {
    writing.push(upload.write(bytes.subarray(at, at + upload.partSize)))
  }
  await Promise.all(writing)
}

for (const subject of cloudSubjects) {
  const name = subject.skipped === undefined ? subject.name : `${subject.name} (skipped: ${subject.skipped})`
  describe.skipIf(subject.skipped !== undefined)(`Glance: ${name}`, () => {
    let session: CloudSession
    let glance: Glance
    let close: () => Promise<void>
    const run = randomBytes(4).toString('hex')
    beforeAll(async () => {
      const opened = await subject.open()
      session = opened.session
      close = opened.close
      glance = new Glance(session, { sleep: brief })
    })
    afterAll(async () => {
      const left = await glance.list({ owner: session.project.id, tags: [run] })
      for (const { id } of left) await glance.remove(id)
      await close()
    })

    const record = (label: string, more: object = {}) => ({
      name: `${label} ${run}`,
      visibility: 'private',
      disk_format: 'raw',
      container_format: 'bare',
      tags: [run],
      ...more,
    })
    const create = (label: string, more?: object) => glance.create(record(label, more))
    const send = async (id: string, bytes: Uint8Array, method: 'glance-direct' | 'upload', size?: number) => {
      const upload = beginUpload(glance, id, { method, size, importTimeout })
      await writeAll(upload, bytes)
      return upload.complete(recordOf(bytes))
    }
    /** One request whose answer is looked at as it is. */
    const raw = async (method: string, path: string, body?: unknown, headers: object = {}) => {
      const answer = await session.request(method, path, {
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, text: (await collect(answer.body)).toString() }
    }
    const stage = (id: string, bytes: string) =>
      raw('PUT', `/v2/images/${id}/stage`, bytes, { 'content-type': 'application/octet-stream' })
    const patchType = { 'content-type': 'application/openstack-images-v2.1-json-patch' }

    it('a record is created as it was asked for, with the defaults of Glance', async () => {
      const id = randomUUID()
      const name = `a:b, "c" \u0007\u202e ${run}`
      const created = await glance.create({ id, name, visibility: 'private', tags: [run], 'a/b~c': '' })
      expect(created).toEqual<CloudImage>({
        id,
        name,
        status: 'queued',
        visibility: 'private',
        isHidden: false,
        isProtected: false,
        owner: session.project.id,
        size: undefined,
        minDisk: 0,
        minRam: 0,
        diskFormat: undefined,
        containerFormat: undefined,
        tags: [run],
        hash: undefined,
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
        properties: { 'a/b~c': '' },
      })
      expect(Math.abs(created.createdAt.getTime() - glance.serverTime().getTime())).toBeLessThan(10_000)
      expect(await glance.get(id)).toEqual(created)
      expect(await glance.list({ name })).toEqual([created])
      expect(await glance.get(randomUUID())).toBeUndefined()
      const changed = await glance.patch(id, [
        { op: 'add', path: '/a~1b~0c', value: 'x' },
        { op: 'replace', path: '/name', value: `b ${run}` },
        { op: 'add', path: '/tags', value: [run, 'ü/ü'] },
        { op: 'replace', path: '/os_hidden', value: true },
        { op: 'replace', path: '/min_disk', value: 3 },
      ])
      expect(changed).toMatchObject({
        name: `b ${run}`,
        properties: { 'a/b~c': 'x' },
        isHidden: true,
        minDisk: 3,
      })
      expect(changed.tags.toSorted()).toEqual([run, 'ü/ü'])
      expect((await glance.list({ tags: [run, 'ü/ü'] })).map((image) => image.id)).toEqual([id])
      expect(await glance.remove(id)).toBe('removed')
      expect(await glance.remove(id)).toBe('gone')
      expect(await failure(glance.create(record('again', { id })))).toMatchObject({
        code: 'CLOUD_CONFLICT',
        message: `Creating the image "again ${run}" in the cloud ${session.cloud} failed: Glance answered 409: Image ID ${id} already exists!`,
      })
    })

    it('a list has every image, hidden ones too, however small the pages are', async () => {
      const ids: string[] = []
      for (let number = 0; number < 5; number++) {
        const more = { os_hidden: number > 2, name: `page ${run}`, visibility: 'community' }
        ids.push((await create('', more)).id)
      }
      const small = new Glance(session, { pageSize: 2 })
      const found = await small.list({ name: `page ${run}`, owner: session.project.id, visibility: 'all' })
      expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
      expect(await small.list({ name: `page ${run}`, visibility: 'public' })).toEqual([])
      expect(await small.list({ name: `PAGE ${run}` })).toEqual([])
      for (const id of ids) await glance.remove(id)
    })

    it.each([
      ['a marker that is not there', 'GET', '/v2/images?marker=nope', undefined, {}, 400],
      ['a name with a colon', 'GET', '/v2/images?name=a:b', undefined, {}, 400],
      ['an unknown key', 'GET', '/v2/images?nonsense=b', undefined, {}, 200],
      ['a number as a property', 'POST', '/v2/images', { name: 'x', a: 1 }, {}, 400],
      ['an id that is none', 'POST', '/v2/images', { name: 'x', id: 'abc' }, {}, 400],
      ['a visibility that is none', 'POST', '/v2/images', { name: 'x', visibility: 'abc' }, {}, 400],
      ['a name that is too long', 'POST', '/v2/images', { name: 'x'.repeat(256) }, {}, 400],
      ['a status', 'POST', '/v2/images', { name: 'x', status: 'active' }, {}, 403],
      ['a reserved key', 'POST', '/v2/images', { name: 'x', os_glance_x: 'a' }, {}, 403],
      ['129 tags', 'POST', '/v2/images', { tags: Array.from({ length: 129 }, (_, at) => `${at}`) }, {}, 413],
      ['a patch of another type', 'PATCH', '/v2/images/ID', [], {}, 415],
      ['a patch of nothing', 'PATCH', '/v2/images/ID', [], patchType, 200],
      [
        'the removal of a missing key',
        'PATCH',
        '/v2/images/ID',
        [{ op: 'remove', path: '/no' }],
        patchType,
        409,
      ],
      [
        'the replacement of a missing key',
        'PATCH',
        '/v2/images/ID',
        [{ op: 'replace', path: '/no', value: '' }],
        patchType,
        409,
      ],
      [
        'the removal of a base key',
        'PATCH',
        '/v2/images/ID',
        [{ op: 'remove', path: '/min_disk' }],
        patchType,
        403,
      ],
      ['a patched number', 'PATCH', '/v2/images/ID', [{ op: 'add', path: '/n', value: 1 }], patchType, 400],
      [
        'a patched status',
        'PATCH',
        '/v2/images/ID',
        [{ op: 'replace', path: '/status', value: 'x' }],
        patchType,
        403,
      ],
      [
        'an import before the staging',
        'POST',
        '/v2/images/ID/import',
        { method: { name: 'glance-direct' } },
        {},
        409,
      ],
      ['an import by no method', 'POST', '/v2/images/ID/import', { method: { name: 'x' } }, {}, 400],
      ['data of no type', 'PUT', '/v2/images/ID/stage', 'abc', {}, 415],
      ['members of a private image', 'GET', '/v2/images/ID/members', undefined, {}, 403],
      ['a deactivation before the data', 'POST', '/v2/images/ID/actions/deactivate', undefined, {}, 403],
      ['data that is not there', 'GET', '/v2/images/ID/file', undefined, {}, 204],
      ['a method that is none', 'GET', '/v2/info/nothing', undefined, {}, 404],
    ])('%s is answered as Glance answers it', async (_what, method, path, body, headers, status) => {
      const { id } = await create('odd')
      expect((await raw(method, path.replace('ID', id), body, headers)).status).toBe(status)
      await glance.remove(id)
    })

    it('errors are JSON with tags in it for whoever accepts nothing else, and a page for others', async () => {
      const json = await raw('GET', `/v2/images/${run}`)
      expect([json.headers['content-type'], JSON.parse(json.text).message]).toEqual([
        'application/json',
        `No image found with ID ${run}<br /><br />\n\n\n`,
      ])
      const page = await raw('GET', `/v2/images/${run}`, undefined, { accept: 'application/json, */*' })
      expect(page.headers['content-type']).toContain('text/html')
    })

    it.each(['glance-direct', 'upload'] as const)(
      '%s brings the bytes, of known and unknown length',
      async (method) => {
        expect(await glance.importMethods()).toContain('glance-direct')
        const bytes = generatedBytes(5_000_001)
        for (const size of [bytes.length, undefined]) {
          const { id } = await create('bytes')
          expect(await send(id, bytes, method, size)).toEqual([])
          const image = await glance.get(id)
          expect(image).toMatchObject({
            status: 'active',
            size: bytes.length,
            hash: { algorithm: 'sha512', hex: sha512(bytes) },
            diskFormat: 'raw',
          })
          expect(image?.properties).not.toHaveProperty('os_glance_import_task')
          expect((await collect(glance.read(id))).equals(bytes)).toBe(true)
          // A server that refuses bytes before it has read them may close before its answer is read.
          const { code } = await failure(send(id, bytes, method))
          expect(['CLOUD_CONFLICT', 'CLOUD_UNREACHABLE']).toContain(code)
          expect(await glance.patch(id, [{ op: 'add', path: '/after', value: 'x' }])).toBeDefined()
          expect((await glance.get(id))?.properties.after).toBe('x')
          await glance.remove(id)
        }
      },
    )

    it('a transfer streams into it', async () => {
      const bytes = generatedBytes(9_000_000, 2)
      const origin = await startOrigin({ files: { '/image.raw': bytes } })
      const http = new HttpClient()
      const { id } = await create('transfer')
      const upload = beginUpload(glance, id, { method: 'glance-direct', size: bytes.length, importTimeout })
      const source = await http.download(`${origin.url}/image.raw`)
      const digest = { algorithm: 'sha512', hex: sha512(bytes) } as const
      const plan = { source, expected: digest, format: 'raw', upload, maxSize: 2 ** 30 } as const
      const sent = await transfer(plan)
      await upload.complete({ digest: sent.digest, source: sent.source, size: sent.size })
      expect(await glance.get(id)).toMatchObject({ status: 'active', hash: digest })
      await glance.remove(id)
      await http.close()
      await origin.close()
    })

    it.each(['glance-direct', 'upload'] as const)(
      'an aborted %s leaves a record that takes data again',
      async (method) => {
        const bytes = generatedBytes(3 * 2 ** 20)
        for (const size of [bytes.length, undefined]) {
          const { id } = await create('aborted')
          const upload = beginUpload(glance, id, { method, size, importTimeout })
          await upload.write(bytes.subarray(0, 2 ** 20))
          await expect.poll(async () => (await glance.get(id))?.status).not.toBe('queued')
          await upload.abort()
          await expect.poll(async () => (await glance.get(id))?.status, { timeout: 10_000 }).toBe('queued')
          expect(await glance.get(id)).toMatchObject({ size: undefined, hash: undefined })
          await send(id, bytes, method)
          expect(await glance.get(id)).toMatchObject({ status: 'active', size: bytes.length })
          await glance.remove(id)
        }
      },
    )

    it('half of a staging is refused before its import', async () => {
      const { id } = await create('half')
      expect((await stage(id, 'half of it')).status).toBe(204)
      expect(await failure(glance.awaitStaged(id, 20, importTimeout))).toMatchObject({
        code: 'CLOUD_MISMATCH',
        message: `Of the image ${id} the cloud ${session.cloud} has 10 bytes instead of 20 bytes`,
      })
      expect((await glance.awaitStaged(id, 10, importTimeout)).status).toBe('uploading')
      await glance.remove(id)
    })

    it('formats cannot be set once data is staged, and without them there is no import', async () => {
      const { id } = await create('formats', { disk_format: undefined, container_format: undefined })
      expect((await stage(id, 'abc')).status).toBe(204)
      const format = [{ op: 'replace', path: '/disk_format', value: 'raw' }] as const
      expect((await failure(glance.patch(id, format))).message).toMatch(
        /403: .*can be only replaced for a queued image/,
      )
      expect(await failure(glance.importStaged(id, importTimeout))).toMatchObject({
        code: 'CLOUD_CONFLICT',
        message: expect.stringMatching(/409: 'container_format' needs to be set before import$/),
      })
      expect(await glance.remove(id)).toBe('removed')
    })

    it.skipIf(subject.fetches === undefined)(
      'web-download fetches a URL; a failure is one, and the record can be used again',
      async () => {
        const bytes = generatedBytes(100_000)
        const origin = await startOrigin({
          files: { '/image.raw': bytes },
          port: subject.fetches,
        })
        const { id } = await create('web')
        expect(await failure(glance.download(id, `${origin.url}/none.raw`, importTimeout))).toMatchObject({
          code: 'CLOUD_IMPORT',
          message: expect.stringMatching(
            /^The cloud .* did not take the data of the image .*: it is queued, and nothing works on it/,
          ),
        })
        await glance.download(id, `${origin.url}/image.raw`, importTimeout)
        expect(await glance.get(id)).toMatchObject({ status: 'active', hash: { hex: sha512(bytes) } })
        await glance.remove(id)
        await origin.close()
      },
    )

    it('what is protected or not there is told from what is removed', async () => {
      const { id } = await create('protected', { protected: true })
      expect(await glance.remove(id)).toBe('protected')
      await glance.patch(id, [{ op: 'replace', path: '/protected', value: false }])
      expect(await glance.remove(id)).toBe('removed')
    })

    it('an active image is deactivated and activated again, twice alike', async () => {
      const { id } = await create('active')
      await send(id, Buffer.from('abc'), 'upload')
      for (let count = 0; count < 2; count++) await glance.deactivate(id)
      expect(await glance.get(id)).toMatchObject({ status: 'deactivated' })
      for (let count = 0; count < 2; count++) await glance.reactivate(id)
      expect(await glance.get(id)).toMatchObject({ status: 'active' })
      await glance.remove(id)
    })

    it('an image is shared with projects, once each', async () => {
      const { id } = await create('shared', { visibility: 'shared' })
      await glance.addMember(id, 'one')
      await glance.addMember(id, 'one')
      await glance.addMember(id, 'two')
      await glance.acceptMember(id, 'two')
      expect((await glance.members(id)).toSorted((a, b) => a.project.localeCompare(b.project))).toEqual([
        { project: 'one', status: 'pending' },
        { project: 'two', status: 'accepted' },
      ])
      expect(await failure(glance.acceptMember(id, 'three'))).toMatchObject({ code: 'CLOUD_FAILED' })
      await glance.remove(id)
    })
  })
}
