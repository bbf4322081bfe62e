import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ImageFormat } from '../../src/image.ts'
import { makeBytes, makeQcow2, makeRaw, makeVdi, makeVhd, makeVmdk } from '../support/images.ts'
import { verdict } from './inspection.ts'

const hasQemu = spawnSync('qemu-img', ['--version']).status === 0
const size = 4 * 2 ** 20

describe.skipIf(!hasQemu)('images made by qemu-img (skipped where it is not installed)', () => {
  let dir = ''
  const qemu = (...args: string[]) => execFileSync('qemu-img', args, { cwd: dir, stdio: 'pipe' }).toString()
  const made = (name: string) => new Uint8Array(readFileSync(join(dir, name)))
  const convert = (format: string, options: string, ...more: string[]) => {
    const name = `image-${format}-${options.replaceAll(/\W+/g, '-')}${more.join('')}`
    const given = options === '' ? [] : ['-o', options]
    qemu('convert', '-f', 'raw', '-O', format, ...given, ...more, 'disk.raw', name)
    return made(name)
  }

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'inspect-'))
    const disk = makeRaw({ size })
    disk.set(makeBytes(100_000, 2), 2 ** 20)
    disk.fill(7, 2 * 2 ** 20, 3 * 2 ** 20)
    disk.fill(0, 3 * 2 ** 20)
    writeFileSync(join(dir, 'disk.raw'), disk)
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const accepted: [ImageFormat, string, string, string?][] = [
    ['qcow2', 'qcow2', ''],
    ['qcow2', 'qcow2', 'compat=0.10'],
    ['qcow2', 'qcow2', 'compat=1.1,lazy_refcounts=on'],
    ['qcow2', 'qcow2', 'cluster_size=512'],
    ['qcow2', 'qcow2', 'cluster_size=2M'],
    ['qcow2', 'qcow2', 'extended_l2=on'],
    ['qcow2', 'qcow2', 'refcount_bits=1'],
    ['qcow2', 'qcow2', 'preallocation=metadata'],
    ['qcow2', 'qcow2', '', '-c'],
    ['qcow2', 'qcow2', 'compression_type=zstd', '-c'],
    ['vmdk', 'vmdk', ''],
    ['vmdk', 'vmdk', 'subformat=monolithicSparse'],
    ['vmdk', 'vmdk', 'subformat=streamOptimized'],
    ['vhd', 'vpc', 'subformat=dynamic,force_size=on'],
    ['vhd', 'vpc', 'subformat=fixed,force_size=on'],
    ['vdi', 'vdi', ''],
    ['vdi', 'vdi', 'static=on'],
    ['raw', 'raw', ''],
  ]
  it.each(accepted)('%s: accepts what is made as %s with %j', (declared, format, options, flag) => {
    const image = convert(format, options, ...(flag === undefined ? [] : [flag]))
    expect(verdict(declared, image)).toEqual({ virtualSize: size, warnings: [] })
  })

  it.each([
    ['monolithicFlat', 'descriptor alone'],
    ['twoGbMaxExtentSparse', 'descriptor alone'],
    ['twoGbMaxExtentFlat', 'descriptor alone'],
  ])('refuses the descriptor of a %s vmdk', (subformat, what) => {
    const image = convert('vmdk', `subformat=${subformat}`)
    expect(verdict('vmdk', image)).toMatch(new RegExp(`^IMAGE_UNSAFE: .*${what}`))
    expect(verdict('raw', image)).toMatch(/^IMAGE_FORMAT: .*VMDK descriptor/)
  })

  it('refuses a vmdk with a parent', () => {
    qemu('create', '-f', 'vmdk', 'base.vmdk', '4M')
    qemu('create', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', 'child.vmdk')
    expect(verdict('vmdk', made('child.vmdk'))).toMatch(/^IMAGE_UNSAFE: .*parent/)
  })

  it.each(['0.10', '1.1'])('refuses a qcow2 with a backing file (compat %s)', (compat) => {
    qemu('create', '-f', 'qcow2', '-o', `compat=${compat}`, '-b', 'disk.raw', '-F', 'raw', `backed-${compat}`)
    expect(verdict('qcow2', made(`backed-${compat}`))).toMatch(/^IMAGE_UNSAFE: .*backing file/)
  })

  it('accepts a qcow2 whose backing file was merged into it', () => {
    qemu('create', '-f', 'qcow2', '-b', 'disk.raw', '-F', 'raw', 'rebased')
    qemu('rebase', '-b', '', 'rebased')
    expect(verdict('qcow2', made('rebased'))).toEqual({ virtualSize: size, warnings: [] })
  })

  it('refuses a qcow2 with an external data file', () => {
    qemu('create', '-f', 'qcow2', '-o', 'data_file=data.raw,data_file_raw=on', 'external', '4M')
    expect(verdict('qcow2', made('external'))).toMatch(/^IMAGE_UNSAFE: .*external/)
  })

  it('refuses an encrypted qcow2', () => {
    const secret = ['--object', 'secret,id=key,data=test']
    // Not luks: qemu-img measures its key derivation in CPU time, and gives up on a busy machine.
    const options = 'encrypt.format=aes,encrypt.key-secret=key'
    qemu('create', ...secret, '-f', 'qcow2', '-o', options, 'encrypted', '4M')
    expect(verdict('qcow2', made('encrypted'))).toMatch(/^IMAGE_UNSAFE: .*encrypted/)
  })

  it('accepts a qcow2 with an internal snapshot', () => {
    qemu('create', '-f', 'qcow2', 'snapshot', '4M')
    qemu('snapshot', '-c', 'one', 'snapshot')
    expect(verdict('qcow2', made('snapshot'))).toEqual({ virtualSize: size, warnings: [] })
  })

  it.each(['vhdx', 'qed', 'parallels', 'qcow'])('refuses a %s disk as raw and as qcow2', (format) => {
    const image = convert(format, '')
    for (const declared of ['raw', 'qcow2'] as const) {
      expect(verdict(declared, image)).toMatch(/^IMAGE_FORMAT: /)
    }
  })

  it('agrees with qemu-img on the images that these tests make themselves', () => {
    const images: [string, Uint8Array][] = [
      ['qcow2', makeQcow2({ virtualSize: size })],
      ['qcow2', makeQcow2({ virtualSize: size, version: 2 })],
      ['qcow2', makeQcow2({ virtualSize: size, size: 100_000 })],
      ['vmdk', makeVmdk({ virtualSize: size })],
      ['vmdk', makeVmdk({ virtualSize: size, createType: 'streamOptimized', footer: true })],
      ['vpc', makeVhd({ virtualSize: size })],
      ['vdi', makeVdi({ virtualSize: size })],
    ]
    for (const [format, image] of images) {
      writeFileSync(join(dir, 'ours'), image)
      const info = JSON.parse(qemu('info', '--output=json', 'ours'))
      expect(info.format).toBe(format)
      if (format !== 'vpc') expect(info['virtual-size']).toBe(size)
    }
  })

  it('accepts no header that qemu-img refuses, nor another size or file than it reads', () => {
    const numbers = [0, 1, 2, 4, 7, 22, 512, 4096, 65_536, 0x7fffffff, 0x80000000, 0xffffffff]
    const fields: Readonly<Record<string, readonly number[]>> = {
      qcow2: [4, 20, 24, 28, 32, 36, 40, 48, 52, 56, 60, 64, 68, 72, 76, 88, 92, 96, 100, 104, 116],
      vdi: [64, 68, 76, 340, 344, 360, 368, 372, 376, 380, 384, 388],
      vpc: [12, 40, 48, 52, 60, 512, 532, 540, 544],
      vmdk: [4, 12, 16, 20, 28, 36, 44, 56, 60],
    }
    const extension = fc.record({
      type: fc.constantFrom(0x0537be77, 0x23852875, 0x6803f857, 0xe2792aca, 0x44415441, 7),
      data: fc.constantFrom(0, 15, 16, 24).map((length) => new Uint8Array(length)),
    })
    const image = fc.oneof(
      fc
        .record({
          version: fc.constantFrom(2 as const, 3 as const),
          clusterBits: fc.constantFrom(9, 12, 16),
          extensions: fc.array(extension, { maxLength: 2 }),
        })
        .map((options) => ['qcow2', () => makeQcow2({ virtualSize: size, ...options })] as const),
      fc.constant(['vdi', () => makeVdi({ virtualSize: size })] as const),
      fc.constant(['vpc', () => makeVhd({ virtualSize: size })] as const),
      fc
        .constantFrom('', '# parentFileNameHint="/etc/passwd"', 'ddb.x = "parentCID=1"')
        .map((line) => ['vmdk', () => makeVmdk({ virtualSize: size, lines: [line] })] as const),
    )
    const changes = fc.array(fc.tuple(fc.nat(20), fc.constantFrom(...numbers)), { maxLength: 2 })
    fc.assert(
      fc.property(image, changes, ([format, make], changed) => {
        const header = Buffer.from(make())
        const places = fields[format] ?? []
        for (const [index, value] of changed) {
          const at = places[index % places.length] ?? 0
          if (format === 'vdi' || format === 'vmdk') header.writeUInt32LE(value, at)
          else header.writeUInt32BE(value, at)
        }
        const ours = verdict(format === 'vpc' ? 'vhd' : format, new Uint8Array(header))
        if (typeof ours === 'string') return
        writeFileSync(join(dir, 'generated'), header)
        const info = JSON.parse(qemu('info', '--output=json', '-f', format, 'generated'))
        expect(info['backing-filename']).toBeUndefined()
        if (format !== 'vpc') expect(ours.virtualSize).toBe(info['virtual-size'])
      }),
      { seed: 14, numRuns: 120 },
    )
  })
})
