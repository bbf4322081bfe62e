import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { cli, temporaryFolder } from './support.ts'

let folder: string
const before = process.cwd()
beforeEach(() => {
  folder = temporaryFolder()
  process.chdir(folder)
})
afterEach(() => {
  process.chdir(before)
  vi.unstubAllEnvs()
})

/** A file that only its owner reads. */
function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

const directory = (dir: string) => ({ kind: 'directory', dir, keyPrefix: '' })

describe('the configuration file', () => {
  it('lies under environment and flags', async () => {
    const file = write(
      'conf.yml',
      'images: [a, b]\nminio_server: file.example\nminio_bucket: file\nminio_region: file\njobs: 3\nstrict: true\n',
    )
    vi.stubEnv('MINIO_SERVER', 'env.example')
    vi.stubEnv('MINIO_BUCKET', 'env')
    vi.stubEnv('MINIO_REGION', '')
    const { options, status } = await cli(['--config', file, '--minio-server', 'flag.example'])
    expect(status).toBe(0)
    expect(options).toMatchObject({
      images: [join(folder, 'a'), join(folder, 'b')],
      mirror: { server: 'flag.example', bucket: 'env', region: 'file' },
      jobs: 3,
      transfers: 2,
      connections: 1,
      cache: true,
      strict: true,
    })
  })

  it('sets every kind of option', async () => {
    const file = write(
      'conf.yml',
      `images: /one
name: 'a*'
include_disabled: true
keep_versions: 3
minio_server: http://127.0.0.1:1
minio_bucket: b2
minio_region: r
minio_access_key: AK
minio_secret_key: canary-of-the-file
swift_prefix: ''
mirror_base_url: https://m.example
mirror_key_prefix: p/
acl: ''
verify: full
check_public: true
signatures: require
keyring: /keys
max_image_size: 5000
strict: true
allow_downgrade: true
dry_run: true
jobs: 4
transfers: 1
sources:
  - name: s
    images: x
    strategy: pointer
`,
    )
    const { options } = await cli(['--config', file])
    expect(options).toMatchObject({
      images: ['/one'],
      names: ['a*'],
      includeDisabled: true,
      keepVersions: 3,
      overrides: [],
      mirror: {
        kind: 's3',
        server: 'http://127.0.0.1:1',
        bucket: 'b2',
        region: 'r',
        accessKey: 'AK',
        secretKey: 'canary-of-the-file',
        swiftPrefix: '',
        baseUrl: 'https://m.example',
        keyPrefix: 'p/',
        acl: '',
      },
      verify: 'full',
      checkPublic: true,
      signatures: 'require',
      keyring: '/keys',
      maxImageSize: 5000,
      strict: true,
      allowDowngrade: true,
      dryRun: true,
      jobs: 4,
      transfers: 1,
      connections: 1,
      cache: true,
      sources: [{ name: 's', images: ['x'], strategy: 'pointer' }],
    })
  })

  it('is taken back by a switch or its opposite', async () => {
    vi.stubEnv(
      'IMAGE_UPDATER_CONFIG',
      write('named.yml', 'strict: true\nmirror: false\ncheck_public: false\n'),
    )
    expect((await cli([])).options).toMatchObject({
      strict: true,
      mirror: { kind: 'none' },
      checkPublic: false,
    })
    const { options } = await cli(['--no-strict', '--mirror', '--check-public'])
    expect(options).toMatchObject({ strict: false, mirror: { kind: 's3' }, checkPublic: true })
    expect((await cli(['--mirror-dir', '/m'])).options?.mirror).toEqual(directory('/m'))
    expect((await cli(['--help'])).out).not.toMatch(/--no-strict|--mirror\s/)
  })

  it('gives its names only where the command line has none', async () => {
    vi.stubEnv('IMAGE_UPDATER_CONFIG', write('image-updater.yml', 'name: [file]\n'))
    expect((await cli([])).options?.names).toEqual(['file'])
    expect((await cli(['argument'])).options?.names).toEqual(['argument'])
    expect((await cli(['--name', 'flag', 'argument'])).options?.names).toEqual(['argument', 'flag'])
  })

  it('has overrides, which a flag goes over', async () => {
    const text = 'overrides:\n  - {names: a, keep_versions: 2, signatures: prefer}\n'
    vi.stubEnv('IMAGE_UPDATER_CONFIG', write('conf.yml', text))
    const [names, keepVersions, signatures] = [['a'], 2, 'prefer']
    expect((await cli([])).options?.overrides).toEqual([{ names, keepVersions, signatures }])
    const { options } = await cli(['--signatures', 'require'])
    expect(options).toMatchObject({ signatures: 'require', overrides: [{ names, keepVersions }] })
    expect(options?.overrides?.[0]?.signatures).toBeUndefined()
  })

  it('has options of single commands, which go over those of all', async () => {
    const file = write(
      'conf.yml',
      'jobs: 3\nstrict: true\ncommands:\n  update:\n    jobs: 4\n  check: {jobs: 5}\n',
    )
    expect((await cli(['--config', file])).options).toMatchObject({ jobs: 4, strict: true })
    expect((await cli(['--config', file, '--jobs', '6'])).options?.jobs).toBe(6)
    write('conf.yml', 'commands:\n  update:\n    minio_bucket: x\n')
    expect((await cli(['--config', file])).err).toContain(
      `${file}:3:5: "commands.update.minio_bucket" is not the name`,
    )
    write('conf.yml', 'jobs: 3\ncommands:\n  updat: {jobs: 4}\n')
    expect((await cli(['--config', file])).err).toContain('"commands.updat" is no command')
  })

  it('is found in the working folder, named by the environment, or not read at all', async () => {
    write('image-updater.yml', 'jobs: 3\n')
    vi.stubEnv('IMAGE_UPDATER_CONFIG', '')
    expect((await cli([])).options?.jobs).toBe(3)
    vi.stubEnv('IMAGE_UPDATER_CONFIG', write('other.yml', 'jobs: 4\n'))
    expect((await cli([])).options?.jobs).toBe(4)
    expect((await cli(['--config', 'image-updater.yml'])).options?.jobs).toBe(3)
    expect((await cli(['--no-config'])).options?.jobs).toBe(256)
  })

  it('may hold what needs trust only where it was named', async () => {
    write('image-updater.yml', 'keyring: keys\n')
    const { status, err, options } = await cli([])
    expect([status, options]).toEqual([2, undefined])
    expect(err).toContain(
      'image-updater.yml:1:1: "keyring" is not taken from a file that was merely found in the working folder. If you trust the file, name it with --config or IMAGE_UPDATER_CONFIG.',
    )
    expect((await cli(['--config', 'image-updater.yml'])).options?.keyring).toBe('keys')
  })
})

describe('a file that was merely found', () => {
  it.each([
    'report: written.md\nreport_format: markdown\nno_such: 1\n',
    'metrics_file: written.md\n',
    'commands: { update: { report: written.md, metrics_file: written.md, output: json } }\n',
  ])('has nothing written where it is refused: %j', async (text) => {
    write('image-updater.yml', text)
    write('written.md', 'precious')
    const { status, out } = await cli(['--images', folder])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(readFileSync(join(folder, 'written.md'), 'utf8')).toBe('precious')
  })

  it.each([
    ['minio_server: s3.example', 'minio_server'],
    ['minio_bucket: own', 'minio_bucket'],
    ['mirror_key_prefix: a/', 'mirror_key_prefix'],
    ['acl: private', 'acl'],
    ['mirror_base_url: https://m.example', 'mirror_base_url'],
    ['mirror: false', 'mirror'],
    ['endoflife_api: https://e.example', 'endoflife_api'],
    ['name: a', 'name'],
    ['images: here', 'images'],
    ['grace: 0s', 'grace'],
    ['dry_run: true', 'dry_run'],
    ['lock_dir: here', 'lock_dir'],
    ['sources: [{ name: a, images: b, strategy: first-use }]', 'sources'],
    ['overrides: [{ names: a, keep_versions: 1 }]', 'overrides'],
    ["signatures: 'off'", 'signatures'],
    ['allow_downgrade: true', 'allow_downgrade'],
    ['check_public: false', 'check_public'],
    ['max_image_size: 100T', 'max_image_size'],
    ['verify: range', 'verify'],
    ['images: /etc/images', 'images'],
    ['images: [a, b/../../c]', 'images'],
    ['commands: { check: { images: .. } }', 'commands.check.images'],
    ["commands: { check: { signatures: 'off' } }", 'commands.check.signatures'],
  ])('says how much is shown and done at once, and nothing else: %s', async (text, key) => {
    write('image-updater.yml', `${text}\n`)
    const { status, err } = await cli(['--dry-run'])
    expect([status, err]).toEqual([
      2,
      expect.stringContaining(`"${key}" is not taken from a file that was merely`),
    ])
    expect((await cli(['--dry-run', '--config', 'image-updater.yml'])).status).toBe(0)
  })
})

describe('what is wrong with it', () => {
  it.each([
    ['jobs: 0\n', '"jobs" is not a whole number from 1 to 256'],
    ['minio_server: https://a.example/path\n', '"minio_server" has a path'],
    ['mirror: false\nmirror_dir: x\n', '"mirror_dir" stands beside mirror: false'],
    ['output: html\n', '"output" is not one of text, json'],
    ['minio_secret_key: abc\n', 'There is a secret key for the mirror but no access key'],
  ])('%j ends with 2, and nothing is done', async (text, expected) => {
    const { status, err, options } = await cli(['--config', write('c.yml', text)])
    expect([status, options]).toEqual([2, undefined])
    expect(err).toContain(expected)
    if (expected.startsWith('"')) expect(err).toMatch(/c\.yml:\d+:1: "/)
  })

  it('is all told at once, in the document as well', async () => {
    const file = write('c.yml', 'jobs: 0\ntransfer: 1\n')
    const { status, err, out } = await cli(['--config', file, '--output', 'json'])
    expect(status).toBe(2)
    expect(err.trimEnd().split('\n')).toHaveLength(2)
    const { errors } = JSON.parse(out) as { errors: unknown[] }
    expect(errors).toEqual([
      expect.objectContaining({ code: 'CONFIGURATION', place: { file, line: 1, column: 1 } }),
      expect.objectContaining({ remedy: 'Perhaps you meant transfers', place: { file, line: 2, column: 1 } }),
    ])
  })

  it.each([
    ['nothing.yml', 'it does not exist'],
    ['.', 'it is a folder'],
  ])('%s cannot be read', async (name, why) => {
    const { status, err } = await cli(['--config', name])
    expect(status).toBe(2)
    expect(err).toContain(`The configuration file ${name} cannot be read: ${why}`)
    expect(err.includes('permissions')).toBe(name === '.')
  })

  it('is that it is not UTF-8, or too large', async () => {
    writeFileSync(join(folder, 'latin.yml'), Buffer.from('acl: \xe4\n', 'latin1'))
    expect((await cli(['--config', 'latin.yml'])).err).toContain('it is not UTF-8')
    write('large.yml', `# ${'x'.repeat(2 ** 20)}\n`)
    expect((await cli(['--config', 'large.yml'])).err).toContain('it is larger than')
  })
})

describe('its secrets', () => {
  const canary = 'canary/of+the file'
  const text = `minio_access_key: AK\nminio_secret_key: '${canary}'\n`

  it('are never printed', async () => {
    const file = write('c.yml', text)
    const run = () => {
      throw new UpdaterError('STORE_DENIED', `no ${canary}`, { cause: new Error(encodeURIComponent(canary)) })
    }
    const { out, err } = await cli(['--config', file, '--output', 'json', '--debug'], { run })
    expect(err).toContain('no ***')
    expect(out + err).not.toContain(canary)
    expect(out + err).not.toContain(encodeURIComponent(canary))
  })

  it('should not be open to everybody', async () => {
    const file = write('c.yml', text)
    expect((await cli(['--config', file])).err).not.toContain('chmod')
    chmodSync(file, 0o644)
    expect((await cli(['--config', file])).err).toContain(
      `WARNING  | config - ${file} holds "minio_access_key" and can be read by every user of this machine: chmod o-r ${file}`,
    )
  })
})
