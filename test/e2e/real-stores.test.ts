import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { updateCatalogue } from '../../src/index.ts'
import { subjects } from '../support/store-subjects.ts'
import { hexDigest } from '../support/world/published.ts'
import { readCatalogueFolder, startWorld, type World } from '../support/world/world.ts'

const servers = [
  { name: 'OpenStack Swift', variable: 'TEST_S3_SWIFT' },
  { name: 'Ceph RGW', variable: 'TEST_S3_RGW' },
].map((server) => ({ ...server, access: process.env[server.variable] }))

let world: World
beforeAll(async () => {
  world = await startWorld(12_000_000)
})
afterAll(() => world.close())

describe.each(servers)('a whole run on $name', ({ name, variable, access }) => {
  it.skipIf(access === undefined)(
    `mirrors every image for everybody to read (needs ${variable})`,
    async () => {
      const subject = await subjects.find((candidate) => candidate.name === name)?.open()
      if (subject?.s3 === undefined) throw new Error(`${name} is not among the stores`)
      const { accessKey, secretKey, openContainer } = subject.s3
      const folder = await world.writeCatalogue()
      const base = subject.publicUrl('').replace(/\/$/, '')
      const run = () =>
        updateCatalogue({
          images: [folder],
          mirror: {
            kind: 's3',
            server: access?.split('|')[0] ?? '',
            bucket: base.slice(base.lastIndexOf('/') + 1),
            region: 'us-east-1',
            swiftPrefix: base.slice(0, base.lastIndexOf('/')).replace(/^https?:\/\/[^/]*\//, ''),
            keyPrefix: 'nightly/',
            accessKey,
            secretKey,
            acl: 'public-read',
          },
        })
      if (openContainer !== undefined) {
        const closed = await run()
        expect(
          closed.images.filter(({ status }) => status !== 'skipped').map(({ error }) => error?.code),
        ).toEqual(Array(7).fill('PUBLIC_UNREADABLE'))
        expect(await readCatalogueFolder(folder, Object.keys(world.catalogue))).toEqual(world.catalogue)
        await openContainer('bucket')
        await openContainer('segments')
      }
      const report = await run()
      expect(report.summary).toMatchObject({ updated: 7, failed: 0 })
      for (const { shortname = '', current, status } of report.images) {
        if (status === 'skipped') continue
        expect(current?.mirrorUrl).toBe(`${base}/nightly/${shortname}/${current?.version}-${shortname}.qcow2`)
        const bytes = new Uint8Array(await (await fetch(current?.mirrorUrl ?? '')).arrayBuffer())
        expect(hexDigest('sha256', bytes)).toBe(hexDigest('sha256', world.newest[shortname]?.stored ?? ''))
      }
      expect((await run()).summary).toMatchObject({ upToDate: 7, updated: 0 })
      expect(await subject.leftovers()).toEqual([])
      await subject.close()
      await rm(dirname(folder), { recursive: true })
    },
  )
})
