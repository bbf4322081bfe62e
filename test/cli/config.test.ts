import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cli, temporaryFolder } from './support.ts'

let file: string
beforeEach(() => {
  file = join(temporaryFolder(), 'conf.yml')
  const text = [
    'images: [/a, /b]',
    "swift_prefix: ''",
    'minio_secret_key: canary-of-the-file',
    'strict: true',
    'webhook: https://hooks.example/canary-of-the-path',
    'minio_server: https://user:canary-of-the-user@s3.example',
    'sources: [{name: s, images: x, strategy: pointer}]',
    '',
  ]
  writeFileSync(file, text.join('\n'), { mode: 0o600 })
  vi.stubEnv('MINIO_BUCKET', 'from-env')
  vi.stubEnv('MINIO_ACCESS_KEY', 'canary-of-the-env')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

describe('config', () => {
  it('tells each value and where it comes from, secrets masked', async () => {
    const { status, out, err } = await cli(['config', '--config', file, '--acl', '', '--no-check-public'])
    expect([status, err]).toEqual([0, ''])
    const rows = new Map(
      out.split('\n').map((line) => [line.split(/ {2,}/)[0], line.split(/ {2,}/).slice(1)]),
    )
    expect(rows.get('images')).toEqual(['/a, /b', `${file}:1:1`])
    expect(rows.get('swift_prefix')).toEqual(["''", `${file}:2:1`])
    expect(rows.get('minio_secret_key')).toEqual(['***', `${file}:3:1`])
    expect(rows.get('minio_access_key')).toEqual(['***', 'MINIO_ACCESS_KEY'])
    expect(rows.get('strict')).toEqual(['true', `${file}:4:1`])
    expect(rows.get('allow_downgrade')).toEqual(['false', 'default'])
    expect(rows.get('webhook')).toEqual(['***', `${file}:5:1`])
    expect(rows.get('minio_bucket')).toEqual(['from-env', 'MINIO_BUCKET'])
    expect(rows.get('acl')).toEqual(["''", '--acl'])
    expect(rows.get('check_public')).toEqual(['false', '--no-check-public'])
    expect(rows.get('transfers')).toEqual(['2', 'default'])
    expect(rows.get('sources')).toEqual(['1', `${file}:7:1`])
    expect(out).not.toContain('canary')
  })

  it('tells the same as JSON', async () => {
    const { out } = await cli(['config', '--config', file, '--output', 'json', '--jobs', '3'])
    expect(out).not.toContain('canary')
    expect(JSON.parse(out)).toMatchObject({
      file,
      options: {
        images: { value: ['/a', '/b'], source: 'file', name: 'images', place: { file, line: 1, column: 1 } },
        minio_secret_key: { value: '***', source: 'file' },
        minio_bucket: { value: 'from-env', source: 'environment', name: 'MINIO_BUCKET' },
        jobs: { value: '3', source: 'flag', name: '--jobs' },
        transfers: { value: '2', source: 'default' },
        mirror_dir: { value: null, source: 'default' },
      },
      overrides: [],
      sources: [{ name: 's', images: ['x'], strategy: 'pointer' }],
    })
  })

  it('names the commands that have options of their own', async () => {
    writeFileSync(file, 'jobs: 3\ncommands:\n  prune: { grace: 30d }\n  check: { output: csv }\n')
    const { out } = await cli(['config', '--config', file])
    expect(out).toMatch(/^commands +prune, check +\S+:2:1$/m)
    const json = await cli(['config', '--config', file, '--output', 'json'])
    expect(JSON.parse(json.out).commands).toEqual(['prune', 'check'])
  })

  it('takes the options of every command, and shows only its own in the help', async () => {
    expect((await cli(['config', '--no-config', '--listen', '[::]:1'])).out).toMatch(
      /listen +\[::\]:1 +--listen/,
    )
    expect((await cli(['config', '--help'])).out).not.toContain('--listen')
  })
})
