import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HttpClient } from '../../src/http/client.ts'
import { openStore } from '../../src/stores/kinds.ts'
import { credentialsFrom } from '../../src/stores/s3/credentials.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'home-'))
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  vi.stubEnv('HOME', home)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(home, 'credentials'))
  vi.stubEnv('AWS_CONFIG_FILE', join(home, 'config'))
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true })
})

describe('credentials', () => {
  it('are the pair where both are given', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'other')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'other')
    const pair = credentialsFrom({ accessKey: ' key ', secretKey: 'secret\n' })
    expect(await pair()).toEqual({ accessKeyId: 'key', secretAccessKey: 'secret' })
  })

  it.each([
    [{ accessKey: 'key-1' }, 'secret key'],
    [{ accessKey: '', secretKey: 'secret-1' }, 'access key'],
  ])('are refused as half of a pair', (half, missing) => {
    expect(() => credentialsFrom(half)).toThrow(
      expect.objectContaining({ code: 'STORE_CREDENTIALS', message: expect.stringContaining(missing) }),
    )
    expect(() => credentialsFrom(half)).not.toThrow(/key-1|secret-1/)
  })

  it('come from the environment of AWS without a pair', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'env-key')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'env-secret')
    vi.stubEnv('AWS_SESSION_TOKEN', 'env-token')
    expect(await credentialsFrom({})()).toMatchObject({
      accessKeyId: 'env-key',
      secretAccessKey: 'env-secret',
      sessionToken: 'env-token',
    })
  })

  it('come from the profile of AWS after that', async () => {
    await writeFile(
      join(home, 'credentials'),
      '[default]\naws_access_key_id = file-key\naws_secret_access_key = file-secret\n',
    )
    expect(await credentialsFrom({ accessKey: '', secretKey: '' })()).toMatchObject({
      accessKeyId: 'file-key',
    })
  })

  it('that are nowhere are asked for by their names', async () => {
    await expect(credentialsFrom({})()).rejects.toMatchObject({
      code: 'STORE_CREDENTIALS',
      remedy: expect.stringMatching(/MINIO_ACCESS_KEY.*MINIO_SECRET_KEY/),
    })
  })
})

describe('opening a store', () => {
  it('finds out about the kind and its defects', async () => {
    const http = new HttpClient()
    const s3 = {
      kind: 's3',
      server: 's3.example',
      bucket: 'osism/openstack-images',
      region: 'x',
      swiftPrefix: '',
      keyPrefix: '',
      acl: '',
    } as const
    const pair = { accessKey: 'a', secretKey: 'b' }
    expect((await openStore({ ...s3, ...pair }, http))?.place).toBe('bucket osism on https://s3.example')
    expect((await openStore({ kind: 'directory', dir: home, keyPrefix: '' }, http))?.place).toBe(
      `folder ${home}`,
    )
    await expect(openStore({ ...s3, ...pair, server: 'a/b' }, http)).rejects.toMatchObject({
      code: 'CONFIGURATION',
    })
    await expect(openStore({ ...s3, accessKey: 'a' }, http)).rejects.toMatchObject({
      code: 'STORE_CREDENTIALS',
    })
    await http.close()
  })
})
