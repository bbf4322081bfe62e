import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCloudDefinitions, resolveLatest } from '../../src/cloud/definition.ts'
import { recordOf } from '../../src/cloud/properties.ts'
import { formatPlace, UpdaterError } from '../../src/errors.ts'
import { anyText } from '../support/any-text.ts'
import { definitionsOf, digestOf } from './glance-model.ts'

const full = `---
images:
  - name: Demo 1
    enable: yes
    shortname: demo-1
    format: qcow2
    login: demo
    min_disk: 8
    min_ram: 512
    status: deactivated
    visibility: public
    multi: true
    keep: true
    separator: '-'
    tags: [one, two]
    meta:
      architecture: x86_64
      hotfix_hours: 48
      hw_disk_bus: null
      hw_vif_multiqueue_enabled: yes
      os_distro: debian
      os_version: '12'
      provided_until: 2029-05-31
      uuid_validity: last-3
    versions:
      - version: '9'
        url: https://demo.example/9.qcow2
        build_date: 2026-11-01
      - version: '10'
        url: https://demo.example/10.qcow2
        mirror_url: https://mirror.example/10.qcow2
        checksum: ${digestOf('10')}
        build_date: 2026-11-02T10:00:00Z
        hidden: true
        id: 11111111-1111-4111-8111-111111111111
        os_version: '12.1'
        visibility: community
        image_description: The tenth
        source: private
        meta: { patchlevel: '7', architecture: aarch64 }
`

function defectsOf(text: string): string[] {
  return readCloudDefinitions('f.yml', text).flatMap(({ defects }) =>
    defects.map(({ place, message }) => `${formatPlace(place ?? { file: '?' })} ${message}`),
  )
}

describe('readCloudDefinitions', () => {
  it('reads all that an image is made of, the newest version first', () => {
    const [read] = readCloudDefinitions('f.yml', full)
    expect(read?.definition).toMatchObject({
      image: { name: 'Demo 1', file: 'f.yml', line: 3, column: 5, enable: true, format: 'qcow2' },
      multi: true,
      separator: '-',
      minDisk: 8,
      minRam: 512,
      visibility: 'public',
      isActive: false,
      isKept: true,
      tags: ['one', 'two'],
      login: 'demo',
      validity: { kind: 'last', count: 3 },
    })
    expect(read?.definition?.meta).toEqual({
      architecture: 'x86_64',
      hotfix_hours: '48',
      hw_vif_multiqueue_enabled: 'true',
      os_distro: 'debian',
      os_version: '12',
      provided_until: '2029-05-31',
      uuid_validity: 'last-3',
    })
    expect(read?.definition?.versions.map(({ version, buildDate }) => [version, buildDate])).toEqual([
      ['10', '2026-11-02'],
      ['9', '2026-11-01'],
    ])
    expect(read?.definition?.versions[0]).toMatchObject({
      digest: { algorithm: 'sha256' },
      isHidden: true,
      visibility: 'community',
      meta: { patchlevel: '7', architecture: 'aarch64' },
    })
  })

  const image = 'name: x, format: qcow2, visibility: public, multi: true'
  const withVersion = (keys: string) =>
    `images: [{${image}, versions: [{url: 'https://x.example/', ${keys}}]}]`
  it.each<[string, string]>([
    [withVersion('version: 1.11'), '"version" is a number, not text'],
    [withVersion('version: 20261101'), '"version" is a whole number, not text'],
    [withVersion('version: 2026-11-01'), '"version" is a date, not text'],
    [withVersion("version: ''"), 'A version has no "version"'],
    [withVersion('hidden: true'), 'A version has no "version"'],
    [withVersion("version: '1', checksum: sha256:12"), '"checksum" is not an algorithm, ":" and its digest'],
    [withVersion("version: '1', build_date: 2026-02-30"), '"build_date" is not a date such as 2026-07-05'],
    [withVersion("version: '1', id: X"), '"id" is not a UUID in lower case with hyphens'],
    [withVersion("version: '1', meta: {a: [b]}"), '"a" is a list, not text'],
    [
      withVersion("version: '1', visibility: all"),
      '"visibility" is not one of public, community, shared, private',
    ],
    [`images: [{${image}, versions: [{version: '1'}]}]`, 'A version has no "url"'],
    [`images: [{${image}, meta: {os_version: 24.10}}]`, '"os_version" is a number, not text'],
    [`images: [{${image}, meta: {x: 010}}]`, '"x" is a whole number, not text'],
    [
      `images: [{${image}, meta: {uuid_validity: last-0}}]`,
      '"uuid_validity" does not say how long an image is kept',
    ],
    [`images: [{${image}, min_disk: 1.5}]`, '"min_disk" is not a whole number from 0 to 2147483647'],
    [`images: [{${image}, tags: x}]`, '"tags" is not a list'],
    [`images: [{${image}, tags: [1]}]`, '"tags" is a whole number, not text'],
    [`images: [{${image}, status: on}]`, '"status" is not one of active, deactivated'],
    ['images: [{name: x, format: qcow2, multi: true}]', 'The image has no "visibility"'],
    ['images: [{name: x, visibility: public, multi: true}]', 'The image has no "format"'],
    ['images: [{name: x, format: qcow2, visibility: public}]', 'The image has no "multi"'],
  ])('tells what is wrong in %s', (text, message) => {
    const defects = defectsOf(text)
    expect(defects).toHaveLength(1)
    expect(defects[0]).toMatch(/^f\.yml:1:\d+ /)
    expect(defects[0]).toContain(message)
  })

  it('tells each image of a defect that an anchor brings to it', () => {
    const text = `images:\n- &a {${image}, meta: &m {os_version: 24.10}}\n- {<<: *a, name: y}\n- {${image.replace('x', 'z')}}`
    const read = readCloudDefinitions('f.yml', text)
    expect(read.map(({ definition, defects }) => [definition?.image.name, defects.length])).toEqual([
      [undefined, 1],
      [undefined, 1],
      ['z', 0],
    ])
  })

  it('throws nothing but its own errors, whatever the text', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        try {
          readCloudDefinitions('f.yml', text)
        } catch (error) {
          expect(error).toBeInstanceOf(UpdaterError)
        }
      }),
      { seed: 3, numRuns: 500 },
    )
  })

  const corpus = join(import.meta.dirname, '../../../shared/corpus/catalogue')
  it.skipIf(!existsSync(corpus))('reads the catalogue that OSISM ships', () => {
    const read = readdirSync(corpus).flatMap((file) =>
      readCloudDefinitions(file, readFileSync(join(corpus, file), 'utf8')),
    )
    expect(read.flatMap(({ defects }) => defects)).toEqual([])
    expect(read.length).toBeGreaterThan(20)
  })
})

describe('recordOf', () => {
  const tag = 'managed_by_osism'
  const [definition] = readCloudDefinitions('f.yml', full).flatMap((read) => read.definition ?? [])
  const at = (index: number) => {
    const version = definition?.versions[index]
    if (definition === undefined || version === undefined) throw new Error('no such version')
    return recordOf(definition, version, { tag, isNewest: index === 0 })
  }

  it('has what Image Manager writes, the version over the image', () => {
    expect(at(0)).toEqual({
      name: 'Demo 1',
      diskFormat: 'qcow2',
      containerFormat: 'bare',
      minDisk: 8,
      minRam: 512,
      visibility: 'community',
      isHidden: true,
      isActive: false,
      tags: ['one', 'two', tag, 'os:debian'],
      properties: {
        image_description: 'The tenth',
        image_name: 'Demo 1',
        internal_version: '10',
        image_original_user: 'demo',
        image_source: 'private',
        image_build_date: '2026-11-02',
        architecture: 'aarch64',
        patchlevel: '7',
        hotfix_hours: '48',
        hw_vif_multiqueue_enabled: 'true',
        os_distro: 'debian',
        os_version: '12.1',
        provided_until: '2029-05-31',
        uuid_validity: 'last-3',
      },
    })
    expect(at(1)).toMatchObject({
      name: 'Demo 1-(9)',
      visibility: 'public',
      properties: {
        image_source: 'https://demo.example/9.qcow2',
        os_version: '12',
        image_description: 'Demo 1',
      },
    })
  })

  it('gives a version without multi as os_version, a file of this machine without its folder, and a kernel its format', () => {
    const [kernel] = definitionsOf({
      name: 'K',
      format: 'aki',
      visibility: 'public',
      multi: false,
      versions: [{ version: '1', url: 'file:///srv/images/k.img' }],
    })
    const version = kernel?.versions[0]
    if (kernel === undefined || version === undefined) return
    expect(recordOf(kernel, version, { tag, isNewest: true })).toMatchObject({
      name: 'K 1',
      containerFormat: 'aki',
      properties: { os_version: '1', image_source: 'file:k.img' },
    })
  })

  it('says of "latest" what was found where it leads', () => {
    const [moving] = definitionsOf({
      name: 'M',
      format: 'qcow2',
      visibility: 'public',
      multi: true,
      versions: [
        {
          version: 'latest',
          url: 'https://demo.example/m.qcow2',
          checksum_url: 'https://demo.example/m.sha256',
        },
      ],
    })
    const version = moving?.versions[0]
    if (moving === undefined || version === undefined) return
    const found = resolveLatest(version, { algorithm: 'sha256', hex: 'ab' }, '20261101')
    expect(recordOf(moving, found, { tag, isNewest: true }).properties).toMatchObject({
      internal_version: '20261101',
      upstream_checksum: 'ab',
    })
  })
})
