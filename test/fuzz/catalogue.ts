/** Catalogue files in every layout: an edit that is made says what was planned, and all other bytes stay. */
import assert from 'node:assert'
import fc from 'fast-check'
import { isMap, isSeq, parseDocument } from 'yaml'
import { editEach } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import type { Image, VersionValues } from '../../src/image.ts'
import type { Target } from './target.ts'
import { readWith, type TextCase, textOf, texts } from './texts.ts'

const snippets = [
  'images:\n',
  '---\n',
  '...\n',
  '# a comment {"\n',
  '  - name: One\n    format: qcow2\n',
  '  - name: Two # 😀\n    tags: [a, "b"]\n',
  '    versions:\n',
  '    versions: []\n',
  "      - version: '20250101'\n        url: https://a.example/old.qcow2\n",
  '      - version: "1.5"\n        checksum: sha256:00\n        mirror_url: https://m.example/x # why\n',
  '        build_date: 2025-01-01\n',
  '        url: >-\n          https://a.example/old.qcow2\n',
  '        mirror_url: |\n          https://m.example/x\n',
  '        visible: "yes"\n',
  "      - {version: '1', url: https://a.example/x, checksum: 'sha256:00'}\n",
  '    versions: [{version: "1"}]\n',
  '    meta: &m {os_distro: demo}\n',
  '    <<: *m\n',
  'images: [{name: One, versions: [{version: "1", url: "a"}]}]\n',
  '\r\n',
  '\ufeff',
  ...['&a ', '*a', '!t ', '? ', ': ', '- ', '{', '}', '[', ']', ', ', '\t', "'", '"', '    ', '~', '#'],
]

const value = fc.constantFrom(
  '2',
  '20260801',
  '1_0',
  'a: b',
  "it's",
  '"',
  '# x',
  '漢字',
  'null',
  'x\ty',
  '-',
  '',
)
const after: fc.Arbitrary<Partial<VersionValues>> = fc.record(
  {
    version: value,
    url: fc.oneof(value, fc.constant('https://b.example/new.qcow2')),
    mirrorUrl: fc.oneof(value, fc.constant(null)),
    checksum: fc.constantFrom(`sha256:${'0'.repeat(64)}`, '1'),
    buildDate: fc.constantFrom('2026-08-01', '2026-8-1'),
  },
  { requiredKeys: ['version'] },
)

interface CatalogueCase extends TextCase {
  readonly after: Partial<VersionValues>
  readonly keep: number | undefined
}

const cases: fc.Arbitrary<CatalogueCase> = fc
  .tuple(
    texts(snippets).map((text) => ({
      ...text,
      times: Math.min(text.times, 50),
      pieces: ['images:\n', ...text.pieces],
    })),
    after,
    fc.constantFrom(undefined, undefined, 1, 2),
  )
  .map(([text, wanted, keep]) => ({ ...text, after: wanted, keep }))

async function check({ after: wanted, keep, ...one }: CatalogueCase): Promise<void> {
  const text = textOf(one)
  const before = await readWith(() => parseCatalog('a.yml', text))
  for (const { index, name, versions } of (before?.images ?? []).slice(0, 3)) {
    const edit = { index, name, before: versions[0], after: wanted, keep }
    const edited = await readWith(() => editEach('a.yml', text, [edit]))
    if (edited === undefined || edited.failed.length > 0) continue
    const { images } = parseCatalog('a.yml', edited.text)
    const [first] = images[index]?.versions ?? []
    for (const key of Object.keys(wanted) as (keyof VersionValues)[]) {
      assert.strictEqual(first?.[key], wanted[key] ?? undefined, `${key} is not what was planned`)
    }
    const others = (all: readonly Image[]) =>
      all.filter((image) => image.index !== index).map((image) => ({ ...image, line: 0 }))
    assert.deepStrictEqual(others(images), others(before?.images ?? []), 'Another image has changed')
    assertOutside(text, edited.text, index)
  }
}

/** What stands before and behind the image is the same as ever. */
function assertOutside(before: string, now: string, index: number): void {
  const document = parseDocument(before, { merge: true, logLevel: 'silent' })
  const list = isMap(document.contents) ? document.contents.get('images', true) : undefined
  const image = isSeq(list) ? list.items[index] : undefined
  if (!isMap(image) || image.range == null) return
  const [start, end] = image.range
  assert(now.startsWith(before.slice(0, start)), 'Bytes before the image have changed')
  assert(now.endsWith(before.slice(end)), 'Bytes behind the image have changed')
}

export const catalogue: Target<CatalogueCase> = {
  name: 'catalogue',
  missing: [],
  cases,
  check,
  kept: [],
  batch: 200,
}
