import { describe, expect, it } from 'vitest'
import { checkCatalogue, listCatalogue, UpdaterError, updateCatalogue } from '../../src/index.ts'
import type { UpdateOptions } from '../../src/run/options.ts'
import { settleUpdate } from '../../src/run/options.ts'

const least: UpdateOptions = { images: ['/etc/images'], mirror: { kind: 'none' } }

describe('settleUpdate', () => {
  it('fills in what the documentation calls the defaults', () => {
    expect(settleUpdate(least)).toEqual({
      ...least,
      names: [],
      dryRun: false,
      includeDisabled: false,
      allowDowngrade: false,
      acceptUnsigned: [],
      allowUnknownRaw: false,
      checkPublic: true,
      checksumFiles: true,
      verify: 'range',
      jobs: 256,
      transfers: 2,
      connections: 1,
      cache: true,
      strict: false,
      maxImageSize: 64 * 2 ** 30,
      signatures: 'prefer',
      keyring: '/etc/image-updater/keys',
      keyserver: ['https://keyserver.ubuntu.com', 'https://keys.openpgp.org'],
      keepVersions: 'replace',
      overrides: [],
      sources: [],
      resolvers: [],
      wait: 0,
      fileRoot: [],
      timeout: 600_000,
      allowPrivate: false,
      publish: false,
      import: 'auto',
      importTimeout: 30 * 60_000,
      retire: 'hide',
      tag: 'managed_by_osism',
      minAge: 0,
      gateTimeout: 30 * 60_000,
    })
  })

  it.each([
    ['no folder', { images: [] }, 'No catalogue folder is given'],
    ['a folder that is no list', { images: '/etc/images' }, 'images is not a list of texts'],
    ['no mirror', { mirror: null }, 'No mirror is given'],
    ['a mirror that is a text', { mirror: 'none' }, 'No mirror is given'],
    ['no jobs', { jobs: 0 }, 'jobs is not a whole number from 1 to 256'],
    ['half a transfer', { transfers: 0.5 }, 'transfers is not a whole number from 1 to 64'],
    ['too many transfers', { transfers: 1000 }, 'transfers is not a whole number from 1 to 64'],
    ['a number as text', { jobs: '4' }, 'jobs is not a whole number from 1 to 256'],
    [
      'a limit that is no number',
      { maxImageSize: Number.NaN },
      `maxImageSize is not a whole number of bytes from 1 to ${Number.MAX_SAFE_INTEGER}`,
    ],
    ['no policy', { signatures: 'maybe' }, 'signatures is not one of require, prefer, off'],
    ['no way to verify', { verify: 'none' }, 'verify is not one of range, full'],
    ['a switch that is a text', { strict: 'yes' }, 'strict is neither true nor false'],
    ['a keyring that is no path', { keyring: 1 }, 'keyring is not text'],
    [
      'a key server that is no URL',
      { keyserver: ['keys.example'] },
      'keyserver is neither a URL nor a list of URLs',
    ],
    [
      'versions that are no number',
      { keepVersions: 'x' },
      'keepVersions is neither a number from 1 to 999 nor uuid-validity nor replace',
    ],
    [
      'the same in an override',
      {
        overrides: [
          { names: ['*'], signatures: 'off' },
          { names: ['*'], keepVersions: 'x' },
        ],
      },
      'overrides[1].keepVersions is neither a number from 1 to 999 nor uuid-validity nor replace',
    ],
    [
      'a policy of an override that is none',
      { overrides: [{ names: ['*'], signatures: 'maybe' }] },
      'overrides[0].signatures is not one of require, prefer, off',
    ],
    [
      'a resolver without strategies',
      { resolvers: [{ name: 'x', serves: {} }] },
      'resolvers[0].strategies is not a list',
    ],
    ['a mirror in no folder', { mirror: { kind: 'directory' } }, 'mirror.dir is no text, or is missing'],
    [
      'a shard that is none',
      { shard: { index: 3, count: 2 } },
      'shard is not { index, count } with an index from 1 to count',
    ],
    [
      'a full verification of what must not be asked',
      { verify: 'full', checkPublic: false },
      'A full verification reads the public URL, which is not to be asked',
    ],
  ])('refuses %s', (_, changes, message) => {
    expect(() => settleUpdate({ ...least, ...changes } as UpdateOptions)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message }),
    )
  })

  it('takes the values at the ends of their ranges', () => {
    const given = {
      ...{ jobs: 256, transfers: 64, maxImageSize: 1, keepVersions: 999, keyring: '/k' },
      keyserver: ['hkps://keys.example', 'http://10.0.0.1:11371/base'],
      shard: { index: 2, count: 2 },
      overrides: [{ names: ['*'], keepVersions: 'uuid-validity', signatures: 'require' }],
    } as const
    expect(settleUpdate({ ...least, ...given })).toMatchObject(given)
  })
})

describe('a use-case with an option that there is not', () => {
  it.each([
    ['updateCatalogue', updateCatalogue],
    ['checkCatalogue', checkCatalogue],
    ['listCatalogue', listCatalogue],
  ])('%s says which one', async (_, run) => {
    const call = run as unknown as (options?: object) => Promise<unknown>
    const error: unknown = await call({ imagez: ['/etc/images'] }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UpdaterError)
    expect(error).toMatchObject({
      code: 'CONFIGURATION',
      message: '"imagez" is no option',
      remedy: 'Did you mean images?',
    })
  })
})
