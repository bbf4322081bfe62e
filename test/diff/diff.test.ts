import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDefinitions } from '../../src/catalog/definitions.ts'
import { compareCatalogues } from '../../src/diff/compare.ts'
import { diffCatalogues } from '../../src/index.ts'
import { cli, temporaryFolder } from '../cli/support.ts'

const digest = (pair: string) => `sha256:${pair.repeat(32)}`

const before = `images:
  - name: Alpha 1
    shortname: alpha-1
    enable: true
    min_disk: 8
    meta:
      os_version: '1'
    tags: [a]
    versions:
      - version: '20260101'
        build_date: 2026-01-01
        url: https://alpha.example/20260101.qcow2
        checksum: ${digest('aa')}
  - name: Beta
    versions:
      - version: '1'
        url: https://beta.example/1
      - version: '2'
        url: https://beta.example/2
  - name: Gamma
    versions: []
`

const after = `images:
  - name: Alpha One
    shortname: alpha-1
    enable: false
    min_disk: 8
    meta:
      os_version: '1.1'
      os_purpose: generic
    tags: [a, b]
    versions:
      - version: '20260202'
        build_date: 2026-02-02
        url: https://alpha.example/20260202.qcow2
        checksum: ${digest('bb')}
  - name: Beta
    versions:
      - version: '3'
        url: https://beta.example/3
      - version: '2'
        url: https://beta.example/2
        mirror_url: https://mirror.example/2
      - version: '1'
        url: https://beta.example/1
  - name: 'Delta *new*'
`

const entries = (text: string) =>
  readDefinitions('a.yml', text).map((definition) => ({ file: 'a.yml', definition }))
const compare = (old: string, now: string) => compareCatalogues(entries(old), entries(now))

describe('two catalogues', () => {
  it('that are written differently and say the same have no difference', () => {
    const other = `# remark\n${before.replace('tags: [a]', 'tags:\n      - "a"').replace("'1'\n    tags", '"1"\n    tags')}`
    expect(compare(before, other)).toMatchObject({
      images: [],
      summary: { added: 0, removed: 0, changed: 0 },
    })
  })

  it('are compared image by image, version by version, key by key', () => {
    const { images, summary } = compare(before, after)
    expect(summary).toEqual({ added: 1, removed: 1, changed: 2 })
    const [alpha, beta, delta, gamma] = images
    expect(alpha).toMatchObject({ status: 'changed', name: 'Alpha One', shortname: 'alpha-1' })
    expect(alpha?.fields).toEqual([
      { key: 'name', before: 'Alpha 1', after: 'Alpha One' },
      { key: 'enable', before: 'true', after: 'false' },
      { key: 'meta.os_version', before: '1', after: '1.1' },
      { key: 'meta.os_purpose', before: undefined, after: 'generic' },
      { key: 'tags', before: 'a', after: 'a, b' },
    ])
    expect(alpha?.versions).toMatchObject({
      added: [{ version: '20260202', checksum: digest('bb') }],
      removed: [{ version: '20260101' }],
      changed: [],
    })
    expect(beta).toMatchObject({
      fields: [],
      versions: {
        added: [{ version: '3' }],
        removed: [],
        changed: [
          {
            version: '2',
            fields: [{ key: 'mirror_url', before: undefined, after: 'https://mirror.example/2' }],
          },
        ],
      },
    })
    expect([delta?.status, delta?.name]).toEqual(['added', 'Delta *new*'])
    expect([gamma?.status, gamma?.name]).toEqual(['removed', 'Gamma'])
  })

  it.each([
    ['a key twice', 'images:\n  - name: A\n    name: B\n', 'CATALOG_SYNTAX'],
    ['an alias without an anchor', 'images: [*x]', 'CATALOG_SYNTAX'],
    ['a merge key that leads nowhere', 'images: [{<<: x}]', 'CATALOG_TYPE'],
  ])('are not compared if one holds %s', (_, text, code) => {
    expect(() => readDefinitions('a.yml', text)).toThrow(
      expect.objectContaining({ code, place: expect.objectContaining({ file: 'a.yml' }) }),
    )
  })

  it('follow aliases and merge keys, once each', () => {
    const text = 'base: &b {x: 1, self: &s [*s]}\nimages: [{<<: *b, x: 2}, &i {name: A}, *i]'
    expect(readDefinitions('a.yml', text)).toEqual([{ x: '2', self: [null] }, { name: 'A' }, { name: 'A' }])
  })

  it('may hold an image twice, or one without a name', () => {
    const twice = 'images:\n  - name: A\n    x: 1\n  - name: A\n    x: 2\n  - {}\n  - text\n'
    expect(compare(twice, twice).images).toEqual([])
    expect(compare(twice, twice.replace('x: 2', 'x: 3')).images).toHaveLength(1)
  })
})

/** A repository with the catalogue in `images/`: `before` in its first commit, `after` in the working tree. */
function repository(): { root: string; images: string } {
  const root = temporaryFolder()
  const images = join(root, 'images')
  mkdirSync(images)
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args])
  git('init', '-q', '-b', 'trunk')
  writeFileSync(join(images, 'a.yml'), before)
  writeFileSync(join(images, 'notes.txt'), 'no catalogue')
  writeFileSync(join(root, 'other.yml'), 'images: []')
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  git('tag', 'v1')
  writeFileSync(join(images, 'a.yml'), after)
  return { root, images }
}

describe('image-updater diff', () => {
  it('compares a revision of git with the folder as it is, and with another revision', async () => {
    const { images } = repository()
    for (const revision of ['HEAD', 'v1', 'trunk', 'refs/heads/trunk']) {
      const { status, out } = await cli(['diff', revision, '--images', images])
      expect(status).toBe(0)
      expect(out).toBe(`  a.yml: Alpha One
      version 20260101 -> 20260202
      name: Alpha 1 -> Alpha One
      enable: true -> false
      meta.os_version: 1 -> 1.1
      meta.os_purpose added: generic
      tags: a -> a, b
  a.yml: Beta
      version 3 added
      version 2, mirror_url added: https://mirror.example/2
+ a.yml: Delta *new*
- a.yml: Gamma

2 changed, 1 added, 1 removed
`)
    }
    const same = await cli(['diff', 'v1', 'HEAD', '--images', join(images, 'a.yml')])
    expect(same.out).toBe('No image is different\n')
  })

  it('compares folders and files, without git', async () => {
    const folder = temporaryFolder()
    for (const [name, text] of [
      ['old', before],
      ['new', after],
    ] as const) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'a.yml'), text)
    }
    const { summary } = await diffCatalogues({
      before: join(folder, 'old'),
      after: join(folder, 'new'),
      images: folder,
    })
    expect(summary).toEqual({ added: 1, removed: 1, changed: 2 })
    const back = await diffCatalogues({ before: join(folder, 'new', 'a.yml'), images: join(folder, 'old') })
    expect(back.summary).toEqual({ added: 1, removed: 1, changed: 2 })
  })

  it('writes the text of a pull request, in which nothing of the catalogue is markup', async () => {
    const { images } = repository()
    const { out } = await cli(['diff', 'HEAD', '--images', images, '--output', 'markdown'])
    expect(out).toBe(
      `2 changed, 1 added, 1 removed.

### New versions

| Image     | Version                                          | Before   | Built      | Checksum                |
| --------- | ------------------------------------------------ | -------- | ---------- | ----------------------- |
| Alpha One | [20260202](https://alpha.example/20260202.qcow2) | 20260101 | 2026-02-02 | \`sha256:bbbbbbbbbbbbb…\` |
| Beta      | [3](https://beta.example/3)                      |          |            |                         |

### New images

- **Delta \\*new\\*** in \`a.yml\`

### Removed images

- **Gamma** in \`a.yml\`

### Other changes

- **Alpha One**: \`name\` \`Alpha 1\` → \`Alpha One\`
- **Alpha One**: \`enable\` \`true\` → \`false\`
- **Alpha One**: \`meta.os_version\` \`1\` → \`1.1\`
- **Alpha One**: \`meta.os_purpose\` added: \`generic\`
- **Alpha One**: \`tags\` \`a\` → \`a, b\`
- **Beta**: version 2, \`mirror_url\` added: \`https://mirror.example/2\`
`,
    )
  })

  it('writes JSON', async () => {
    const { images } = repository()
    const { out } = await cli(['diff', 'HEAD', '--images', images, '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      summary: { added: 1, removed: 1, changed: 2 },
      images: [{ status: 'changed', versions: { added: [{ build_date: '2026-02-02' }] } }, {}, {}, {}],
    })
  })

  it.each([['--output=evil'], ['-h'], ['HEAD --'], ['nowhere'], ['HEAD:images'], ['a\nb']])(
    'takes nothing but a revision for one, and git gets no option: %j',
    async (revision) => {
      const { root, images } = repository()
      const { status, out, err } = await cli(['diff', '--images', images, '--', revision])
      expect([status, out]).toEqual([2, ''])
      expect(err).toContain('is neither a folder or file nor a revision of git')
      expect(existsSync('evil')).toBe(false)
      expect(readdirSync(root).sort()).toEqual(['.git', 'images', 'other.yml'])
    },
  )

  it('says what it lacks: a repository, a catalogue in the revision, YAML', async () => {
    const { root, images } = repository()
    const outside = temporaryFolder()
    expect((await cli(['diff', 'HEAD', '--images', outside])).err).toContain('git cannot be used in')
    const later = join(root, 'later')
    mkdirSync(later)
    expect((await cli(['diff', 'HEAD', '--images', later])).err).toContain('has no catalogue file in')
    writeFileSync(join(images, 'a.yml'), 'images: [')
    const broken = await cli(['diff', 'HEAD', '--images', images])
    expect([broken.status, broken.out]).toEqual([2, ''])
    expect(broken.err).toContain(`${join(images, 'a.yml')}:1:10: Not valid YAML`)
  })
})
