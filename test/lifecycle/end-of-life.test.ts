import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCatalog } from '../../src/catalog/read.ts'
import { daysLeft, endOfLife, hasEnded, releaseOf } from '../../src/lifecycle/end-of-life.ts'
import { products } from '../../src/lifecycle/products.ts'
import { snapshot } from '../../src/lifecycle/snapshot.ts'
import { imageOf } from '../discovery/image.ts'
import { anyText } from '../support/any-text.ts'

/** `product release` of an image, as the tables below write it. */
function told(values: Parameters<typeof imageOf>[0]): string {
  const found = releaseOf(imageOf({ ...values, shortname: values.shortname ?? undefined }))
  return found === undefined ? '-' : `${found.product.name} ${found.release}`
}

describe('the release that an image is of', () => {
  it.each([
    ['Ubuntu 24.04', 'ubuntu', '24.04', 'ubuntu 24.04'],
    ['Ubuntu 24.04 Minimal aarch64', 'ubuntu', '24.04', 'ubuntu 24.04'],
    ['Ubuntu 22.04', undefined, undefined, 'ubuntu 22.04'],
    ['Debian 12 Backports', 'debian', '12', 'debian 12'],
    ['Debian 12.11', 'debian', undefined, 'debian 12'],
    ['AlmaLinux 9', 'centos', '9', 'almalinux 9'],
    ['AlmaLinux 9', 'almalinux', '9.6', 'almalinux 9'],
    ['AlmaLinux Kitten 10', 'centos', '10', '-'],
    ['Rocky 9', 'rocky', '9', 'rocky-linux 9'],
    ['Rocky Linux 10', 'rocky', '10', 'rocky-linux 10'],
    ['CentOS 7', 'centos', '7', 'centos 7'],
    ['CentOS Stream 9', 'centos', '9', 'centos-stream 9'],
    ['Fedora 43', 'fedora', '43', 'fedora 43'],
    ['Fedora CoreOS Stable', 'fedora', undefined, '-'],
    ['Flatcar Container Linux', 'fedora', undefined, '-'],
    ['openSUSE Leap 15.6', 'opensuse', '15.6', 'opensuse 15.6'],
    ['openSUSE Tumbleweed', 'opensuse', undefined, '-'],
    ['openSUSE MicroOS aarch64', 'opensuse', '16.0', '-'],
    ['Alpine 3.23', 'gentoo', '3.23', 'alpine-linux 3.23'],
    ['Oracle Linux 9', 'fedora', '9', 'oracle-linux 9'],
    ['Amazon Linux 2023', 'fedora', '2023', 'amazon-linux 2023'],
    ['FreeBSD 14', 'freebsd', '14', 'freebsd 14'],
    ['FreeBSD 14.3', 'freebsd', undefined, 'freebsd 14.3'],
    ['Garden Linux 1877', 'debian', undefined, 'gardenlinux 1877'],
    ['Kubernetes 1.34 Cluster API', 'ubuntu', '1.34', 'kubernetes 1.34'],
    ['Octavia Amphora 2025.2', 'ubuntu', '2025.2', '-'],
    ['openEuler 24.03 LTS', 'openeuler', '24.03', '-'],
    ['Kali Linux', 'debian', undefined, '-'],
    ['Talos Linux', 'talos', undefined, '-'],
    ['Cirros', 'cirros', undefined, '-'],
    ['Our Base', 'debian', '13', 'debian 13'],
    ['Our Base 13', 'debian', undefined, 'debian undefined'],
    ['Our Base', undefined, undefined, '-'],
    ['Ubuntu', 'ubuntu', 'noble', 'ubuntu undefined'],
  ])('%s (%s %s) is of %s', (name, osDistro, osVersion, expected) => {
    expect(told({ name, osDistro, osVersion })).toBe(expected)
  })

  it('may stand in the shortname, the name, or the newest version', () => {
    expect(told({ name: 'Noble', shortname: 'ubuntu-24.04' })).toBe('ubuntu 24.04')
    expect(told({ name: 'Ubuntu 24.04', shortname: 'noble' })).toBe('ubuntu 24.04')
    const versions = [{ version: '934.2' }, { version: '1877.10' }, { version: '1877.9' }, {}]
    expect(told({ name: 'Garden Linux', osDistro: 'debian', versions })).toBe('gardenlinux 1877')
    expect(told({ name: 'OPNsense', versions: [{ version: '25.7' }] })).toBe('opnsense 25.7')
  })

  it.skipIf(!existsSync('../shared/corpus/catalogue'))(
    'is found in real catalogues (skipped without ../shared)',
    async () => {
      const files = await readCatalog(['../shared/corpus/catalogue'])
      const rows = files.flatMap(({ images }) => images.map((image) => [image.name, told(image)].join(': ')))
      expect(rows).toEqual([
        'AlmaLinux 8: almalinux 8',
        'AlmaLinux 9: almalinux 9',
        'CentOS 7: centos 7',
        'CentOS Stream 8: centos-stream 8',
        'CentOS Stream 9: centos-stream 9',
        'Cirros: -',
        'Debian 10: debian 10',
        'Debian 11: debian 11',
        'Debian 12: debian 12',
        'Debian 13: debian 13',
        'Fedora 37: fedora 37',
        'Flatcar Container Linux: -',
        'Garden Linux: gardenlinux 1877',
        'openSUSE Leap 15.6: opensuse 15.6',
        'OPNsense: opnsense 25.7',
        'Rocky 8: rocky-linux 8',
        'Rocky 9: rocky-linux 9',
        'Talos Linux: -',
        ...['14.04', '16.04', '16.04 Minimal', '18.04', '18.04 Minimal', '20.04', '20.04 Minimal'].map(
          (release) => `Ubuntu ${release}: ubuntu ${release.slice(0, 5)}`,
        ),
        ...['22.04', '22.04 Minimal', '24.04', '24.04 Minimal'].map(
          (release) => `Ubuntu ${release}: ubuntu ${release.slice(0, 5)}`,
        ),
      ])
    },
  )

  it('is never an error, whatever stands in the catalogue', () => {
    const text = fc.option(anyText(), { nil: undefined })
    fc.assert(
      fc.property(fc.string(), text, text, text, (name, shortname, osDistro, osVersion) => {
        releaseOf(imageOf({ name, shortname, osDistro, osVersion }))
        endOfLife(imageOf({ name: `ubuntu ${name}`, osDistro, osVersion }), snapshot)
      }),
    )
  })
})

describe('the end of life of an image', () => {
  const image = (name: string) => imageOf({ name, shortname: undefined })

  it('is that of its release', () => {
    expect(endOfLife(image('Ubuntu 22.04'), snapshot)).toMatchObject({
      product: 'ubuntu',
      label: 'Ubuntu',
      release: '22.04',
      endOfLife: '2027-04-01',
      longTerm: true,
    })
    expect(endOfLife(image('Debian 11'), snapshot)?.endOfLife).toBe('2026-08-31')
    expect(endOfLife(image('OPNsense 26.1'), snapshot)?.endOfLife).toBe('2026-07-15')
    expect(endOfLife(image('Ubuntu 99.04'), snapshot)).toBeUndefined()
    expect(endOfLife(image('Talos Linux'), snapshot)).toBeUndefined()
    // A number within a word is none of a release.
    expect(endOfLife(image('Debian xf8c86124'), snapshot)).toBeUndefined()
  })

  it('has come on its day', () => {
    const ubuntu = { release: '22.04', endOfLife: '2027-04-01' }
    expect(['2027-03-31', '2027-04-01'].map((today) => hasEnded(ubuntu, today))).toEqual([false, true])
    expect(['2027-03-30', '2027-04-03'].map((today) => daysLeft(ubuntu, today))).toEqual([2, -2])
    expect([hasEnded({ release: '1' }, '2027-01-01'), daysLeft({ release: '1' }, '2027-01-01')]).toEqual([
      false,
      undefined,
    ])
    expect(hasEnded({ release: '1', ended: true }, '2027-01-01')).toBe(true)
  })
})

describe('the snapshot', () => {
  it('has releases of every product, in dates that can be', () => {
    expect(Object.keys(snapshot.products).sort()).toEqual(products.map(({ name }) => name).sort())
    for (const product of products) {
      const releases = snapshot.products[product.name] ?? []
      expect(new Set(releases.map(({ release }) => release)).size).toBe(releases.length)
      for (const { release, released = '2000-01-01', endOfLife: end = '9999-12-31' } of releases) {
        expect(product.release.exec(release)?.[1]).toBe(release)
        for (const day of [released, end]) expect(new Date(day).toISOString().slice(0, 10)).toBe(day)
        expect(released < end).toBe(true)
        expect(released < snapshot.asOf).toBe(true)
      }
    }
  })
})
