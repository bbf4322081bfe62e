import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChecksumEntry, lookUpChecksum, parseChecksumFile } from '../../src/discovery/checksum-file.ts'
import type { DigestAlgorithm } from '../../src/image.ts'
import { anyText } from '../support/any-text.ts'
import { codeOf } from './fake-http.ts'

const sha256 = 'a1'.repeat(32)
const sha512 = 'b2'.repeat(64)
const md5 = 'c3'.repeat(16)
const sha1 = 'd4'.repeat(20)
const source = 'https://user:secret@h/SHA256SUMS?X-Amz-Signature=secret'

function entry(algorithm: DigestAlgorithm, hex: string, name = 'x.img', size?: number) {
  return size === undefined
    ? { name, digest: { algorithm, hex } }
    : { name, digest: { algorithm, hex }, size }
}

function bare(algorithm: DigestAlgorithm, hex: string) {
  return { name: undefined, digest: { algorithm, hex } }
}

describe('reading a checksum file', () => {
  it.each<[string, string, object[]]>([
    ['GNU text', `${sha256}  x.img\n`, [entry('sha256', sha256)]],
    ['GNU binary', `${sha256} *x.img\n`, [entry('sha256', sha256)]],
    ['one space', `${sha256} x.img`, [entry('sha256', sha256)]],
    ['a tab', `${sha256}\tx.img`, [entry('sha256', sha256)]],
    ['capital digits', `${sha256.toUpperCase()}  x.img`, [entry('sha256', sha256)]],
    ['./name', `${sha256}  ./x.img\n${sha512} *./x.img`, [entry('sha256', sha256), entry('sha512', sha512)]],
    ['CRLF and a byte order mark', `\ufeff${sha256}  x.img\r\n\r\n`, [entry('sha256', sha256)]],
    ['a name that GNU has escaped', `\\${sha256}  a\\\\x.img`, [entry('sha256', sha256, 'a\\x.img')]],
    ['a name with spaces', `${sha256}  x y (1).img`, [entry('sha256', sha256, 'x y (1).img')]],
    ['a name with a star in text mode', `${sha256}  *x`, [entry('sha256', sha256, '*x')]],
    [
      'the length of each algorithm',
      `${md5}  x.img\n${sha1}  x.img`,
      [entry('md5', md5), entry('sha1', sha1)],
    ],
    ['BSD', `SHA256 (x.img) = ${sha256}`, [entry('sha256', sha256)]],
    [
      'BSD of other algorithms',
      `SHA512 (x.img) = ${sha512}\nMD5 (x.img) = ${md5}`,
      [entry('sha512', sha512), entry('md5', md5)],
    ],
    ['SHA2-256', `SHA2-256 (x.img) = ${sha256}`, [entry('sha256', sha256)]],
    ['openssl', `SHA256(x.img)= ${sha256}`, [entry('sha256', sha256)]],
    [
      'BSD with brackets in the name',
      `SHA256 (x (1) = y.img) = ${sha256}`,
      [entry('sha256', sha256, 'x (1) = y.img')],
    ],
    ['BSD whose label does not fit', `SHA512 (x.img) = ${sha256}`, []],
    ['BSD of an unknown algorithm', `BLAKE2B (x.img) = ${sha512}`, []],
    ['an empty BSD digest', 'SHA256 (x.img) = ', []],
    [
      'a size',
      `# x.img: 645988352 bytes\nSHA256 (x.img) = ${sha256}`,
      [entry('sha256', sha256, 'x.img', 645988352)],
    ],
    [
      'two sizes',
      `# x.img: 1 bytes\n# x.img: 2 bytes\nSHA256 (x.img) = ${sha256}`,
      [entry('sha256', sha256)],
    ],
    [
      'a size beyond numbers',
      `# x.img: 99999999999999999999 bytes\n${sha256}  x.img`,
      [entry('sha256', sha256)],
    ],
    ['a bare digest', `  ${sha512}\n`, [bare('sha512', sha512)]],
    ['a bare digest among others', `${sha512}\n${sha256}  x.img`, [entry('sha256', sha256)]],
    ['two bare digests', `${sha512}\n${sha512}`, []],
    ['hex of no known length', `${'a'.repeat(63)}  x.img\n${'a'.repeat(129)}  x.img`, []],
    ['comments', `# ${sha256}  x.img\n; x\n\n`, []],
    [
      'sections',
      `# MD5 HASH\n${md5}  x.img\n# BLAKE2B HASH\n${sha512}  x.img\n# SHA512 HASH\n${sha512}  y.img\n${sha256}  y.img`,
      [entry('md5', md5), entry('sha512', sha512, 'y.img')],
    ],
    [
      'the frame of a clearsigned file',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${sha256}  x.img\n-----BEGIN PGP SIGNATURE-----\n\n${'A'.repeat(64)}\n=abcd\n-----END PGP SIGNATURE-----`,
      [entry('sha256', sha256)],
    ],
    ['a web page', '<html><body>404</body></html>', []],
    ['nothing', '', []],
    [
      'names of object properties',
      `${sha256}  __proto__\n# constructor: 5 bytes`,
      [entry('sha256', sha256, '__proto__')],
    ],
  ])('%s', (_, text, entries) => {
    expect(parseChecksumFile(text).entries).toEqual(entries)
  })

  it('takes lines of a mebibyte', () => {
    const long = 'x'.repeat(1 << 20)
    const text = [
      long,
      `${sha256}  ${long}`,
      `${' '.repeat(1 << 20)}y`,
      `SHA256 (${'('.repeat(1 << 20)}`,
      `# ${':'.repeat(1 << 20)}`,
    ]
    expect(parseChecksumFile(text.join('\n')).entries).toEqual([entry('sha256', sha256, long)])
  })

  const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._ ()+=-]{0,30}[A-Za-z0-9_]$/)
  const digest = fc.oneof(
    fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => ({ algorithm: 'sha256' as const, hex })),
    fc.stringMatching(/^[0-9a-f]{128}$/).map((hex) => ({ algorithm: 'sha512' as const, hex })),
  )
  const entries = fc.uniqueArray(fc.record({ name, digest, size: fc.nat() }), {
    selector: (one) => one.name,
    minLength: 1,
  })
  const formats: Record<string, (one: ChecksumEntry) => string> = {
    'GNU text': (one) => `${one.digest.hex}  ${one.name}`,
    'GNU binary': (one) => `${one.digest.hex} *${one.name}`,
    'one space': (one) => `${one.digest.hex} ${one.name}`,
    BSD: (one) => `${one.digest.algorithm.toUpperCase()} (${one.name}) = ${one.digest.hex}`,
  }

  it.each(Object.keys(formats))('gives back what was written as %s', (format) => {
    fc.assert(
      fc.property(entries, fc.constantFrom('\n', '\r\n'), (written, newline) => {
        const lines = written.flatMap((one) => [`# ${one.name}: ${one.size} bytes`, formats[format]?.(one)])
        expect(parseChecksumFile(lines.join(newline)).entries).toEqual(written)
      }),
      { seed: 2, numRuns: 200 },
    )
  })

  it('never throws, and gives nothing but well-formed entries', () => {
    const piece = fc.oneof(
      anyText(),
      fc.constantFrom(
        sha256,
        sha512,
        ' ',
        '  ',
        ' *',
        '(',
        ') = ',
        '=',
        '#',
        'SHA256',
        '\n',
        '\r',
        ': 5 bytes',
        ' HASH',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        for (const { name, digest } of parseChecksumFile(pieces.join('')).entries) {
          expect(name).not.toBe('')
          expect(digest.hex).toMatch(/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/)
        }
      }),
      { seed: 3, numRuns: 2000 },
    )
  })
})

describe('digests that no catalogue can hold', () => {
  const sha384 = 'e5'.repeat(48)
  it.each<[string, string, string, string | undefined]>([
    ['GNU by its length', `${sha384}  x.img`, 'SUMS', 'SHA-384'],
    ['a bare one', 'e5'.repeat(28), 'x.img.sha224', 'SHA-224'],
    ['BSD', `SHA384 (x.img) = ${sha384}`, 'SUMS', 'SHA384'],
    ['BSD of the length of another', `BLAKE2b (x.img) = ${sha512}`, 'SUMS', 'BLAKE2b'],
    ['BSD with a slash', `SHA512/256 (x.img) = ${sha256}`, 'SUMS', 'SHA512/256'],
    ['a section', `# BLAKE2B HASH\n${sha512}  x.img`, 'x.DIGESTS', 'BLAKE2B'],
    ['b2sum', `${sha512}  x.img`, 'B2SUMS', 'BLAKE2'],
    ['b2sum of one file', sha512, 'x.img.b2', 'BLAKE2'],
    ['b2sum by another name', `${sha512}  x.img`, 'x.img.blake2b', 'BLAKE2B'],
    ['b3sum', `${sha256}  x.img`, 'b3sums.txt', 'BLAKE3'],
    ['SHA-3', `${sha256} *x.img`, 'SHA3-256SUMS', 'SHA3-256'],
  ])('are told apart: %s', (_, text, fileName, algorithm) => {
    const { entries, unusable } = parseChecksumFile(text, fileName)
    expect(entries).toEqual([])
    expect(unusable.map((one) => one.algorithm)).toEqual([algorithm])
  })

  it.each(['SHA256SUMS', 'x-b2.img.sha256', 'CHECKSUM', 'debian-b2b3.sha512', 'v-sha3'])(
    'are not told by %s',
    (fileName) => {
      const { entries } = parseChecksumFile(`${sha256}  x.img`, fileName)
      expect(entries).toHaveLength(fileName === 'v-sha3' ? 0 : 1)
    },
  )
})

describe('looking a name up', () => {
  const all = [entry('md5', md5), entry('sha1', sha1), entry('sha256', sha256), entry('sha512', sha512)]

  it.each<[string, object[], DigestAlgorithm | undefined, string]>([
    ['the strongest without a preference', all, undefined, sha512],
    ['the preferred one', all, 'sha256', sha256],
    ['not MD5, though preferred', all, 'md5', sha512],
    ['not SHA-1, though preferred', all, 'sha1', sha512],
    ['SHA-1 rather than MD5', all.slice(0, 2), 'md5', sha1],
    ['MD5 where there is nothing else', all.slice(0, 1), 'sha256', md5],
    ['the strongest where the preferred one is missing', all.slice(0, 3), 'sha512', sha256],
    ['equal lines', [entry('sha256', sha256), entry('sha256', sha256)], undefined, sha256],
    ['a bare digest', [bare('sha256', sha256)], undefined, sha256],
  ])('takes %s', (_, entries, preferred, hex) => {
    expect(lookUpChecksum(entries as ChecksumEntry[], 'x.img', preferred, source).digest.hex).toBe(hex)
  })

  it('refuses two digests of one algorithm', async () => {
    const entries = [...all, entry('md5', '00'.repeat(16))]
    expect(await codeOf(() => lookUpChecksum(entries, 'x.img', 'sha256', source))).toBe('CHECKSUM_AMBIGUOUS')
  })

  it.each(['x.im', 'x.img2', 'X.img', 'a/x.img', 'y.img', ''])(
    'does not take "%s" for x.img',
    async (name) => {
      expect(await codeOf(() => lookUpChecksum(all, name, undefined, source))).toBe('CHECKSUM_NOT_LISTED')
    },
  )

  it('names the file and what it lists instead, without secrets', () => {
    const entries = ['noble-amd64.tar.gz', 'noble-amd64.img.manifest', 'focal.img'].map((name) =>
      entry('sha256', sha256, name),
    )
    expect(() => lookUpChecksum(entries, 'noble-amd64.img', undefined, source)).toThrow(
      'https://h/SHA256SUMS?… has no checksum for noble-amd64.img; it lists noble-amd64.img.manifest, noble-amd64.tar.gz',
    )
  })

  it('names three at most of what it lists instead', () => {
    const entries = ['noble-1.img', 'noble-2.img', 'noble-3.img', 'noble-4.img'].map((name) =>
      entry('sha256', sha256, name),
    )
    expect(() => lookUpChecksum(entries, 'noble-amd64.img', undefined, source)).toThrow(
      /; it lists noble-1\.img, noble-2\.img, noble-3\.img$/,
    )
  })
})
