import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCatalog } from '../src/catalog/parse.ts'
import { parseChecksumFile } from '../src/discovery/checksum-file.ts'
import { parseDocument } from '../src/discovery/documents.ts'
import { parseListing } from '../src/discovery/listing-formats.ts'
import { isSafeFileName } from '../src/discovery/names.ts'
import { holdsClearsigned, splitClearsigned } from '../src/discovery/signatures/clearsigned.ts'
import { parsePointer } from '../src/discovery/strategies/pointer.ts'
import { describeError, UpdaterError } from '../src/errors.ts'
import { parseDigest } from '../src/image.ts'
import { editCatalog } from './catalog/support.ts'

const folder = 'test/fixtures/fuzz'
/** Inputs that were hard for some parser once, or could be. */
const corpus = readdirSync(folder)
  .sort()
  .map((name) => ({ name, bytes: readFileSync(`${folder}/${name}`) }))

const after = { version: '20260801', checksum: `sha256:${'0'.repeat(64)}`, mirrorUrl: null }

/** Every reader of text from outside; each says what its result must be. */
const readers: Readonly<Record<string, (text: string) => void>> = {
  'a checksum file': (text) => {
    for (const { digest } of parseChecksumFile(text).entries)
      expect(parseDigest(`${digest.algorithm}:${digest.hex}`)).toEqual(digest)
  },
  'a listing': (text) => {
    for (const { name } of parseListing(text, 'https://a.example/images/'))
      expect(isSafeFileName(name)).toBe(true)
  },
  'a document': (text) => void parseDocument(text, 'https://a.example/images/document.json'),
  'a pointer': (text) => void parsePointer(text),
  'a clearsigned text': (text) => {
    if (holdsClearsigned(text)) splitClearsigned(text)
  },
  'a catalogue': (text) => {
    const { images } = parseCatalog('a.yml', text)
    for (const { index, name, versions } of images) {
      const edited = editCatalog('a.yml', text, [{ index, name, before: versions[0], after }])
      const [first] = parseCatalog('a.yml', edited).images[index]?.versions ?? []
      expect(first).toMatchObject({ version: after.version, checksum: after.checksum })
      expect(first?.mirrorUrl).toBeUndefined()
    }
  },
}

function assertHarmless(read: (text: string) => void, text: string): void {
  try {
    read(text)
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error
    expect(describeError(error)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/)
  }
}

describe.each(Object.entries(readers))('%s', (_, read) => {
  it.each(corpus)('may be $name', ({ bytes }) => {
    assertHarmless(read, new TextDecoder().decode(bytes))
  })

  it('may be made of pieces of all of them, with bytes changed', () => {
    const piece = fc
      .tuple(fc.constantFrom(...corpus), fc.nat(2000), fc.nat(400))
      .map(([{ bytes }, at, length]) => bytes.subarray(at % bytes.length, (at % bytes.length) + length))
    const patch = fc.tuple(fc.nat(3000), fc.nat(255))
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.array(patch), (pieces, patches) => {
        const bytes = Buffer.concat(pieces)
        for (const [at, value] of patches) if (at < bytes.length) bytes[at] = value
        assertHarmless(read, new TextDecoder().decode(bytes))
      }),
      { numRuns: 1000, seed: 3 },
    )
  })
})
