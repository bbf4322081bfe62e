import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDefects } from '../../src/catalog/defects.ts'
import { readCatalog } from '../../src/catalog/read.ts'
import { UpdaterError } from '../../src/errors.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catalog-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const image = (name: string) => `images:\n- name: ${name}\n`
const write = (name: string, content: string | Uint8Array = image(name)) =>
  writeFileSync(join(folder, name), content)

async function defectsOf(paths: readonly string[]): Promise<string[]> {
  const error = await readCatalog(paths).then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(UpdaterError)
  return listDefects(error).map(({ code, place }) => `${code} ${place?.file.replace(`${folder}/`, '')}`)
}

describe('readCatalog', () => {
  it('reads the YAML files of a folder, in the order of their code units', async () => {
    for (const name of ['b.yml', 'B.yaml', 'a.yml', 'a1.yml', 'a.txt', '.hidden.yml', 'c.yml.bak'])
      write(name)
    mkdirSync(join(folder, 'folder.yml'))
    mkdirSync(join(folder, 'deeper'))
    write('deeper/d.yml')
    const files = await readCatalog([folder])
    expect(files.map(({ path }) => path)).toEqual(
      ['B.yaml', 'a.yml', 'a1.yml', 'b.yml'].map((name) => join(folder, name)),
    )
    expect(files[1]?.images[0]).toMatchObject({ name: 'a.yml', file: join(folder, 'a.yml'), index: 0 })
  })

  it('reads a file once, by whatever way it is reached', async () => {
    write('a.yml')
    symlinkSync('a.yml', join(folder, 'z.yml'))
    const files = await readCatalog([join(folder, 'z.yml'), folder, folder, join(folder, 'a.yml')])
    expect(files.map(({ path }) => path)).toEqual([join(folder, 'z.yml')])
  })

  it('keeps a byte order mark and CRLF', async () => {
    const text = `\uFEFF${image('x').replaceAll('\n', '\r\n')}`
    write('a.yml', text)
    expect((await readCatalog([folder]))[0]?.text).toBe(text)
  })

  it('names all that is wrong at once', async () => {
    write('a.yml', 'images: [')
    write('b.yml', 'images: 3')
    write('c.yml')
    write('d.yml', Buffer.from([0x69, 0xff, 0xfe]))
    symlinkSync('nowhere', join(folder, 'e.yml'))
    write('f.yml')
    truncateSync(join(folder, 'f.yml'), 33 * 1024 * 1024)
    mkdirSync(join(folder, 'empty'))
    expect(await defectsOf([folder, join(folder, 'missing'), join(folder, 'empty')])).toEqual([
      'CATALOG_SYNTAX a.yml',
      'CATALOG_TYPE b.yml',
      'CATALOG_UNREADABLE d.yml',
      'CATALOG_UNREADABLE e.yml',
      'CATALOG_UNREADABLE f.yml',
      'CATALOG_NOT_FOUND missing',
      'CATALOG_NOT_FOUND empty',
    ])
  })

  it('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'a.yml')])
    expect(await defectsOf([join(folder, 'a.yml')])).toEqual(['CATALOG_UNREADABLE a.yml'])
  })

  it('throws a single defect as it is', async () => {
    await expect(readCatalog([join(folder, 'missing')])).rejects.toMatchObject({
      code: 'CATALOG_NOT_FOUND',
      message: `The catalogue ${join(folder, 'missing')} does not exist`,
    })
  })

  it('says that a broken link is one', async () => {
    symlinkSync('nowhere', join(folder, 'link'))
    expect(await defectsOf([join(folder, 'link')])).toEqual(['CATALOG_UNREADABLE link'])
  })
})
