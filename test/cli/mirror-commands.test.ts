import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { formatJsonSchema, mirrorSchema, pruneSchema, verifySchema } from '../../src/report/schemas.ts'
import { type HistoryWorld, startHistoryWorld } from '../support/history-world.ts'
import { cli, temporaryFolder } from './support.ts'

let world: HistoryWorld
beforeEach(async () => {
  world = await startHistoryWorld()
  vi.stubEnv('MINIO_SERVER', world.store.endpoint)
  vi.stubEnv('MINIO_ACCESS_KEY', world.store.accessKey)
  vi.stubEnv('MINIO_SECRET_KEY', world.store.secretKey)
  vi.stubEnv('SWIFT_PREFIX', world.store.swiftPrefix)
  vi.stubEnv('IMAGE_UPDATER_IMAGES', world.folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await world.close()
})

describe('mirror', () => {
  it('ends with 1 where a version cannot be brought, and says why in every form', async () => {
    await world.write([world.build('20260301'), world.build('20260201')])
    world.origin.remove('/demo/20260201/demo.qcow2')
    const report = join(temporaryFolder(), 'report.json')
    const { status, out, err } = await cli(['mirror', '--report', report])
    expect(status).toBe(1)
    expect(out).toMatch(/^demo-1 +20260301 +\S+ KiB +stored$/m)
    expect(out).toMatch(/^demo-1 +20260201 +- +failed: source gone$/m)
    expect(out).toContain('2 versions, 0 on the mirror, 1 stored, 0 of another mirror, 1 failed in')
    expect(err).toContain('| INFO     | demo-1 - Checking image Demo 1, version 20260301\n')
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
      exit_status: 1,
      summary: { versions: 2, stored: 1, failed: 1 },
      versions: [
        { status: 'stored' },
        { status: 'failed', reason: 'source-gone', error: { code: 'HTTP_STATUS' } },
      ],
    })
    const again = await cli(['mirror', '--output', 'json', '--dry-run', 'demo*'])
    expect(JSON.parse(again.out)).toMatchObject({ dry_run: true, summary: { present: 1, failed: 1 } })
    expect(`${out}${err}${again.out}${again.err}`).not.toContain(world.store.secretKey)
  })

  it('shows in a dry run which checksums would be corrected', async () => {
    const { source, ...build } = world.build('20260301', { packed: true })
    await world.write([build])
    await cli(['mirror'])
    await world.write([{ ...build, checksum: source }])
    const { out } = await cli(['mirror', '--dry-run'])
    expect(out).toContain(`-      checksum: ${source}\n+      checksum: ${build.checksum}\n`)
    expect(out).toContain('(dry run: nothing was written)')
    await cli(['mirror', '--quiet'])
    expect((await cli(['mirror', '--dry-run'])).out).not.toContain('checksum')
  })

  it.each(['mirror', 'prune'])('%s refuses to work without a mirror', async (command) => {
    await world.write([])
    const { status, err } = await cli([command, '--no-mirror'])
    expect([status, err]).toEqual([2, expect.stringContaining('There is no mirror to ')])
    const { out } = await cli([command, '--help'])
    expect(out).toContain('--mirror-dir')
    expect(out).not.toContain('--no-mirror')
  })

  it('says so where every mirror_url is of another mirror', async () => {
    const elsewhere = { ...world.build('20260101'), mirrorUrl: 'https://mirror.example/a/b.qcow2' }
    await world.write([elsewhere])
    const { status, out, err } = await cli(['mirror', '--quiet'])
    expect([status, out]).toEqual([0, ''])
    expect(err).toMatch(
      /\| WARNING {2}\| mirror - The only mirror_url does not begin with http:\S+\/openstack-images\/, as those of this mirror do: nothing was brought\. Check --minio-server,/,
    )
    await world.write([elsewhere, world.build('20260301')])
    expect((await cli(['mirror', '--quiet'])).err).toBe('')
  })
})

describe('verify', () => {
  it('ends with the status of the worst verdict', async () => {
    const builds = [world.build('20260301'), world.build('20260201')]
    await world.write(builds)
    expect((await cli(['mirror'])).status).toBe(0)
    expect((await cli(['verify'])).status).toBe(0)
    await world.write([world.build('20260401'), ...builds])
    const pending = await cli(['verify', '--output', 'json'])
    expect(pending.status).toBe(6)
    expect(JSON.parse(pending.out)).toMatchObject({ exit_status: 6, summary: { pending: 1, ok: 2 } })
    world.origin.put('/demo/20260201/demo.qcow2', 'other')
    expect((await cli(['verify'])).status).toBe(6)
    const full = await cli(['verify', '--full', '--output', 'markdown'])
    expect(full.status).toBe(5)
    expect(full.out).toContain('| mismatch |')
    expect((await cli(['verify', 'no-such-image'])).status).toBe(2)
    const quiet = await cli(['verify', '--full', '--quiet'])
    expect([quiet.status, quiet.out]).toEqual([5, ''])
    expect(quiet.err).toMatch(
      /\| WARNING {2}\| demo-1 - mirror_url \S+20260401-demo-1\.qcow2: It answers 403/,
    )
    expect(quiet.err).toMatch(/\| ERROR {4}\| demo-1 - url \S+demo\.qcow2: Its bytes have sha256:/)
    expect(quiet.err).not.toContain('INFO')
  })
})

describe('prune', () => {
  it('lists, and removes with --yes only', async () => {
    const builds = [world.build('20260301'), world.build('20260201')]
    await world.write(builds)
    await cli(['mirror'])
    await world.write(builds.slice(0, 1))
    const count = () => world.store.objects().length
    expect((await cli(['prune'])).out).toContain('0 would be removed (0 B), 0 failed in')
    const listed = await cli(['prune', '--grace', '0s'])
    expect([listed.status, count()]).toEqual([0, 3])
    expect(listed.out).toMatch(/^demo-1\/20260201-demo-1\.qcow2 .* would remove$/m)
    expect(listed.out).toContain('--yes does it')
    const removed = await cli(['prune', '--grace', '0s', '--yes', '--output', 'json'])
    expect([removed.status, count()]).toEqual([0, 2])
    expect(JSON.parse(removed.out)).toMatchObject({
      remove: true,
      grace_seconds: 0,
      summary: { removed: 1, named: 1 },
    })
  })

  it('takes no grace period of the service from a configuration file, and no --yes', async () => {
    const builds = [world.build('20260301'), world.build('20260201')]
    await world.write(builds)
    await cli(['mirror'])
    await world.write(builds.slice(0, 1))
    const file = join(temporaryFolder(), 'image-updater.yml')
    writeFileSync(file, 'grace: 0s\n')
    const { out, status } = await cli(['prune', '--config', file, '--output', 'json'])
    expect([status, JSON.parse(out).grace_seconds]).toEqual([0, 14 * 86_400])
    writeFileSync(file, 'grace: 0s\ncommands:\n  prune: { grace: 30d }\n')
    const own = await cli(['prune', '--config', file, '--output', 'json'])
    expect([own.status, JSON.parse(own.out).grace_seconds]).toEqual([0, 30 * 86_400])
    writeFileSync(file, 'commands:\n  prune: { grace: 9999d }\n')
    expect(await cli(['prune', '--config', file])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/image-updater\.yml:2:12: "commands.prune.grace" is not a length of time/),
    })
    writeFileSync(file, 'yes: true\n')
    expect((await cli(['prune', '--config', file])).status).toBe(2)
  })

  it.each([
    [['--grace', 'soon'], 'Option --grace is not a length of time'],
    [['demo-1'], 'too many arguments'],
    [['--minio-bucket', 'other', '--yes'], 'No mirror_url of the catalogue leads to bucket other'],
  ])('refuses %j', async (args, message) => {
    await world.write([world.build('20260301')])
    const { status, err } = await cli(['prune', ...args])
    expect([status, err]).toEqual([2, expect.stringMatching(new RegExp(message, 'i'))])
  })
})

describe('the counts at the end', () => {
  it('keep to the width of the terminal', async () => {
    await world.write([world.build('20260301'), world.build('20260201')])
    const columns = 50
    for (const args of [['mirror', '--dry-run'], ['mirror'], ['prune'], ['verify']]) {
      const { out, status } = await cli(args, { columns })
      const counts = out.trimEnd().split('\n\n').at(-1) ?? ''
      expect([args, status, counts]).toEqual([args, 0, expect.stringMatching(/\d/)])
      expect(Math.max(...counts.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns)
    }
  })
})

describe('the JSON reports', () => {
  const schemas = {
    mirror: mirrorSchema,
    verify: verifySchema,
    prune: pruneSchema,
  } as const
  const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true } })

  /** Runs a command and holds its document against the schema, and against one that lets no unknown key through. */
  async function documentOf(command: keyof typeof schemas, ...args: string[]) {
    const { out, status } = await cli([command, '--output', 'json', ...args])
    const document = JSON.parse(out)
    const schema = schemas[command]
    const published = JSON.parse(formatJsonSchema(schema)) as object
    for (const one of [published, z.toJSONSchema(schema, { io: 'output' })]) {
      const validate = ajv.compile(one)
      expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    }
    expect(document).toMatchObject({ schema_version: 1, command, exit_status: status })
    return document
  }

  it('follow their schemas, whatever was found', async () => {
    const builds = [world.build('20260301'), world.build('20260201')]
    const elsewhere = { ...world.build('20260101'), mirrorUrl: 'https://mirror.example/a/b.qcow2' }
    await world.write([...builds, elsewhere])
    world.origin.remove('/demo/20260201/demo.qcow2')
    const planned = await documentOf('mirror', '--dry-run')
    expect(planned.summary).toMatchObject({ versions: 3, would_store: 1, foreign: 1, failed: 1 })
    expect((await documentOf('mirror')).summary).toMatchObject({ stored: 1, foreign: 1, failed: 1 })
    world.origin.put('/demo/20260301/demo.qcow2', 'other')
    const verified = await documentOf('verify', '--full')
    expect(verified).toMatchObject({ full: true, summary: { mismatch: 1, unmirrorable: 1 } })
    await world.write([world.build('20260401')])
    await cli(['mirror'])
    expect(await documentOf('prune', '--grace', '0s')).toMatchObject({ summary: { would_remove: 1 } })
    expect(await documentOf('prune', '--grace', '0s', '--yes')).toMatchObject({ summary: { removed: 1 } })
  })

  it('of a refusal follow them, too', async () => {
    const refused = ['--images', join(temporaryFolder(), 'none')]
    for (const [command, own] of [
      ['mirror', { dry_run: false, versions: [] }],
      ['verify', { full: false, versions: [] }],
      ['prune', { remove: false, objects: [] }],
    ] as const) {
      const errors = [{ code: 'CATALOG_NOT_FOUND' }]
      expect(await documentOf(command, ...refused)).toMatchObject({ exit_status: 2, errors, ...own })
      const report = join(temporaryFolder(), 'r.json')
      if (command !== 'prune') {
        await cli([command, ...refused, '--report', report])
        expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ command, exit_status: 2, errors })
      }
    }
    expect(await documentOf('verify', ...refused, '--full')).toMatchObject({ full: true })
    expect(await documentOf('prune', ...refused, '--yes')).toMatchObject({ remove: true })
  })

  it.each([
    ['list'],
    ['validate'],
    ['lifecycle', '--offline'],
    ['diff', 'no-such-revision'],
    ['init', 'no-such-distribution'],
    ['propose', 'none.json'],
  ])('of a refusal of %s say no more than why', async (command, ...args) => {
    const refused = ['--images', join(temporaryFolder(), 'none')]
    const flags = command === 'propose' ? [] : refused
    const { out, status } = await cli([command, ...args, ...flags, '--output', 'json'])
    expect([status, JSON.parse(out)]).toEqual([
      2,
      {
        schema_version: 1,
        command,
        started_at: expect.any(String),
        seconds: expect.any(Number),
        exit_status: 2,
        errors: [expect.objectContaining({ code: expect.any(String), message: expect.any(String) })],
      },
    ])
  })
})
