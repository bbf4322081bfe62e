import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { initCatalogue, shippedCatalogue, validateCatalogue } from '../../src/index.ts'
import { cli, temporaryFolder } from '../cli/support.ts'

const shippedText = (name: string) => readFileSync(`catalog/${name}.yml`, 'utf8')

describe('the catalogue that comes with the program', () => {
  it('has no finding, not even a warning', async () => {
    const { findings, summary } = await validateCatalogue({ images: ['catalog'] })
    expect(findings).toEqual([])
    expect(summary.images).toBeGreaterThan(100)
  })

  it('claims no version that nobody has verified', async () => {
    for (const file of readdirSync('catalog')) {
      const text = readFileSync(join('catalog', file), 'utf8')
      expect(text.match(/^ {4}versions: \[\]$/gm)).toHaveLength(text.match(/^ {2}- name: /gm)?.length ?? 0)
    }
  })

  it('leaves other architectures to those who have them', async () => {
    const images = (await shippedCatalogue()).flatMap((distribution) => distribution.images)
    const others = images.filter(({ name }) => name.endsWith('aarch64'))
    expect(others.length).toBeGreaterThan(40)
    expect(others.filter(({ enable }) => enable)).toEqual([])
  })
})

describe('initCatalogue', () => {
  it('writes the files of the chosen distributions, into a folder that it makes', async () => {
    const dir = join(temporaryFolder(), 'a', 'b')
    const files = await initCatalogue({ distributions: ['ubuntu', 'al*'], dir })
    expect(files.map(({ distribution, path }) => [distribution, path])).toEqual(
      ['almalinux', 'alpine', 'ubuntu'].map((name) => [name, join(dir, `${name}.yml`)]),
    )
    expect(readdirSync(dir).sort()).toEqual(['almalinux.yml', 'alpine.yml', 'ubuntu.yml'])
    for (const { distribution, path, images } of files) {
      expect(readFileSync(path, 'utf8')).toBe(shippedText(distribution))
      expect(images).toBe(shippedText(distribution).match(/^ {2}- name: /gm)?.length)
    }
  })

  it('writes nothing where one of the files is there already', async () => {
    const dir = temporaryFolder()
    writeFileSync(join(dir, 'debian.yml'), 'mine')
    mkdirSync(join(dir, 'talos.yml'))
    await expect(initCatalogue({ distributions: ['*'], dir })).rejects.toMatchObject({
      code: 'CATALOG_UNWRITABLE',
      cause: {
        errors: [{ place: { file: join(dir, 'debian.yml') } }, { place: { file: join(dir, 'talos.yml') } }],
      },
    })
    expect(readdirSync(dir).sort()).toEqual(['debian.yml', 'talos.yml'])
    expect(readFileSync(join(dir, 'debian.yml'), 'utf8')).toBe('mine')
  })

  it('never replaces a file that comes to be there meanwhile', async () => {
    const dir = temporaryFolder()
    const both = await Promise.allSettled([1, 2].map(() => initCatalogue({ distributions: ['arch'], dir })))
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(readdirSync(dir)).toEqual(['arch.yml'])
    expect(readFileSync(join(dir, 'arch.yml'), 'utf8')).toBe(shippedText('arch'))
  })

  it('writes nothing in a dry run', async () => {
    const dir = join(temporaryFolder(), 'new')
    const files = await initCatalogue({ distributions: ['arch'], dir, dryRun: true })
    expect(files).toEqual([{ distribution: 'arch', path: join(dir, 'arch.yml'), images: 1 }])
    expect(() => readdirSync(dir)).toThrow()
  })

  it('says where a folder cannot be written', async () => {
    const dir = join(temporaryFolder(), 'file')
    writeFileSync(dir, '')
    await expect(initCatalogue({ distributions: ['arch'], dir })).rejects.toMatchObject({
      code: 'CATALOG_UNWRITABLE',
    })
  })

  it.skipIf(!existsSync('/proc/self'))(
    'ends where no folder can be made (skipped without /proc)',
    async () => {
      const refused = initCatalogue({ distributions: ['arch'], dir: '/proc/none/images' })
      await expect(refused).rejects.toMatchObject({ code: 'CATALOG_UNWRITABLE' })
      const dir = join(temporaryFolder(), 'a', 'b', 'c')
      expect(await initCatalogue({ distributions: ['arch'], dir })).toHaveLength(1)
      expect(readdirSync(dir)).toEqual(['arch.yml'])
    },
  )

  it('refuses what it does not know, with what is close to it', async () => {
    const refused = initCatalogue({ distributions: ['arch', 'ubunut'], dir: temporaryFolder() })
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', remedy: 'Close to that: "ubuntu"' })
  })
})

describe('image-updater init', () => {
  it('lists what there is', async () => {
    const { out, status } = await cli(['init'])
    expect(status).toBe(0)
    const [head, ...lines] = out.split('\n')
    expect(head).toBe('Distribution     Images  Enabled')
    expect(lines.filter((line) => /^[a-z0-9-]+ +\d+ +\d+$/.test(line))).toHaveLength(
      readdirSync('catalog').length,
    )
    const list = JSON.parse((await cli(['init', '--output', 'json'])).out)
    expect(list.distributions[0]).toMatchObject({ name: 'almalinux' })
    expect(list.distributions[0].images[0]).toMatchObject({ shortname: 'almalinux-8', enable: true })
  })

  it('writes all, or says what it would write', async () => {
    const dir = temporaryFolder()
    const dry = await cli(['init', 'arch', '--images', dir, '--dry-run'])
    expect(dry.out).toBe(`${join(dir, 'arch.yml')}: 1 image\n1 file would be written (dry run)\n`)
    expect(readdirSync(dir)).toEqual([])
    const { out, status } = await cli(['init', 'all', '--images', dir])
    expect(status).toBe(0)
    expect(readdirSync(dir).sort()).toEqual(readdirSync('catalog').sort())
    expect(out.endsWith(`${readdirSync('catalog').length} files written\n`)).toBe(true)
  })

  it('ends with 2 where a file is there, and where several folders are named', async () => {
    const dir = temporaryFolder()
    writeFileSync(join(dir, 'arch.yml'), '')
    const refused = await cli(['init', 'arch', '--images', dir])
    expect(refused.status).toBe(2)
    expect(refused.err).toContain('is there already, and is left as it is')
    const several = await cli(['init', 'arch', '--images', dir, '--images', dir])
    expect(several.status).toBe(2)
    expect(several.err).toContain('does not name one folder')
  })
})
