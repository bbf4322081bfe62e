import { describe, expect, it } from 'vitest'
import type { Digest, ImageVersion } from '../../src/image.ts'
import { NamedObjects } from '../../src/run/named.ts'
import type { MirrorOptions } from '../../src/stores/kinds.ts'
import { anImage } from '../update/image.ts'

const mirror: MirrorOptions = {
  kind: 's3',
  server: 's3.example',
  bucket: 'images',
  region: 'x',
  swiftPrefix: '',
  keyPrefix: '',
  acl: '',
}
const digestOf = (digit: string): Digest => ({ algorithm: 'sha256', hex: digit.repeat(64) })
const key = 'rocky-9/20260101-rocky-9.qcow2'
const own = `https://s3.example/images/${key}`
const [one, other] = [digestOf('1'), digestOf('2')]
const named = { version: '20260101', mirrorUrl: own, checksum: `sha256:${one.hex}` }
const file = { url: 'https://d.example/rocky.qcow2', digest: other }

describe('an object that the catalogue names', () => {
  it.each<[string, ImageVersion, boolean]>([
    ['by another checksum', named, true],
    [
      'by a mirror_url that is written in another way',
      { ...named, mirrorUrl: own.replace('r', '%72') },
      true,
    ],
    ['by another address', { ...named, mirrorUrl: `https://cdn.example/${key}` }, false],
    ['without a checksum', { ...named, checksum: undefined }, false],
    ['with a checksum that is none', { ...named, checksum: 'sha256:HEREBE' }, false],
  ])('%s is not for other bytes', (_, version, isCertain) => {
    const objects = new NamedObjects([anImage({ enable: false, versions: [{}, version] })], mirror)
    expect(objects.has(key)).toBe(true)
    expect(objects.others(key, file)).toMatchObject([{ isCertain }])
    expect(objects.others('rocky-9/20260102-rocky-9.qcow2', file)).toEqual([])
  })

  it('is for its own bytes, and for those of the packed file that they are made of', () => {
    const objects = new NamedObjects([anImage({ versions: [named] })], mirror)
    expect(objects.others(key, { ...file, digest: one })).toEqual([])
    expect(objects.others(key, { ...file, content: one })).toEqual([])
  })

  it('may be one that the run is about to have named', () => {
    const objects = new NamedObjects([], mirror)
    objects.add(key, { name: 'Rocky' }, file)
    expect(objects.others(key, file)).toEqual([])
    expect(objects.others(key, { ...file, digest: one })).toMatchObject([{ isCertain: true }])
    const unpublished = { ...file, digest: undefined }
    objects.add('x', { name: 'Rocky' }, unpublished)
    expect(objects.others('x', unpublished)).toEqual([])
    expect(objects.others('x', { ...unpublished, url: 'https://d.example/other' })).toHaveLength(1)
  })
})
