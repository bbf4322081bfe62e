import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Interruption } from '../../src/cli/context.ts'
import { UpdaterError } from '../../src/errors.ts'
import type { ImageStep } from '../../src/events.ts'
import type { ImageOutcome } from '../../src/report/schemas.ts'
import { cli, outcome, type Run, reportOf, saying, temporaryFolder } from './support.ts'

const variables = [
  'IMAGE_UPDATER_IMAGES',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
  'MINIO_SERVER',
  'MINIO_BUCKET',
  'MINIO_REGION',
  'SWIFT_PREFIX',
  'MIRROR_BASE_URL',
  'NO_COLOR',
  'FORCE_COLOR',
]
beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const s3 = {
  kind: 's3',
  server: 'swift.services.a.regiocloud.tech',
  bucket: 'openstack-images',
  region: 'us-east-1',
  swiftPrefix: 'swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/',
  keyPrefix: '',
  acl: 'public-read',
} as const

describe('options', () => {
  it('has the documented defaults', async () => {
    const { options, status } = await cli([])
    expect(status).toBe(0)
    expect(options).toMatchObject({
      images: ['/etc/images'],
      names: [],
      keyring: undefined,
      mirror: s3,
      checkPublic: true,
      checksumFiles: true,
      verify: 'range',
      jobs: 256,
      transfers: 2,
      connections: 1,
      cache: true,
      maxImageSize: 64 * 2 ** 30,
      signatures: 'prefer',
      keepVersions: 'replace',
    })
  })

  it('takes every flag', async () => {
    const { options } = await cli([
      ...['update', 'one', '--images', 'a', '--images', 'b.yml', '--name', 'two', '--include-disabled'],
      ...['--allow-downgrade', '--minio-server', 'http://127.0.0.1:9000', '--minio-bucket', 'b1/p'],
      ...[
        '--minio-region',
        'eu',
        '--minio-access-key',
        'AK',
        '--minio-secret-key',
        'SK',
        '--swift-prefix',
        '',
      ],
      ...['--mirror-base-url', 'https://m.example/i', '--mirror-key-prefix', 'p/', '--acl', ''],
      ...['--no-check-public', '--verify', 'full', '--signatures', 'require', '--keyring', 'keys'],
      ...['--max-image-size', '1.5GiB', '--strict', '--dry-run', '--jobs', '4', '--transfers', '1', 'three'],
      ...['--keep-versions', '3', '--no-checksum-files'],
    ])
    expect(options).toMatchObject({
      images: ['a', 'b.yml'],
      names: ['one', 'three', 'two'],
      keepVersions: 3,
      mirror: {
        kind: 's3',
        server: 'http://127.0.0.1:9000',
        bucket: 'b1/p',
        region: 'eu',
        swiftPrefix: '',
        keyPrefix: 'p/',
        accessKey: 'AK',
        secretKey: 'SK',
        acl: '',
        baseUrl: 'https://m.example/i',
      },
      dryRun: true,
      includeDisabled: true,
      allowDowngrade: true,
      checkPublic: false,
      checksumFiles: false,
      verify: 'full',
      jobs: 4,
      transfers: 1,
      connections: 1,
      cache: true,
      strict: true,
      maxImageSize: 1.5 * 2 ** 30,
      signatures: 'require',
      keyring: 'keys',
    })
  })

  it('knows its command behind options, too', async () => {
    expect((await cli(['--dry-run', 'update', 'rocky-9'])).options).toMatchObject({ names: ['rocky-9'] })
    expect((await cli(['--images', 'update', 'update'])).options).toMatchObject({
      images: ['update'],
      names: [],
    })
    expect((await cli(['update', 'update'])).options).toMatchObject({ names: ['update'] })
    expect((await cli(['x', 'update'])).options).toMatchObject({ names: ['x', 'update'] })
    expect((await cli(['--', 'update'])).options).toMatchObject({ names: ['update'] })
  })

  it('reads the environment, below flags and above defaults', async () => {
    vi.stubEnv('IMAGE_UPDATER_IMAGES', 'a:b')
    vi.stubEnv('MINIO_SERVER', 's3.example')
    vi.stubEnv('MINIO_BUCKET', 'from-env')
    vi.stubEnv('MINIO_REGION', '')
    vi.stubEnv('MINIO_ACCESS_KEY', 'AK')
    vi.stubEnv('MINIO_SECRET_KEY', 'SK')
    vi.stubEnv('SWIFT_PREFIX', 'x/')
    vi.stubEnv('MIRROR_BASE_URL', 'https://m.example')
    const { options, err } = await cli(['--minio-bucket', 'from-flag'])
    expect(options?.images).toEqual(['a', 'b'])
    expect(options?.mirror).toEqual({
      ...s3,
      server: 's3.example',
      bucket: 'from-flag',
      swiftPrefix: 'x/',
      accessKey: 'AK',
      secretKey: 'SK',
      baseUrl: 'https://m.example',
    })
    expect(err).toBe('')
    expect((await cli(['--images', 'c'])).options?.images).toEqual(['c'])
  })

  it('knows a folder as the mirror and no mirror', async () => {
    expect((await cli(['--mirror-dir', 'm', '--mirror-key-prefix', 'k'])).options?.mirror).toEqual({
      kind: 'directory',
      dir: 'm',
      keyPrefix: 'k',
    })
    expect((await cli(['--no-mirror', '--mirror-base-url', 'https://m.example'])).options?.mirror).toEqual({
      kind: 'none',
      baseUrl: 'https://m.example',
    })
  })

  it.each([
    ['500MB', 5e8],
    ['2t', 2 ** 41],
    ['123', 123],
    ['10 KiB', 10240],
  ])('reads the size %s', async (text, bytes) => {
    expect((await cli(['--max-image-size', text])).options?.maxImageSize).toBe(bytes)
  })
})

describe('refusals', () => {
  it.each([
    [['--dry-rum'], "Unknown option '--dry-rum'. Perhaps you meant --dry-run;"],
    [['--dry-run=yes'], '--dry-run'],
    [['--jobs', '0'], 'Option --jobs is not a whole number from 1 to 256.'],
    [['--jobs', '1e3'], 'Option --jobs is not'],
    [['--keep-versions', '0'], 'is neither a number from 1 to 999 nor uuid-validity nor replace'],
    [
      ['--verify', 'non'],
      "Option '--verify <how>' argument 'non' is invalid. Allowed choices are range, full. image-updater --help lists",
    ],
    [['--transfers', '-1'], 'Option --transfers is not'],
    [['--jobs'], '--jobs'],
    [['--output', 'xml'], '--output'],
    [['--verify', 'never'], '--verify'],
    [['--signatures', 'maybe'], '--signatures'],
    [['--max-image-size', '64 bananas'], 'Option --max-image-size is not a size'],
    [['--max-image-size', '0'], 'Option --max-image-size is not a size'],
    [['--minio-server', 'ftp://x'], 'Option --minio-server is not the address'],
    [['--minio-server', ''], 'Option --minio-server is not the address'],
    [['--minio-server', 'https://x/path'], 'Option --minio-server has a path'],
    [['--minio-server', 'https://me@x'], 'Option --minio-server holds a user'],
    [['--mirror-base-url', 'm.example'], 'Option --mirror-base-url is not the address'],
    [['--mirror-base-url', 'https://m.example/?a=b'], 'Option --mirror-base-url has a query'],
    [['--mirror-key-prefix', '../x'], 'Option --mirror-key-prefix is not a plain path'],
    [['--minio-bucket', 'a b'], 'Option --minio-bucket is not the name of a bucket'],
    [['--minio-region', ''], 'Option --minio-region is not'],
    [['--acl', 'PUBLIC'], 'Option --acl is not a canned ACL'],
    [['--images', ''], 'Option --images is empty'],
    [['--no-mirror', '--mirror-dir', 'x'], '--no-mirror'],
    [['--quiet', '--debug'], '--quiet'],
    [['--minio-access-key', 'AK'], 'There is an access key for the mirror but no secret key'],
    [['--minio-secret-key', 'SK'], 'There is a secret key for the mirror but no access key'],
    [['--show-completion', 'ksh'], '--show-completion'],
    [
      ['help', 'chekc'],
      'There is no such command. Perhaps you meant the command check. image-updater --help',
    ],
    [['help', 'nonsense'], 'There is no such command. image-updater --help lists all commands.'],
    [
      ['valdate', '--fix'],
      "Unknown option '--fix'. Perhaps you meant the command validate. image-updater --help",
    ],
  ])('%j ends with status 2 and one sentence', async (args, sentence) => {
    const { status, out, err, options } = await cli(args)
    expect(status).toBe(2)
    expect(options).toBeUndefined()
    expect(out).toBe('')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).toMatch(/^2025-05-06 07:08:09 \| ERROR {4}\| update - /)
    expect(err).toContain(sentence)
  })

  it.each([
    [
      ['check', '--mirror-key-prefix', 'x'],
      "Unknown option '--mirror-key-prefix'. image-updater check --help lists",
    ],
    [
      ['check', '--jbos', '3'],
      "Unknown option '--jbos'. Perhaps you meant --jobs; image-updater check --help",
    ],
    [['propose'], "Missing required argument 'REPORT'. image-updater propose --help lists all options."],
  ])('%j points to the help of the command', async (args, sentence) => {
    const { status, err } = await cli(args)
    expect([status, err]).toEqual([2, expect.stringContaining(sentence)])
  })

  it.each([
    ['MINIO_SERVER', 'https://x/path'],
    ['MINIO_BUCKET', '//'],
    ['MINIO_REGION', 'eu west'],
    ['SWIFT_PREFIX', 'a/../b'],
    ['MIRROR_BASE_URL', 'nonsense'],
    ['IMAGE_UPDATER_IMAGES', 'a::b'],
  ])('names the variable %s', async (name, value) => {
    vi.stubEnv(name, value)
    const { status, err } = await cli([])
    expect(status).toBe(2)
    expect(err).toContain(`The environment variable ${name} `)
  })

  it('prints each of several defects, and in JSON a document with all of them', async () => {
    const defects = [1, 2].map(
      (line) => new UpdaterError('CATALOG_TYPE', 'name is not a text', { place: { file: 'a.yml', line } }),
    )
    const run = () => {
      throw new UpdaterError('CATALOG_TYPE', 'The catalogue has 2 defects', {
        cause: new AggregateError(defects),
      })
    }
    const text = await cli(['--dry-run'], { run })
    expect(text.status).toBe(2)
    expect(text.out).toBe('')
    expect(
      text.err
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' - ')[1]),
    ).toEqual(['a.yml:1: name is not a text.', 'a.yml:2: name is not a text.'])
    const report = join(temporaryFolder(), 'report.json')
    const json = await cli(['--dry-run', '--output', 'json', '--report', report], { run })
    expect(JSON.parse(json.out)).toMatchObject({
      dry_run: true,
      exit_status: 2,
      images: [],
      errors: [
        { code: 'CATALOG_TYPE', message: 'name is not a text', place: { file: 'a.yml', line: 1 } },
        { place: { line: 2 } },
      ],
    })
    expect(readFileSync(report, 'utf8')).toBe(json.out)
  })

  it('answers a usage error in JSON too, wherever --output stands', async () => {
    for (const args of [
      ['--output', 'json', '--bogus'],
      ['--bogus', '--output=json'],
      ['--jobs', 'x', '--output', 'json'],
    ]) {
      expect(JSON.parse((await cli(args)).out).errors).toMatchObject([{ code: 'USAGE' }])
    }
  })

  it('shows causes and stacks with --debug only, and ends with 70 on a surprise', async () => {
    const run = () => {
      throw new TypeError('boom', { cause: new Error('deeper') })
    }
    const usual = await cli([], { run })
    expect(usual.status).toBe(70)
    expect(usual.err).toContain('ERROR    | update - Unexpected failure: boom. This is a defect')
    expect(usual.err.trimEnd().split('\n')).toHaveLength(1)
    const debug = await cli(['--debug'], { run })
    expect(debug.err).toContain('DEBUG    | update - caused by TypeError: boom')
    expect(debug.err).toContain('DEBUG    | update - caused by Error: deeper')
    expect(debug.err).toMatch(/DEBUG {4}\| update - {5}at /)
  })

  it('ends with 75 where another run works on the catalogue', async () => {
    const { status, err } = await cli([], {
      run: () => {
        throw new UpdaterError('CATALOG_LOCKED', 'Another run works on images')
      },
    })
    expect([status, err]).toEqual([75, expect.stringContaining('Another run works on images')])
  })

  it('finds out before the run that a report cannot be written', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    for (const path of [folder, join(folder, 'absent', 'r.json'), join(folder, 'file', 'r.json')]) {
      const { status, err, options } = await cli(['--report', path])
      expect(status).toBe(2)
      expect(err).toContain(`The report cannot be written to ${path}`)
      expect(options).toBeUndefined()
    }
  })
})

describe('results', () => {
  const failed = outcome({ status: 'failed', error: { code: 'DOWNGRADE', message: 'It is older' } })

  it('ends with 1 where an image failed', async () => {
    const { status, out } = await cli([], { run: () => reportOf([outcome(), failed]) })
    expect(status).toBe(1)
    expect(out).toContain('2 checked, 0 updated, 1 up to date, 0 skipped, 1 failed in 12 s\n')
    expect(out).toContain('failed DOWNGRADE')
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with the status of %s and says that uploads are aborted', async (name, expected) => {
    const controller = new AbortController()
    const run = () => {
      controller.abort(new Interruption(name))
      return reportOf([outcome({ status: 'failed', error: { code: 'ABORTED', message: 'x' } })])
    }
    const { status, err, out } = await cli([], { run, signal: controller.signal })
    expect(status).toBe(expected)
    expect(err).toContain(`WARNING  | update - The run was interrupted by ${name}: uploads are aborted`)
    expect(out).toContain('Interrupted: 1 image was not finished.')
  })

  it('prints nothing but one document on standard output with --output json', async () => {
    const { status, out } = await cli(['--output', 'json'], { run: () => reportOf([failed]) })
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ schema_version: 1, exit_status: 1, summary: { failed: 1 } })
  })

  it('writes the report in text runs too, replacing the file', async () => {
    const path = join(temporaryFolder(), 'r.json')
    writeFileSync(path, 'old')
    await cli(['--report', path], { run: () => reportOf([outcome()]) })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ images: [{ name: 'Alpha 1' }] })
  })

  it('ends with 1 where the report could not be written after the run', async () => {
    const folder = join(temporaryFolder(), 'gone')
    mkdirSync(folder)
    const run = () => {
      rmSync(folder, { recursive: true })
      return reportOf([outcome()])
    }
    const { status, out, err } = await cli(['--output', 'json', '--report', join(folder, 'r.json')], { run })
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ images: [{ status: 'up-to-date' }] })
    expect(err).toContain('ERROR    | update - The report cannot be written to')
  })

  it('shows the diffs of a dry run before the summary, also when quiet', async () => {
    const diff = '--- a\n+++ a\n@@ -1 +1 @@\n-x: 1\r\n+x: 2\r\n'
    const run = () => reportOf([], { dry_run: true, changes: [{ file: 'a', diff }] })
    const { out } = await cli(['--dry-run'], { run })
    expect(out).toBe(
      `${diff}\n0 checked, 0 would be updated, 0 up to date, 0 skipped, 0 failed in 12 s\n(dry run: nothing was written)\n`,
    )
    expect((await cli(['--dry-run', '--quiet'], { run })).out).toBe(`${diff}\n`)
  })

  it('says nothing with --quiet when all is well', async () => {
    const run = saying({ type: 'checking' }, { type: 'up-to-date' }, { type: 'done', status: 'up-to-date' })
    expect(await cli(['--quiet'], { run })).toMatchObject({ status: 0, out: '', err: '' })
  })

  it('tells with --log changes what changed and the summary, also of a run that changed nothing', async () => {
    const values = { version: '2', buildDate: '2025-05-06', checksum: 'sha256:ab', url: 'u', mirrorUrl: null }
    const changed: Run = (options, controls) => {
      const steps: ImageStep[] = [
        { type: 'checking' },
        { type: 'new-values', values },
        { type: 'transfer-start', url: 'u', object: 'o', size: 4096 },
        { type: 'transfer-end', object: 'o', bytes: 4096, seconds: 2 },
        { type: 'public', url: 'm' },
        { type: 'file-written', file: 'f' },
        { type: 'done', status: 'updated' },
      ]
      saying(...steps)(options, controls)
      return reportOf([outcome({ status: 'updated' })])
    }
    const { out, err } = await cli(['--log', 'changes'], { run: changed })
    expect(err.split('\n').map((line) => line.slice(22, 76))).toEqual([
      'INFO     | alpha-0 - New values are {"version":"2","bu',
      'INFO     | alpha-0 - Stored o: 4.0 KiB in 2.0 s (2.0 K',
      'INFO     | alpha-0 - Updated file f',
      '',
    ])
    expect(out).toContain('1 checked, 1 updated')
    const run = saying({ type: 'checking' }, { type: 'up-to-date' }, { type: 'done', status: 'up-to-date' })
    const nothing = await cli(['--log', 'changes'], { run })
    expect(nothing).toMatchObject({ status: 0, err: '', out: expect.stringContaining('0 updated') })
  })

  it.each<[string, Partial<ImageOutcome>, readonly ImageStep[], boolean]>([
    ['nothing', {}, [{ type: 'warning', message: 'w' }], false],
    ['a change', { status: 'updated' }, [{ type: 'file-written', file: 'f' }], true],
    [
      'a failure',
      { status: 'failed' },
      [{ type: 'failed', error: new UpdaterError('HTTP_STATUS', 'It answers 500') }],
      true,
    ],
  ])('tells with --log exceptions of %s just that', async (_, values, steps, isTold) => {
    const run: Run = (options, controls) => {
      saying({ type: 'checking' }, ...steps, { type: 'done', status: 'skipped' })(options, controls)
      return reportOf([outcome(values)])
    }
    const { out, err } = await cli(['--log', 'exceptions'], { run })
    expect([out !== '', err !== '']).toEqual([isTold, isTold])
    expect(err).not.toContain('Checking')
    const document = await cli(['--log', 'exceptions', '--output', 'json'], { run })
    expect(JSON.parse(document.out)).toMatchObject({ schema_version: 1 })
  })

  it('warns of a secret key on the command line, also when quiet', async () => {
    const { err } = await cli(['--quiet', '--minio-access-key', 'AK', '--minio-secret-key', 'hush-hush'])
    expect(err).toContain('WARNING  | update - The secret key stands on the command line, where ps shows it')
    expect(err).not.toContain('hush-hush')
  })

  it('colours on a terminal, unless NO_COLOR says no', async () => {
    const run = saying({ type: 'checking' }, { type: 'done', status: 'up-to-date' })
    expect((await cli([], { run, terminal: true })).err).toContain('\u001b[36malpha-0\u001b[0m')
    expect((await cli([], { run })).err).not.toContain('\u001b')
    vi.stubEnv('FORCE_COLOR', '1')
    expect((await cli([], { run })).err).toContain('\u001b[36m')
    vi.stubEnv('NO_COLOR', '1')
    expect((await cli([], { run, terminal: true })).err).not.toContain('\u001b[36m')
  })
})

describe('other options', () => {
  it('documents every option, its variable and default, in 80 columns', async () => {
    for (const args of [['--help'], ['-h'], ['update', '--help'], ['update', '-h'], ['help']]) {
      const { status, out, err } = await cli(args)
      expect(status).toBe(0)
      expect(err).toBe('')
      for (const text of [
        ...variables.slice(0, 8),
        '--images',
        '--no-mirror',
        '--quiet',
        '-h, --help',
        'Exit status:',
      ]) {
        expect(out).toContain(text)
      }
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
      expect(out).not.toContain('__complete')
    }
  })

  it('tells the status of a run that finds another at work where there is one', async () => {
    for (const command of ['update', 'prune']) {
      expect((await cli([command, '--help'])).out).toMatch(/^ {2}75 +another run works on the catalogue/m)
    }
  })

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await cli(['--version'])).toMatchObject({ status: 0, out: `${version}\n` })
  })

  it.each([
    ['bash', 'XDG_DATA_HOME', 'bash-completion/completions/image-updater'],
    ['fish', 'XDG_CONFIG_HOME', 'fish/completions/image-updater.fish'],
    ['zsh', 'HOME', '.zfunc/_image-updater'],
  ])('installs the completion of %s', async (shell, variable, path) => {
    const folder = join(temporaryFolder(), 'new')
    mkdirSync(folder)
    vi.stubEnv(variable, folder)
    vi.stubEnv('SHELL', `/usr/bin/${shell}`)
    const { status, out } = await cli(['--install-completion'])
    expect(status).toBe(0)
    expect(out).toContain(join(folder, path))
    expect(existsSync(join(folder, path))).toBe(true)
    expect(readFileSync(join(folder, path), 'utf8')).toBe((await cli(['--show-completion', shell])).out)
  })

  it('asks for the name of a shell that it does not know', async () => {
    vi.stubEnv('SHELL', '/bin/ksh')
    const { status, err } = await cli(['--show-completion'])
    expect(status).toBe(2)
    expect(err).toContain('Name one of bash, zsh, fish')
  })
})

describe('shards', () => {
  it('come from the flag, the variables of an Indexed Job, or the file', async () => {
    const shard = async (...args: string[]) => (await cli(args)).options?.shard
    expect(await shard()).toBeUndefined()
    expect(await shard('--shard', '2/4')).toEqual({ index: 2, count: 4 })
    vi.stubEnv('IMAGE_UPDATER_SHARD', '3/4')
    expect(await shard()).toEqual({ index: 3, count: 4 })
    vi.stubEnv('IMAGE_UPDATER_SHARD', '')
    vi.stubEnv('IMAGE_UPDATER_SHARDS', '5')
    vi.stubEnv('JOB_COMPLETION_INDEX', '0')
    expect(await shard()).toEqual({ index: 1, count: 5 })
    expect(await shard('--shard', '2/4')).toEqual({ index: 2, count: 4 })
  })

  it.each([
    ['--shard 0/4', ['--shard', '0/4'], {}, 'Option --shard is no shard of several'],
    ['--shard 5/4', ['--shard', '5/4'], {}, 'Option --shard is no shard of several'],
    ['--shard 1', ['--shard', '1'], {}, 'Option --shard is no shard of several'],
    [
      'no index',
      [],
      { IMAGE_UPDATER_SHARDS: '4' },
      'IMAGE_UPDATER_SHARDS is set without JOB_COMPLETION_INDEX',
    ],
    [
      'too large an index',
      [],
      { IMAGE_UPDATER_SHARDS: '4', JOB_COMPLETION_INDEX: '4' },
      'The environment variable IMAGE_UPDATER_SHARDS is no shard of several',
    ],
  ])('%s is refused', async (_what, args, env, message) => {
    vi.stubEnv('JOB_COMPLETION_INDEX', undefined)
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const { status, err } = await cli(args)
    expect(status).toBe(2)
    expect(err).toContain(message)
  })
})
