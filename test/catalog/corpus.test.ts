import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseCatalog } from '../../src/catalog/parse.ts'
import type { VersionValues } from '../../src/image.ts'
import { editCatalog } from './support.ts'

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

  it.each(names)('%s: every image of one version edited, no other line changed', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    if (parseCatalog(name, text).images.some(({ versions }) => versions.length > 1)) return
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

  it.each(names)('%s: a version put in front of every image looks like the one that stood there', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const { images } = parseCatalog(name, text)
    const edits = images.map(({ index, name: image, versions: [before] }) => {
      const { version, buildDate } = values
      const mirrorUrl = before?.mirrorUrl?.replace(/.$/, '?') ?? null
      const after = { ...values, ...before, version, buildDate, mirrorUrl }
      return { index, name: image, before, after, keep: 99 }
    })
    const edited = editCatalog(name, text, edits)
    const pieces = edited.split(/^(?= {4}versions:)/m).slice(1)
    const restored = images.map(({ versions: [before] }, index) => {
      const [head = '', added = '', ...rest] = (pieces[index] ?? '').split(/^(?= {6}- )/m)
      if (before === undefined) return undefined
      const own = added
        .replace(values.version, before.version ?? '')
        .replace(values.buildDate, before.buildDate ?? '')
        .replace(before.mirrorUrl?.replace(/.$/, '?') ?? '', before.mirrorUrl ?? '')
      expect(rest.join('').startsWith(own)).toBe(true)
      return head + rest.join('')
    })
    if (restored.every((piece) => piece !== undefined)) {
      expect(text.endsWith(restored.join(''))).toBe(true)
    }
  })

  it.each([
    [
      'gardenlinux.yml',
      '2150.8.0',
      ['2150.8.0', '1877.5', '1877.6', '1877.7', '1592.15', '1592.16', '1877.10'],
    ],
    ['cirros.yml', '0.7.0', ['0.7.0', '0.6.3']],
  ])('%s: the oldest of several versions goes, though it stands first', (name, version, expected) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const { images } = parseCatalog(name, text)
    const [first] = images
    const edit = { index: 0, name: first?.name ?? '', before: first?.versions[0], after: { version } }
    const [edited] = parseCatalog(name, editCatalog(name, text, [edit])).images
    expect(edited?.versions.map((one) => one.version)).toEqual(expected)
  })

  it.each(names)('%s: old versions go with their lines and nothing else', (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const { images } = parseCatalog(name, text)
    const edits = images.flatMap(({ index, name: image, versions: [before] }) =>
      before === undefined
        ? []
        : [{ index, name: image, before, after: { version: '20990131', url: values.url }, keep: 99 }],
    )
    const grown = editCatalog(name, text, edits)
    const back = edits.map(({ index, name: image, before }) => {
      const { version = '', url = '' } = before ?? {}
      return {
        index,
        name: image,
        before: { version: '20990131', url: values.url },
        after: { version, url },
        keep: 1,
      }
    })
    const shrunk = parseCatalog(name, editCatalog(name, grown, back)).images
    expect(shrunk.map(({ versions }) => versions.length)).toEqual(
      images.map(({ versions }) => Math.min(versions.length, 1)),
    )
    const lines = new Set(text.split('\n'))
    const others = editCatalog(name, grown, back)
      .split('\n')
      .filter((line) => !lines.has(line))
    expect(others.filter((line) => !/^ {6}- |^ {8}url:|^ {10}http/.test(line))).toEqual([])
  })
})
