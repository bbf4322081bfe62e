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
    const args = [
      'config',
      '--config',
      file,
      '--acl',
      '',
      '--no-check-public',
      '--minio-server',
      's3.example',
    ]
    const { status, out, err } = await cli(args, { columns: 200 })
    expect([status, err]).toEqual([2, expect.stringContaining('"minio_server" holds a user or a password')])
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
      schema_version: 1,
      exit_status: 2,
      errors: [{ code: 'CONFIGURATION', message: '"minio_server" holds a user or a password' }],
      overrides: [],
      sources: [{ name: 's', images: ['x'], strategy: 'pointer' }],
    })
  })

  it('tells a list as one, wherever it comes from', async () => {
    writeFileSync(file, 'images: /cat\nname: one\ncommands: {serve: {allow_host: a.example}}\n')
    const { out } = await cli(['config', '--config', file, '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      options: { images: { value: ['/cat'] }, name: { value: ['one'] } },
      command_options: { serve: { allow_host: { value: ['a.example'] } } },
    })
  })

  it('tells of a command that is none, beside all other defects, and shows what there is', async () => {
    writeFileSync(file, 'commands: {updat: {strict: true}, lst: {}}\njobs: 0\nimages: [/cat]\n')
    const messages = [
      '"commands.updat" is no command',
      '"commands.lst" is no command',
      '"jobs" is not a whole number',
    ]
    const { status, out, err } = await cli(['config', '--config', file, '--output', 'json'])
    const { options, errors } = JSON.parse(out)
    expect([status, options.images.value]).toEqual([2, ['/cat']])
    expect(errors).toHaveLength(3)
    const { err: listed } = await cli(['list', '--config', file])
    for (const message of messages) {
      expect(err).toContain(message)
      expect(listed).toContain(message)
    }
  })

  it('tells what is different for single commands', async () => {
    vi.stubEnv('MINIO_ACCESS_KEY', '')
    const rows = async (...args: string[]) =>
      (await cli(['config', ...args])).out
        .split('\n')
        .filter((line) => /grace|shutdown|^check\.|^jobs/.test(line))
    expect(await rows('--no-config')).toEqual([
      expect.stringMatching(/^grace +14d +default$/),
      expect.stringMatching(/^jobs +256 +default$/),
      expect.stringMatching(/^shutdown_timeout +0s +default$/),
    ])
    const commands = 'commands:\n  prune: { grace: 30d }\n  check: { output: csv, jobs: 4 }\n'
    writeFileSync(file, `jobs: 3\ngrace: 10m\n${commands}`)
    expect(await rows('--config', file)).toEqual([
      expect.stringMatching(/^grace +14d +default$/),
      expect.stringMatching(/^jobs +3 +\S+:1:1$/),
      expect.stringMatching(/^shutdown_timeout +10m +\S+:2:1$/),
      expect.stringMatching(/^check\.jobs +4 +\S+:5:25$/),
      expect.stringMatching(/^check\.output +csv +\S+:5:12$/),
      expect.stringMatching(/^prune\.grace +30d +\S+:4:12$/),
    ])
    expect(await rows('--config', file, '--grace', '1d')).toHaveLength(5)
    const json = JSON.parse((await cli(['config', '--config', file, '--output', 'json'])).out)
    expect(json).toMatchObject({
      exit_status: 0,
      errors: [],
      commands: ['prune', 'check'],
      options: { shutdown_timeout: { value: '10m' } },
      command_options: {
        prune: { grace: { value: '30d', place: { line: 4 } } },
        check: { jobs: { value: '4' } },
      },
    })
  })

  it.each([
    [['--jobs', '0'], 'Option --jobs is not a whole number from 1 to 256'],
    [['--listen', 'here'], 'Option --listen is not an address'],
    [['--within', 'soon'], 'Option --within is not a number of days'],
    [['--webhook', 'x'], 'Option --webhook is not a web address'],
    [['--branch-prefix', '/'], 'Option --branch-prefix cannot begin a branch'],
    [['--grace', '9999d'], 'Option --grace is not a length of time up to 3650 days'],
    [['--shutdown-timeout', '30d'], 'Option --shutdown-timeout is not a length of time up to 20 days'],
  ])('shows and refuses %j', async (args, message) => {
    vi.stubEnv('MINIO_ACCESS_KEY', '')
    const { status, out, err } = await cli(['config', '--no-config', ...args])
    expect([status, err]).toEqual([2, expect.stringContaining(message)])
    expect(out).toMatch(new RegExp(` ${args[0]}$`, 'm'))
    const json = await cli(['config', '--no-config', '--output', 'json', ...args])
    expect([json.status, JSON.parse(json.out)]).toMatchObject([
      2,
      { exit_status: 2, errors: [{ code: 'USAGE' }] },
    ])
  })

  it('refuses what a single command would', async () => {
    vi.stubEnv('MINIO_ACCESS_KEY', '')
    expect((await cli(['config', '--no-config', '--grace', '30d'])).status).toBe(0)
    writeFileSync(
      file,
      'commands:\n  prune: { grace: 9999d }\n  mirror: { transfers: 64, max_image_size: 0 B }\n',
    )
    const { status, err } = await cli(['config', '--config', file])
    expect(status).toBe(2)
    expect(err).toMatch(/:2:12: "commands.prune.grace" is not a length of time/)
    expect(err).toMatch(/:3:28: "commands.mirror.max_image_size" is not a size/)
  })

  it('keeps to the width of the terminal', async () => {
    const bucket = `b/${'x'.repeat(60)}`
    const { out } = await cli([
      'config',
      '--no-config',
      '--minio-bucket',
      bucket,
      '--swift-prefix',
      'y'.repeat(40),
    ])
    const lines = out.trimEnd().split('\n')
    expect(
      Math.max(...lines.filter((line) => !line.includes(bucket)).map((line) => line.length)),
    ).toBeLessThanOrEqual(80)
    const at = lines.indexOf(`  ${bucket}`)
    expect(lines[at - 1]).toMatch(/^minio_bucket +--minio-bucket$/)
  })

  it('takes the options of every command, and shows only its own in the help', async () => {
    expect((await cli(['config', '--no-config', '--listen', '[::]:1'])).out).toMatch(
      /listen +\[::\]:1 +--listen/,
    )
    expect((await cli(['config', '--help'])).out).not.toContain('--listen')
  })
})
