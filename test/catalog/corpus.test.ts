import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { editCatalog } from '../../src/catalog/edit.ts'
import { parseCatalog } from '../../src/catalog/parse.ts'
import type { VersionValues } from '../../src/image.ts'

const folder = '../shared/corpus/catalogue'
const isPresent = existsSync(folder)

const values: VersionValues = {
  version: '20990131',
  buildDate: '2099-01-31',
  checksum: `sha512:${'0f'.repeat(64)}`,
  url: 'https://new.example/some/folder/with/a/long/name/image-20990131.qcow2',
  mirrorUrl: 'https://mirror.example/images/demo/20990131-demo.qcow2',
}

describe.skipIf(!isPresent)(`the real catalogue (skipped where ${folder} is missing)`, () => {
  const names = isPresent ? readdirSync(folder).filter((name) => name.endsWith('.yml')) : []

  it('has 12 files with 29 images', () => {
    const images = names.flatMap(
      (name) => parseCatalog(name, readFileSync(join(folder, name), 'utf8')).images,
    )
    expect([names.length, images.length]).toEqual([12, 29])
  })

  it.each(names)('%s: every image edited, no other line changed', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const { images } = parseCatalog(name, text)
    const standing = images.map(({ versions: [before] }) => before)
    const edits = images.map(({ index, name: image }) => {
      const before = standing[index]
      const after = before?.mirrorUrl === undefined ? { ...values, mirrorUrl: null } : values
      return { index, name: image, before, after }
    })
    const edited = editCatalog(name, text, edits)
    const changed = new Set(standing.flatMap((before) => Object.values(before ?? {})))
    const [old, now] = [text.split('\n'), edited.split('\n')]
    expect(now.length).toBe(old.length)
    const others = old.filter(
      (line, index) => line !== now[index] && ![...changed].some((value) => line.includes(value)),
    )
    expect(others).toEqual([])
    for (const schema of ['core', 'yaml-1.1'] as const) {
      const versions = parse(edited, { schema, strict: true }).images.map(
        (image: { versions: unknown[] }) => image.versions[0],
      )
      for (const version of versions) {
        expect(version).toMatchObject({ version: values.version, checksum: values.checksum, url: values.url })
        const date = schema === 'core' ? values.buildDate : new Date(values.buildDate)
        expect(version.build_date).toEqual(date)
      }
    }
    const back = parseCatalog(name, edited).images.map(({ index, name: image, versions: [before] }) => ({
      index,
      name: image,
      before,
      after: { ...(standing[index] as VersionValues), mirrorUrl: standing[index]?.mirrorUrl ?? null },
    }))
    expect(editCatalog(name, edited, back)).toBe(text)
  })
})
