import { describe, expect, it } from 'vitest'
import { mirrorFrom, placeOptions, secretsOf } from '../../src/stores/kinds.ts'

const values = {
  minioServer: 's3.example',
  minioBucket: 'images',
  minioRegion: 'r',
  minioAccessKey: 'key',
  minioSecretKey: 'secret',
  swiftPrefix: '',
  acl: '',
  mirrorDir: undefined,
  mirror: true,
  mirrorBaseUrl: undefined,
  mirrorKeyPrefix: 'k',
}

describe('a mirror', () => {
  it('is of the kind that an option chooses, else an object store, and none without a mirror', () => {
    expect(mirrorFrom(values)).toMatchObject({ kind: 's3', server: 's3.example', keyPrefix: 'k' })
    expect(mirrorFrom({ ...values, mirrorDir: '/srv' })).toEqual({
      kind: 'directory',
      dir: '/srv',
      keyPrefix: 'k',
      baseUrl: undefined,
    })
    expect(mirrorFrom({ ...values, mirror: false, mirrorBaseUrl: 'https://m.example' })).toEqual({
      kind: 'none',
      baseUrl: 'https://m.example',
    })
  })

  it('takes both halves of a pair of keys, or none', () => {
    expect(() => mirrorFrom({ ...values, minioSecretKey: undefined })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', remedy: expect.stringContaining('MINIO_SECRET_KEY') }),
    )
    expect(secretsOf(mirrorFrom(values))).toEqual(['secret'])
    expect(
      secretsOf(mirrorFrom({ ...values, minioAccessKey: undefined, minioSecretKey: undefined })),
    ).toEqual([])
  })

  it('names the options that say where it is, for remedies', () => {
    const folder = mirrorFrom({ ...values, mirrorDir: '/srv' })
    expect(placeOptions(mirrorFrom(values))).toBe(
      '--minio-server, --minio-bucket, --swift-prefix and --mirror-base-url',
    )
    expect(placeOptions(folder)).toBe('--mirror-dir and --mirror-base-url')
    expect(placeOptions({ kind: 'none' })).toBe('--mirror-base-url')
  })
})
