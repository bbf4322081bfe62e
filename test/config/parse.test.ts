import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configurationSchema } from '../../scripts/configuration-schema.ts'
import { throwDefects } from '../../src/catalog/defects.ts'
import { parseConfiguration } from '../../src/config/parse.ts'
import { describeError, UpdaterError } from '../../src/errors.ts'
import { keyOf, rows } from '../../src/options.ts'

const source = `sources:
  - name: our-linux
    images: 'our-*'
    strategy: manifest
    latest_url: https://img.example/HEREBE.*DRAGONS
    signature:
      form: detached
      keys: [0123 4567]
      key_url: https://img.example/key
`

function read(text: string, trusted = true) {
  return parseConfiguration('conf/image-updater.yml', text, trusted)
}

/** What is wrong with a file: one line for each defect. */
function defects(text: string, trusted = true): string[] {
  try {
    throwDefects(read(text, trusted).defects)
  } catch (error) {
    expect(error).toBeInstanceOf(UpdaterError)
    const { code, cause } = error as UpdaterError
    expect(code).toBe('CONFIGURATION')
    const all = cause instanceof AggregateError ? (cause.errors as UpdaterError[]) : [error as UpdaterError]
    return all.map(describeError)
  }
  return []
}

describe('a configuration file', () => {
  it('may be empty', () => {
    for (const text of ['', '# nothing\n', '---\n', '{}']) {
      expect(read(text)).toMatchObject({ options: {}, sources: [] })
    }
  })

  it('has a hundred of its defects told, and no more words than it can be read with', () => {
    const many = (line: (n: number) => string, count = 1000) =>
      Array.from({ length: count }, (_, n) => line(n)).join('')
    for (const text of [
      many((n) => `k${n}: 1\n`),
      `sources:\n${many(() => '- 1\n')}`,
      `sources:\n${many(() => '- {name: a, images: b, strategy: nothing}\n')}`,
      `commands:\n${many((n) => `  c${n}: {}\n`)}`,
    ]) {
      const told = defects(text)
      expect(told).toHaveLength(101)
      expect(told[100]).toContain('There are more than 100 defects')
    }
    expect(() => read(many((n) => `k${n}: 1\n`, 20_000))).toThrow(/has more than 100000 words and signs/)
  })

  it('holds options with their places', () => {
    const { options, placeOf } = read('images: [a, /b]\nmirror: false\njobs:\n  4\nmax_image_size: 64GiB\n')
    expect(options).toEqual({ images: ['conf/a', '/b'], mirror: false, jobs: 4, max_image_size: '64GiB' })
    expect(placeOf('jobs')).toEqual({ file: 'conf/image-updater.yml', line: 3, column: 1 })
    expect(placeOf('transfers')).toBeUndefined()
    expect(placeOf('constructor')).toBeUndefined()
  })

  it('takes files and folders from its own folder on', () => {
    const { options } = read('images: etc/images\nmirror_dir: ../mirror\nkeyring: /keys\n')
    expect(options).toEqual({ images: 'conf/etc/images', mirror_dir: 'mirror', keyring: '/keys' })
  })

  it('holds sources', () => {
    expect(read(source).sources).toEqual([
      {
        name: 'our-linux',
        images: ['our-*'],
        strategy: 'manifest',
        latestUrl: 'https://img.example/HEREBE.*DRAGONS',
        latestChecksumUrl: undefined,
        signature: {
          form: 'detached',
          suffixes: undefined,
          keys: ['0123 4567'],
          keyUrl: 'https://img.example/key',
          required: undefined,
        },
      },
    ])
  })

  it('holds overrides', () => {
    const { overrides } = read(
      "overrides:\n  - names: [a, b]\n    keep_versions: 3\n  - names: c*\n    signatures: 'off'\n",
    )
    expect(overrides).toEqual([
      { names: ['a', 'b'], keepVersions: 3, signatures: undefined },
      { names: ['c*'], keepVersions: undefined, signatures: 'off' },
    ])
  })

  it('may use anchors', () => {
    expect(read('images: &a [x]\nname: *a\n').options).toEqual({ images: ['conf/x'], name: ['x'] })
  })

  const at = 'conf/image-updater.yml'
  it.each<[string, string[]]>([
    ['jobs: 0', [`${at}:1:1: "jobs" is not a whole number from 1 to 256.`]],
    ['jobs: four', [`${at}:1:1: "jobs" is not a whole number from 1 to 256.`]],
    [
      'foobar: 1\n',
      [expect.stringContaining(`:1:1: There is no key "foobar". The keys here are images, name,`)],
    ],
    ['\nmini_server: x\n', [`${at}:2:1: There is no key "mini_server". Perhaps you meant minio_server.`]],
    ['dry-run: true\n', [`${at}:1:1: There is no key "dry-run". Perhaps you meant dry_run.`]],
    ['--jobs: 3\n', [`${at}:1:1: There is no key "--jobs". Perhaps you meant jobs.`]],
    ['no_mirror: true\n', [`${at}:1:1: There is no key "no_mirror". Write it as mirror: false.`]],
    ['strict: yes\n', [`${at}:1:1: "strict" is neither true nor false.`]],
    ['minio_bucket: 2024\n', [`${at}:1:1: "minio_bucket" is not text. Put the value into quotes.`]],
    ['minio_bucket:\n', [`${at}:1:1: "minio_bucket" has no value. Give it a value or leave it out.`]],
    ['images: []\n', [`${at}:1:1: "images" is empty. Give it a value or leave it out.`]],
    ['max_image_size: 3 parsecs\n', [`${at}:1:1: "max_image_size" is not a size such as 64GiB or 500MB.`]],
    ['signatures: on\n', [`${at}:1:1: "signatures" is not one of require, prefer, off.`]],
    [
      'overrides:\n  - keep_version: 0\n',
      [
        `${at}:2:5: "overrides[0].names" is missing.`,
        `${at}:2:5: There is no key "keep_version" in "overrides[0]". Perhaps you meant keep_versions.`,
      ],
    ],
    [
      'keep_versions: last\n',
      [`${at}:1:1: "keep_versions" is neither a number from 1 to 999 nor uuid-validity nor replace.`],
    ],
    [
      'commands:\n  prune:\n    graze: 30d\n',
      [`${at}:3:5: There is no key "graze" in "commands.prune". Perhaps you meant grace.`],
    ],
    ['sources: {}\n', [`${at}:1:1: "sources" is not a list.`]],
    [
      'sources:\n  - name: x y\n    image: a\n    strategy: magic\n',
      [
        `${at}:2:5: "sources[0].name" is not made of letters, digits and hyphens.`,
        `${at}:2:5: "sources[0].images" is missing.`,
        `${at}:4:5: "sources[0].strategy" is not one of placeholder, dated-folder, version-file, manifest, document, feed, pointer, first-use.`,
        `${at}:3:5: There is no key "image" in "sources[0]". Perhaps you meant images.`,
      ],
    ],
    ['- jobs\n', [`${at}:1:1: The configuration is not a mapping.`]],
    ['just text\n', [`${at}:1:1: The configuration is not a mapping.`]],
    ['jobs: [\n', [expect.stringContaining(`${at}:2:1: The configuration is not valid YAML:`)]],
    ['jobs: 1\njobs: 2\n', [expect.stringContaining(`${at}:2:1: The configuration is not valid YAML:`)]],
    ['a: 1\n---\nb: 1\n', [expect.stringContaining('not valid YAML')]],
    ['images: *a\n', [expect.stringContaining('not valid YAML')]],
  ])('%j is refused', (text, expected) => {
    expect(defects(text)).toEqual(expected)
  })

  it('neither goes too deep nor grows beyond measure', () => {
    const doubling = [...'bcdefgh'].map((key, i) => `${key}: &${key} [${`*${'abcdefg'[i]},`.repeat(10)}]`)
    for (const text of [`a: ${'['.repeat(100_000)}`, `a: &a [${'x,'.repeat(10)}]\n${doubling.join('\n')}`]) {
      expect(defects(text)).toEqual([expect.stringContaining('not valid YAML')])
    }
  })

  it('gives the service the time that it took under its older name, and nothing to prune', () => {
    const text = 'grace: 10m\ncommands:\n  prune: { grace: 30d }\n'
    expect(read(text).options).toEqual({ shutdown_timeout: '10m' })
    expect(parseConfiguration('c.yml', text, true, 'prune').options).toMatchObject({ grace: '30d' })
    expect(parseConfiguration('c.yml', 'commands: { serve: { grace: 1m } }', true, 'serve').options).toEqual({
      shutdown_timeout: '1m',
    })
    expect(defects('grace: 1m\nshutdown_timeout: 2m\n')).toEqual([
      `${at}:1:1: "grace" is the older name of shutdown_timeout, which is set as well. Leave it out.`,
    ])
  })

  it('never repeats a value', () => {
    const said = defects('minio_secret_key: [canary]\nminio_access_key: {canary: canary}\njobs: canary\n')
    expect(said).toHaveLength(3)
    expect(said.join()).not.toContain('canary')
  })

  it('that nobody named may not set what needs trust', () => {
    const text = `report: a\nkeyring: b\nminio_access_key: c\nminio_secret_key: d\non_update: e\n${source}`
    expect(defects(text)).toEqual([])
    expect(defects(text, false).map((line) => line.replace(/ is not taken.*/, ''))).toEqual([
      `${at}:1:1: "report"`,
      `${at}:2:1: "keyring"`,
      `${at}:3:1: "minio_access_key"`,
      `${at}:4:1: "minio_secret_key"`,
      `${at}:5:1: "on_update"`,
      `${at}:6:1: "sources"`,
    ])
    expect(defects('jobs: 3\n', false)).toEqual([])
    const documented = readFileSync('docs/configuration.md', 'utf8')
    const trusted = rows.filter(({ file, harmless }) => file !== false && !harmless).map(keyOf)
    expect(trusted.filter((key) => !documented.includes(`\`${key}\``))).toEqual([])
    const harmless = rows.filter((row) => row.harmless).map(keyOf)
    expect(harmless.sort()).toEqual(
      'connections debug jobs log output quiet report_format strict transfers wait within'.split(' '),
    )
    expect(harmless.filter((key) => !documented.includes(`\`${key}\``))).toEqual([])
    for (const key of ['sources', 'overrides', 'skip']) expect(defects(`${key}: []\n`, false)).toHaveLength(1)
    expect(defects('commands:\n  serve:\n    listen: "[::]:1"\n', false)).toEqual([
      expect.stringContaining(`${at}:3:5: "commands.serve.listen" is not taken`),
    ])
  })
})

describe('the keys', () => {
  it('have a published schema that is current (npm run schema)', () => {
    const published = readFileSync(new URL('../../schema/configuration.schema.json', import.meta.url), 'utf8')
    expect(published).toBe(configurationSchema())
  })

  it('are accepted and refused by the schema as by the program', () => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
      JSON.parse(configurationSchema()) as object,
    )
    const example = readFileSync(new URL('../../deploy/image-updater.yml', import.meta.url), 'utf8')
    expect(example).toMatch(/^# yaml-language-server: \$schema=/m)
    for (const text of [example, source, 'jobs: 4\nmirror: false\nmax_image_size: 1GB\n']) {
      expect([validate(parse(text)), defects(text)]).toEqual([true, []])
    }
    for (const text of ['jobs: 0', 'job: 1', 'mirror: 1', 'sources: [{name: a}]', 'signatures: on']) {
      expect([validate(parse(text)), defects(text).length > 0]).toEqual([false, true])
    }
  })
})
