import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listCatalogue } from '../../src/index.ts'
import { listSchema } from '../../src/report/schemas.ts'
import { cli, temporaryFolder } from '../cli/support.ts'

const catalogue = `images:
  - name: Alpha 1
    shortname: alpha-1
    enable: true
    format: qcow2
    login: alpha
    min_disk: 10
    min_ram: 512
    visibility: public
    meta: &meta
      architecture: x86_64
      os_distro: debian
      os_purpose: generic
    latest_url: https://alpha.example/a.qcow2
    latest_checksum_url: https://alpha.example/SUMS
    versions:
      - version: '2'
        build_date: 2026-02-02
        url: https://alpha.example/2.qcow2
      - version: '10'
        build_date: 2026-10-10
        url: https://alpha.example/10.qcow2
        checksum: md5:00
        mirror_url: https://mirror.example/10.qcow2
      - version: '9'
        build_date: 2026-10-10
  - name: '=1+1 | *x*'
    enable: false
    login: root
    password: secret
    meta:
      <<: *meta
      architecture: aarch64
`

function file(text = catalogue): string {
  const path = join(temporaryFolder(), 'a.yml')
  writeFileSync(path, text)
  return path
}

describe('listCatalogue', () => {
  it('tells what the file says, and of the versions the one that was built last', async () => {
    const path = file()
    const report = await listCatalogue({ images: [path], includeDisabled: true })
    expect(report.images).toEqual([
      {
        file: path,
        line: 2,
        name: 'Alpha 1',
        shortname: 'alpha-1',
        enable: true,
        format: 'qcow2',
        login: 'alpha',
        min_disk: 10,
        min_ram: 512,
        architecture: 'x86_64',
        os_distro: 'debian',
        os_purpose: 'generic',
        visibility: 'public',
        versions: 3,
        version: '10',
        build_date: '2026-10-10',
        checksum: 'md5:00',
        url: 'https://alpha.example/10.qcow2',
        mirror_url: 'https://mirror.example/10.qcow2',
      },
      expect.objectContaining({
        name: '=1+1 | *x*',
        enable: false,
        password: 'secret',
        architecture: 'aarch64',
        os_distro: 'debian',
        versions: 0,
        version: undefined,
      }),
    ])
  })

  it('leaves disabled images out, and takes names', async () => {
    const path = file()
    expect((await listCatalogue({ images: [path] })).images.map(({ name }) => name)).toEqual(['Alpha 1'])
    expect((await listCatalogue({ images: [path], names: ['=*'] })).images).toEqual([])
    await expect(listCatalogue({ images: [path], names: ['b'] })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('image-updater list', () => {
  const run = async (...args: string[]) => (await cli(['list', '--images', file(), ...args])).out

  it("of the folder that update.py's --images-dir names", async () => {
    const folder = dirname(file())
    const listed = async (...flags: string[]) => (await cli(['list', ...flags])).out
    expect(await listed('--images-dir', folder)).toBe(await listed('--images', folder))
  })

  it('in text', async () => {
    expect(await run()).toBe(
      [
        'Image    Login  Format    Disk      RAM  Version',
        'Alpha 1  alpha  qcow2   10 GiB  512 MiB  10',
        '',
        '1 image',
        '',
      ].join('\n'),
    )
  })

  it('in Markdown and reStructuredText, where nothing of the catalogue is markup', async () => {
    const markdown = await run('--include-disabled', '--output', 'markdown')
    expect(markdown.split('\n')[3]).toContain('| \\=1+1 \\| \\*x\\* |')
    const rst = await run('--include-disabled', '--output', 'rst')
    expect(rst).toContain('| \\=1+1 \\| \\*x\\* |')
  })

  it('in CSV, where nothing of the catalogue is a formula', async () => {
    const [head, first, second] = (await run('--include-disabled', '--output', 'csv')).split('\r\n')
    expect(head?.split(',')).toEqual(Object.keys(listSchema.shape.images.element.shape))
    expect(first).toContain(
      ',2,Alpha 1,alpha-1,true,qcow2,alpha,,10,512,x86_64,debian,,generic,public,3,10,2026-10-10,',
    )
    expect(second).toContain(",'=1+1 | *x*,,false,")
  })

  it('in JSON', async () => {
    const { images } = JSON.parse(await run('--output', 'json'))
    expect(images).toEqual([
      expect.objectContaining({ name: 'Alpha 1', min_ram: 512, build_date: '2026-10-10' }),
    ])
  })

  it('ends with 2 where the catalogue is not one', async () => {
    const { status, out } = await cli(['list', '--images', file('images: 1')])
    expect([status, out]).toEqual([2, ''])
  })
})
