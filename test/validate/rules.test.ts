import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../../src/catalog/parse.ts'
import { UpdaterError } from '../../src/errors.ts'
import { inspectFile } from '../../src/validate/inspect.ts'
import { changed, faultless, found, today } from './support.ts'

type Change = readonly [from: string, to: string]

const sum = `sha256:${'ab'.repeat(32)}`
const second = (...lines: readonly string[]): Change => [
  `        build_date: 2026-07-05\n`,
  `        build_date: 2026-07-05\n${lines.map((line, index) => `      ${index === 0 ? '-' : ' '} ${line}\n`).join('')}`,
]

describe('a definition file', () => {
  it('without a fault has no finding', () => {
    expect(found(faultless)).toEqual([])
  })

  it.each<[what: string, findings: string[], ...changes: Change[]]>([
    ['no YAML', ['syntax 3:20'], ['name: Alpha 1', 'name: "Alpha 1"x']],
    [
      'a key twice',
      ['syntax 9:5'],
      ['min_ram: 512', 'min_disk: 512'],
      ['tags: []', 'tags: []\n    min_ram: 128'],
    ],
    [
      'an alias of nothing',
      ['syntax 13:11'],
      [/meta:[\s\S]*?(?= {4}tags)/.exec(faultless)?.[0] ?? '', 'meta: *none\n'],
    ],
    [
      'an unknown key',
      ['unknown-key 8:5'],
      ['min_disk: 10', 'min_disk: 10\n    tags: []'],
      ['min_disk: 10', 'mindisk: 1\n    min_disk: 10'],
      ['tags: []\n    min_ram', 'min_ram'],
    ],
    ['an unknown key of meta', ['unknown-key 17:7'], ['os_distro', 'colour: red\n      os_distro']],
    ['an unknown key of a version', ['unknown-key 28:9'], ["'20260705'", "'20260705'\n        hash: abc"]],
    ['an unknown key at the top', ['unknown-key 2:1'], ['images:', 'x: 1\nimages:']],
    ['a key that is not text', ['unknown-key 23:7'], ['tags: []', '? [a]\n    : 1\n    tags: []']],
    ['a missing key', ['missing-key 3:5'], ['    min_ram: 512\n', '']],
    ['a missing key of a version', ['missing-key 27:9'], ['        build_date: 2026-07-05\n', '']],
    ['an empty value', ['wrong-type 9:5'], ['min_ram: 512', 'min_ram:']],
    ['null', ['wrong-type 9:14'], ['min_ram: 512', 'min_ram: ~']],
    ['a number in quotes', ['wrong-type 9:14'], ['min_ram: 512', "min_ram: '512'"]],
    ['a negative number', ['wrong-type 9:14'], ['min_ram: 512', 'min_ram: -1']],
    ['a fraction', ['wrong-type 9:14'], ['min_ram: 512', 'min_ram: 0.5']],
    ['a number for text', ['wrong-type 18:19'], ["os_version: '1'", 'os_version: 12']],
    ['a number in base 60 for text', ['wrong-type 18:19'], ["os_version: '1'", 'os_version: 12:30']],
    ['a number with a fraction for text', ['wrong-type 27:18'], ["'20260705'", '1.10']],
    ['a date in quotes', ['wrong-type 31:21'], ['build_date: 2026-07-05', "build_date: '2026-07-05'"]],
    [
      'a day that no calendar has',
      ['wrong-type 31:21'],
      ['build_date: 2026-07-05', 'build_date: 2026-02-30'],
    ],
    ['a word for a date', ['wrong-type 22:23'], ['provided_until: 2029-05-31', 'provided_until: soon']],
    ['a word in quotes for a flag', ['wrong-type 12:12'], ['multi: true', "multi: 'true'"]],
    ['a value that is not listed', ['wrong-value 14:21'], ['architecture: x86_64', 'architecture: ppc64le']],
    [
      'a distribution that Glance does not know',
      ['wrong-value 17:18'],
      ['os_distro: debian', 'os_distro: debain'],
    ],
    ['a list for a mapping', ['wrong-type 23:11'], ['tags: []', 'tags: {}']],
    [
      'a version that is no mapping',
      ['wrong-type 27:9'],
      [/versions:[\s\S]*/.exec(faultless)?.[0] ?? '', 'versions:\n      - 20260705\n'],
    ],
    ['something else than a URL', ['wrong-value 25:17'], ['latest_url: https://', 'latest_url: gopher://']],
    [
      'latest_url by FTP',
      ['insecure-url 25:17', 'unusable-url 25:17'],
      ['latest_url: https://', 'latest_url: ftp://'],
    ],
    ['latest_url alone', ['lone-latest-url 24:17'], [/ {4}latest_ch.*\n/.exec(faultless)?.[0] ?? '', '']],
    [
      'latest_url alone, of something that has no checksums',
      [],
      [/ {4}latest_ch.*\n/.exec(faultless)?.[0] ?? '', ''],
      ['images/alpha-1-x86_64.qcow2', 'images/HEREBE\\d+DRAGONS/alpha-1-x86_64.qcow2'],
    ],
    [
      'latest_checksum_url alone',
      ['lone-latest-url 24:26'],
      [/ {4}latest_url.*\n/.exec(faultless)?.[0] ?? '', ''],
    ],
    [
      'half a placeholder',
      ['broken-placeholder 25:17'],
      ['images/alpha-1-x86_64.qcow2', 'images/alpha-HEREBE1-x86_64.qcow2'],
    ],
    ['latest_url without a shortname', ['missing-key 3:5'], ['    shortname: alpha-1\n', '']],
    [
      'a shortname with a slash',
      ['unusable-shortname 5:16'],
      ['shortname: alpha-1', 'shortname: alpha/1'],
      ['mirror.example/images/alpha-1/', 'mirror.example/images/alpha/1/'],
    ],
    ['a placeholder in url', ['placeholder-url 28:14'], ['20260705/alpha-1', 'HEREBE\\d+DRAGONS/alpha-1']],
    [
      'a placeholder in mirror_url',
      ['placeholder-url 29:21'],
      ['20260705-alpha-1.qcow2', 'HEREBE\\d+DRAGONS-alpha-1.qcow2'],
    ],
    [
      'a password in a URL',
      ['credentials-url 28:14'],
      ['url: https://alpha.example/images/20260705', 'url: https://me:secret@alpha.example/images/20260705'],
    ],
    [
      'http',
      ['insecure-url 28:14'],
      ['url: https://alpha.example/images/20260705', 'url: http://alpha.example/images/20260705'],
    ],
    ['a space in a URL', ['unusable-url 28:14'], ['images/20260705/alpha-1', 'images/20260705/alpha 1']],
    [
      'upper case in a checksum',
      ['malformed-checksum 30:19'],
      [sum, sum.toUpperCase().replace('SHA', 'sha')],
    ],
    ['a checksum without its algorithm', ['malformed-checksum 30:19'], [sum, sum.slice(7)]],
    ['a checksum that is too short', ['malformed-checksum 30:19'], [sum, sum.slice(0, -1)]],
    ['a checksum of another algorithm', ['malformed-checksum 30:19'], [sum, sum.replace('sha256', 'sha512')]],
    [
      'an algorithm that the schema has no length for',
      ['malformed-checksum 30:19'],
      [sum, `sha384:${'ab'.repeat(48)}`],
    ],
    ['MD5', ['weak-checksum 30:19'], [sum, `md5:${'ab'.repeat(16)}`]],
    ['SHA-1', ['weak-checksum 30:19'], [sum, `sha1:${'ab'.repeat(20)}`]],
    ['no checksum', ['missing-checksum 27:9'], [`        checksum: ${sum}\n`, '']],
    ['a checksum by URL', [], [`checksum: ${sum}`, 'checksum_url: https://alpha.example/SHA256SUMS']],
    ['current', ['moving-url 28:14'], ['images/20260705/', 'images/current/']],
    ['release', ['moving-url 28:14'], ['images/20260705/', 'images/release/']],
    ['Latest of a release', [], ['images/20260705/', 'images/1.2-RELEASE/Latest/']],
    ['releases', [], ['images/20260705/', 'images/releases/']],
    ['latest in the file name', ['moving-url 28:14'], ['20260705/alpha-1-', '20260705/alpha-1-latest-']],
    ['latest as a part of a word', [], ['20260705/alpha-1-', '20260705/alpha-1-latestish-']],
    ['a dated file in latest', [], ['images/20260705/alpha-1-', 'images/latest/alpha-1-20260705-']],
    [
      'current without a checksum',
      ['missing-checksum 27:9'],
      ['images/20260705/', 'images/current/'],
      [`        checksum: ${sum}\n`, ''],
    ],
    [
      'a packed file that is not mirrored',
      ['packed-url 28:14'],
      ['20260705/alpha-1-x86_64.qcow2', '20260705/alpha-1-x86_64.qcow2.xz'],
      [/ {8}mirror_url.*\n/.exec(faultless)?.[0] ?? '', ''],
    ],
    [
      'a packed file that is mirrored',
      [],
      ['20260705/alpha-1-x86_64.qcow2', '20260705/alpha-1-x86_64.qcow2.xz'],
    ],
    ['a packed object', ['packed-object 29:21'], ['20260705-alpha-1.qcow2', '20260705-alpha-1.qcow2.gz']],
    [
      'another format',
      ['format-mismatch 28:14'],
      ['20260705/alpha-1-x86_64.qcow2', '20260705/alpha-1-x86_64.raw.xz'],
    ],
    ['a name that tells no format', [], ['20260705/alpha-1-x86_64.qcow2', '20260705/alpha-1-x86_64.img']],
    [
      'another architecture',
      ['architecture-mismatch 28:14'],
      ['20260705/alpha-1-x86_64.qcow2', '20260705/alpha-1-arm64.qcow2'],
    ],
    ['both architectures', [], ['20260705/alpha-1-x86_64.qcow2', 'aarch64/20260705/alpha-1-x86_64.qcow2']],
    [
      'an object of another version',
      ['mirror-name 29:21'],
      ['20260705-alpha-1.qcow2', '20260101-alpha-1.qcow2'],
    ],
    [
      'an object of another image',
      ['mirror-name 29:21'],
      ['alpha-1/20260705-alpha-1.qcow2', 'beta-1/20260705-beta-1.qcow2'],
    ],
    [
      'an object named in a way of its own',
      [],
      ['alpha-1/20260705-alpha-1.qcow2', 'Alpha_1/20260705/disk.qcow2'],
    ],
    ['another day', ['date-mismatch 31:21'], ['build_date: 2026-07-05', 'build_date: 2026-07-04']],
    ['a version that is no day', [], ["'20260705'", "'1.2.3'"], ['20260705-alpha-1', '1.2.3-alpha-1']],
    ['a version that is no day, in an object of its day', [], ["'20260705'", "'1.2.3'"]],
    [
      'a version that is no day, in an object of another day',
      ['mirror-name 29:21'],
      ["'20260705'", "'1.2.3'"],
      ['20260705-alpha-1', '20260704-alpha-1'],
    ],
    [
      'a day to come',
      ['future-date 31:21'],
      ["'20260705'", "'20260802'"],
      ['2026-07-05', '2026-08-02'],
      ['20260705-alpha-1', '20260802-alpha-1'],
    ],
    [
      'today',
      [],
      ["'20260705'", "'20260801'"],
      ['2026-07-05', '2026-08-01'],
      ['20260705-alpha-1', '20260801-alpha-1'],
    ],
    ['last-few', ['unclear-validity 21:22'], ['last-3', 'last-few']],
    [
      'nothing to import',
      ['idle-image 3:5'],
      [/ {4}latest_ch[\s\S]*/.exec(faultless)?.[0] ?? '', '    versions: []\n'],
    ],
    [
      'nothing to import, and disabled',
      [],
      ['enable: true', 'enable: false'],
      [/ {4}latest_ch[\s\S]*/.exec(faultless)?.[0] ?? '', '    versions: []\n'],
    ],
    [
      'a version twice',
      ['repeated-version 32:18'],
      second(
        "version: '20260705'",
        'url: https://alpha.example/b.qcow2',
        `checksum: ${sum.replace('ab', 'cd')}`,
        'build_date: 2026-07-05',
      ),
    ],
    [
      'a url twice',
      ['repeated-url 33:14'],
      second(
        "version: '2'",
        'url: https://alpha.example/images/20260705/alpha-1-x86_64.qcow2',
        `checksum: ${sum}`,
        'build_date: 2026-07-06',
      ),
    ],
    [
      'a checksum twice',
      ['repeated-checksum 34:19'],
      second(
        "version: '2'",
        'url: https://alpha.example/images/b.qcow2',
        `checksum: ${sum}`,
        'build_date: 2026-07-06',
      ),
    ],
  ])('%s', (_what, findings, ...changes) => {
    expect(found(changed(...changes))).toEqual(findings)
  })

  it.each([
    ['', ['wrong-type 1:1']],
    ['images: []\n', ['wrong-value 1:9']],
    ['images:\n', ['wrong-type 1:1']],
    ['- a\n', ['wrong-type 1:1']],
    ['{}\n', ['missing-key 1:1']],
    ['images:\n  - Alpha\n  -\n', ['wrong-type 2:5', 'wrong-type 3:4']],
    ['images: *x\n', ['syntax 1:9']],
    ['images: []\n<<: &a {<<: *a}\n', ['syntax 2:8', 'wrong-value 1:9']],
    ['a: "x"y\nb: [1\nc: "z"z\n', ['syntax 1:7', 'syntax 3:1', 'syntax 3:7']],
  ])('%j', (text, findings) => {
    expect(found(text)).toEqual(findings)
  })

  it('follows anchors and merge keys, and tells what is behind an anchor once', () => {
    const twice = faultless
      .replace('    meta:', '    meta: &meta')
      .replace('os_distro: debian', 'os_distro: what')
    const [, head = '', rest = ''] = /^([\s\S]*?images:\n)([\s\S]*)$/.exec(twice) ?? []
    const other = rest
      .replace(/meta: &meta[\s\S]*?(?= {4}tags)/, 'meta:\n      <<: *meta\n      os_version: 2\n')
      .replaceAll('alpha-1', 'beta-1')
    expect(found(head + rest + other)).toEqual(['wrong-value 17:18', 'wrong-type 44:19'])
  })

  it('suggests the key that is meant, and quotes where they are missing', () => {
    const remedies = (text: string) => inspectFile('a.yml', text, today).findings.map(({ remedy }) => remedy)
    expect(remedies(changed(['min_disk: 10', 'min_disk: 10\n    latest-url: x']))).toEqual([
      'Perhaps "latest_url" is meant',
    ])
    expect(remedies(changed(["'1'", '1']))).toEqual(['Put the value into quotes'])
  })

  it('says which algorithms a checksum may have, whatever word stands there', () => {
    const [finding] = inspectFile('a.yml', changed([sum, 'constructor:ab']), today).findings
    expect(finding?.message).toBe('"checksum" is not a digest of one of sha512, sha256, sha1, md5')
  })

  it('goes on after a fault: each of several is told, with the image that it is in', () => {
    const text = changed(['min_ram: 512', 'min_ram: much'], ['multi: true', 'multi: maybe'], [sum, 'none'])
    const findings = inspectFile('a.yml', text, today).findings
    expect(findings.map(({ rule, image }) => [rule, image])).toEqual([
      ['wrong-type', 'Alpha 1'],
      ['wrong-type', 'Alpha 1'],
      ['malformed-checksum', 'Alpha 1'],
    ])
  })
})

describe('whatever stands in a file', () => {
  const pieces = fc.constantFrom(
    'images:',
    '  - name: A',
    '    name: 12',
    '    enable: perhaps',
    '    shortname: ../x',
    '    format: zip',
    '    latest_url: ftp://h.example/x',
    '    latest_url: https:// x',
    '    latest_checksum_url: 5',
    '    min_disk: a lot',
    '    min_disk: 1e3',
    '    meta: text',
    '    meta: {os_distro: debian}',
    '    versions: {}',
    '    versions:',
    '      - version: [1]',
    '      - &a {url: {b: c}}',
    '      - *a',
    '    <<: *a',
    '    <<: [1, {}]',
    '  - [a]',
    '---',
    '\t"',
    '# remark',
  )
  const broken = fc
    .array(fc.oneof({ weight: 4, arbitrary: pieces }, { weight: 1, arbitrary: fc.string() }), {
      maxLength: 20,
    })
    .map((lines) => lines.join('\n'))
  const damaged = fc
    .tuple(fc.nat(faultless.length), fc.nat(40), fc.oneof(fc.string({ maxLength: 8 }), pieces))
    .map(([at, length, text]) => faultless.slice(0, at) + text + faultless.slice(at + length))

  it('nothing is thrown, and what the updater refuses is an error', () => {
    fc.assert(
      fc.property(fc.oneof(broken, damaged), (text) => {
        const { findings } = inspectFile('a.yml', text, today)
        const errors = findings.filter(({ severity }) => severity === 'error')
        let refusal: unknown
        try {
          parseCatalog('a.yml', text)
        } catch (error) {
          refusal = error
        }
        if (refusal !== undefined) {
          expect(refusal).toBeInstanceOf(UpdaterError)
          expect(errors).not.toEqual([])
        }
      }),
      { numRuns: 1000 },
    )
  })
})
