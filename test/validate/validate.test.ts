import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { validateCatalogue } from '../../src/index.ts'
import { cli, temporaryFolder } from '../cli/support.ts'
import { changed, faultless, today } from './support.ts'

const now = () => new Date(`${today}T12:00:00Z`)

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** The faultless definition under other names, with builds of its own. */
function other(name: string): string {
  return faultless
    .replace('Alpha 1', name)
    .replaceAll('alpha', name.toLowerCase())
    .replace('ab'.repeat(32), 'cd'.repeat(32))
    .replace("os_version: '1'", "os_version: '2'")
}

describe('a catalogue', () => {
  it('of several faultless files has no finding', async () => {
    const folder = folderOf({ 'a.yml': faultless, 'b.yaml': other('Beta') })
    expect(await validateCatalogue({ images: [folder] }, { now })).toMatchObject({
      findings: [],
      summary: { files: 2, images: 2, errors: 0, warnings: 0 },
    })
  })

  it('has rules switched off by name, and what they would have found counted', async () => {
    const text = faultless.replaceAll('https://', 'http://')
    const images = folderOf({ 'a.yml': text.replace('name: Alpha 1', 'name: Alpha 1\n    nmae: x') })
    const all = await validateCatalogue({ images: [images] }, { now })
    const insecure = all.findings.filter(({ rule }) => rule === 'insecure-url').length
    expect([insecure, all.ignored]).toEqual([all.summary.warnings, []])
    const ignoreRule = ['insecure-url', 'future-date', 'insecure-url']
    expect(await validateCatalogue({ images: [images], ignoreRule }, { now })).toMatchObject({
      findings: [{ rule: 'unknown-key' }],
      summary: { errors: 1, warnings: 0 },
      ignored: [
        { rule: 'insecure-url', findings: insecure },
        { rule: 'future-date', findings: 0 },
      ],
    })
    await expect(validateCatalogue({ images: [images], ignoreRule: ['x'] }, { now })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: 'ignoreRule names no rule that can be switched off',
    })
  })

  it('has a warning that repeats told once, in text and Markdown', async () => {
    const texts = Array.from({ length: 12 }, (_, index) =>
      other(`Image${index}`).replace(/http.?:/g, 'http:'),
    )
    const images = folderOf(Object.fromEntries(texts.map((text, index) => [`${10 + index}.yml`, text])))
    const { out } = await cli(['validate', '--images', images, '--ignore-rule', 'future-date'])
    const text = out.replaceAll(/\s+/g, ' ')
    const lines = text.match(/warning: insecure-url/g)
    const keys = new Set(text.match(/"\w+" is asked without encryption/g))
    expect([lines?.length, text.match(/The same in 11 more places: /g)?.length]).toEqual([
      keys.size,
      keys.size,
    ])
    expect(text).toMatch(/11\.yml:\d+:\d+, .*and 3 more\./)
    const markdown = await cli([
      'validate',
      '--images',
      images,
      '--output',
      'markdown',
      '--ignore-rule',
      'future-date',
    ])
    expect(markdown.out.match(/The same in 11 more places: /g)).toHaveLength(keys.size)
    const strict = await cli(['validate', '--images', images, '--strict'])
    expect(strict.out.match(/error: insecure-url/g)).toHaveLength(12 * keys.size)
  })

  it.each([
    [
      ['--ignore-rule', 'insecure-ulr'],
      'Option --ignore-rule names no rule that can be switched off. Perhaps insecure-url is meant.',
    ],
    [
      ['--ignore-rule', 'zzz'],
      'Option --ignore-rule names no rule that can be switched off. docs/validating.md lists them.',
    ],
    [['--ignore-rule', 'syntax'], 'names no rule that can be switched off'],
  ])('%j is refused', async (args, sentence) => {
    const { status, err } = await cli(['validate', '--images', folderOf({ 'a.yml': faultless }), ...args])
    expect([status, err]).toEqual([2, expect.stringContaining(sentence)])
  })

  it('has rules switched off by a configuration file, and says so', async () => {
    const images = folderOf({ 'a.yml': faultless.replaceAll('https://', 'http://') })
    const validate = (file: string, ...args: readonly string[]) => {
      const config = join(folderOf({ 'c.yml': file }), 'c.yml')
      return cli(['validate', '--images', images, '--config', config, ...args])
    }
    for (const output of ['text', 'markdown', 'github']) {
      const { out } = await validate('ignore_rule: [insecure-url, future-date]\n', '--output', output)
      expect(out).toMatch(
        /^0 errors and 0 warnings in 1 image of 1 file; switched off: insecure-url \(4 findings\), future-date \(1 finding\)/,
      )
    }
    for (const file of [
      'ignore_rule: insecur-url\n',
      'commands:\n  validate:\n    ignore_rule: [insecur-url]\n',
    ]) {
      const { status, err } = await validate(file)
      expect([status, err]).toEqual([2, expect.stringContaining('Perhaps insecure-url is meant')])
    }
  })

  it.each<[rule: string, place: string, from: string, to: string]>([
    ['repeated-name', '3:11', 'name: Beta', 'name: Alpha 1'],
    [
      'shared-object',
      '29:21',
      'https://mirror.example/images/beta-1/20260705-beta-1',
      'https://mirror.example/images/alpha-1/20260705-alpha-1',
    ],
    ['shared-checksum', '30:19', 'cd'.repeat(32), 'ab'.repeat(32)],
  ])('%s', async (rule, place, from, to) => {
    const folder = folderOf({ 'a.yml': faultless, 'b.yml': other('Beta').replace(from, to) })
    const { findings } = await validateCatalogue({ images: [folder] }, { now })
    const first = findings.find((finding) => finding.rule === rule)
    expect(`${first?.line}:${first?.column}`).toBe(place)
    expect(first?.file).toBe(join(folder, 'b.yml'))
    expect(first?.message).toContain(join(folder, 'a.yml'))
  })

  it('packed-checksum, where an entry without a mirror_url tells the digest of the packed file', async () => {
    const packed = faultless.replaceAll(/(url: .*\.)qcow2$/gm, (_, before) => `${before}qcow2.xz`)
    const unpacked = packed.replace(/(mirror_url: .*)\.xz$/m, '$1')
    const plain = unpacked
      .replace(/ *mirror_url: .*\n/, '')
      .replace('Alpha 1', 'B')
      .replace('alpha-1', 'b')
    const folder = folderOf({ 'a.yml': unpacked, 'b.yml': plain })
    const { findings } = await validateCatalogue({ images: [folder] }, { now })
    expect(findings.filter(({ rule }) => rule === 'packed-checksum')).toMatchObject([
      { file: join(folder, 'a.yml'), severity: 'error', message: expect.stringContaining('b.yml') },
    ])
    const other = folderOf({ 'a.yml': unpacked, 'b.yml': plain.replace('ab'.repeat(32), 'cd'.repeat(32)) })
    expect((await validateCatalogue({ images: [other] }, { now })).findings).not.toContainEqual(
      expect.objectContaining({ rule: 'packed-checksum' }),
    )
  })

  it.each(['.object.qcow2.json', 'object.qcow2.source.json'])(
    'packed-checksum, where %s beside the object of a folder tells it',
    async (name) => {
      const digests = { checksum: `sha256:${'cd'.repeat(32)}`, sourceChecksum: `sha256:${'ab'.repeat(32)}` }
      const mirror = folderOf({ [name]: JSON.stringify({ ...digests, size: 3 }) })
      const packed = faultless
        .replace(/( url: .*)$/m, '$1.xz')
        .replace(/mirror_url: .*/, `mirror_url: file://${mirror}/object.qcow2`)
      const rulesOf = async (text: string) => {
        const { findings } = await validateCatalogue(
          { images: [folderOf({ 'a.yml': text })], fileRoot: [mirror] },
          { now },
        )
        return findings.map(({ rule }) => rule)
      }
      expect(await rulesOf(packed)).toContain('packed-checksum')
      const right = packed.replace('ab'.repeat(32), 'cd'.repeat(32))
      expect(await rulesOf(right)).not.toContain('packed-checksum')
    },
  )

  it('may hold two definitions of one file, but not with one shortname', async () => {
    const folder = folderOf({ 'a.yml': faultless, 'b.yml': faultless.replace('Alpha 1', 'Alpha 1 again') })
    const { findings } = await validateCatalogue({ images: [folder] }, { now })
    expect(findings.map(({ rule }) => rule)).toEqual([
      'repeated-shortname',
      'scs-0102-os_purpose-uniqueness',
      'shared-object',
    ])
  })

  it('is looked at whole: a file that cannot be read hides no other', async () => {
    const folder = folderOf({
      'a.yml': new Uint8Array([0xff, 0xfe]),
      'b.yml': 'images: [',
      'c.yml': changed(['min_ram: 512', 'min_ram: much']),
    })
    const { findings, summary } = await validateCatalogue({ images: [folder] }, { now })
    expect(findings.map(({ rule, file }) => [rule, file])).toEqual([
      ['unreadable-file', join(folder, 'a.yml')],
      ['syntax', join(folder, 'b.yml')],
      ['wrong-type', join(folder, 'c.yml')],
    ])
    expect(summary).toEqual({ files: 3, images: 1, errors: 3, warnings: 0 })
  })

  it('can be looked at in part; what is in no image is told all the same', async () => {
    const folder = folderOf({
      'a.yml': changed(['min_ram: 512', 'min_ram: much']),
      'b.yml': other('Beta').replace('min_ram: 512', 'min_ram: lots').replace('images:', 'x: 1\nimages:'),
    })
    const { findings, summary } = await validateCatalogue({ images: [folder], names: ['alpha*'] }, { now })
    expect(findings.map(({ rule, image }) => [rule, image])).toEqual([
      ['wrong-type', 'Alpha 1'],
      ['unknown-key', undefined],
    ])
    expect(summary).toEqual({ files: 2, images: 1, errors: 2, warnings: 0 })
  })

  it('is refused where there is none, or where a name selects nothing', async () => {
    const empty = folderOf({})
    const folder = folderOf({ 'a.yml': faultless })
    await expect(validateCatalogue({ images: [join(empty, 'x')] })).rejects.toMatchObject({
      code: 'CATALOG_NOT_FOUND',
    })
    await expect(validateCatalogue({ images: [empty] })).rejects.toMatchObject({ code: 'CATALOG_NOT_FOUND' })
    await expect(validateCatalogue({ images: [folder], names: ['b'] })).rejects.toMatchObject({
      code: 'USAGE',
    })
  })
})

describe('image-updater validate', () => {
  /** Built before the day that the command is told it is. */
  const past = (text: string) => text.replaceAll('202607', '202501').replaceAll('2026-07', '2025-01')
  const warned = past(changed(['images/20260705/', 'images/current/']))

  it.each([
    [past(faultless), [], 0, '0 errors and 0 warnings in 1 image of 1 file\n'],
    [warned, [], 0, '0 errors and 1 warning in 1 image of 1 file\n'],
    [warned, ['--strict'], 1, '1 error and 0 warnings in 1 image of 1 file\n'],
    ['images: [', [], 1, '1 error and 0 warnings in 0 images of 1 file\n'],
  ])('ends with a status and a line of counts', async (text, flags, status, counts) => {
    const folder = folderOf({ 'a.yml': text })
    const ran = await cli(['validate', '--images', folder, ...flags])
    expect([ran.status, ran.err]).toEqual([status, ''])
    expect(ran.out.endsWith(counts)).toBe(true)
  })

  it('says in text where, which rule, what and what to do, broken at the width of the terminal', async () => {
    const folder = folderOf({})
    mkdirSync(join(folder, 'i'))
    const file = join(folder, 'i', 'a.yml')
    writeFileSync(file, warned)
    const { out } = await cli(['validate', '--images', file])
    expect(out.split('\n').slice(0, 2)).toEqual([
      `${file}:28:14: warning: moving-url`,
      '  Alpha 1: "url" leads to the newest build, "checksum" is that of one build.',
    ])
  })

  it('prints the findings alone with --quiet', async () => {
    const file = join(folderOf({ 'a.yml': past(faultless), 'b.yml': 'images: [' }), 'b.yml')
    const { out } = await cli(['validate', '--images', file, '--quiet'])
    expect(out).toContain(`${file}:1:10: error: syntax`)
    expect(out).not.toContain('1 error')
    const none = await cli(['validate', '--images', join(dirname(file), 'a.yml'), '--quiet'])
    expect([none.status, none.out]).toEqual([0, ''])
  })

  it('annotates files on GitHub, whatever stands in them', async () => {
    const file = join(folderOf({}), 'a,b:%.yml')
    writeFileSync(
      file,
      past(changed(['name: Alpha 1', 'name: "a%b\\n::error::c"'], ['min_ram: 512', 'min_ram: much'])),
    )
    const { out, status } = await cli(['validate', '--images', file, '--output', 'github'])
    const name = file.replace('%', '%25').replace(':', '%3A').replace(',', '%2C')
    expect(out.split('\n')[0]).toBe(
      `::error file=${name},line=9,col=14,title=wrong-type::a%25b\\u{a}::error::c: "min_ram" is text, not a whole number from 0 up. Correct the value: OpenStack Image Manager refuses it.`,
    )
    expect(status).toBe(1)
  })

  it('writes JSON', async () => {
    const file = join(folderOf({ 'a.yml': warned }), 'a.yml')
    const { out } = await cli(['validate', '--images', file, '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      exit_status: 0,
      summary: { files: 1, images: 1, errors: 0, warnings: 1 },
      findings: [{ severity: 'warning', rule: 'moving-url', file, line: 28, column: 14, image: 'Alpha 1' }],
    })
  })

  it('writes a table in Markdown in which nothing is markup', async () => {
    const file = join(folderOf({}), 'a`b|c.yml')
    writeFileSync(
      file,
      past(changed(['name: Alpha 1', "name: '<b>|[x](y) @all_'"], ['min_ram: 512', 'min_ram: much'])),
    )
    const { out } = await cli(['validate', '--images', file, '--output', 'markdown'])
    const row = out.split('\n')[2] ?? ''
    expect(row).toContain(`\`\`${file.replace('|', '\\|')}:9:14\`\``)
    expect(row).toContain('\\<b\\>\\|\\[x\\](y) &#64;all\\_')
    expect(out.endsWith('\n1 error and 0 warnings in 1 image of 1 file.\n')).toBe(true)
  })

  it('prints no password', async () => {
    const text = changed(['url: https://alpha', 'url: https://me:canary@alpha'])
    const folder = folderOf({ 'a.yml': text })
    for (const output of ['text', 'json', 'markdown', 'github']) {
      const { out } = await cli(['validate', '--images', folder, '--output', output])
      expect(out).toContain('credentials-url')
      expect(out).not.toContain('canary')
    }
  })

  it('ends with 2 where there is no catalogue', async () => {
    const { status, out, err } = await cli(['validate', '--images', join(folderOf({}), 'x')])
    expect([status, out]).toEqual([2, ''])
    expect(err).toContain('does not exist')
  })
})
