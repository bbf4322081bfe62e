import { describe, expect, it } from 'vitest'
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
      keepVersions: 'replace',
      overrides: [],
      sources: [],
    })
  })

  it.each([
    ['no folder', { images: [] }, 'No catalogue folder is given'],
    ['a folder that is no list', { images: undefined }, 'No catalogue folder is given'],
    ['no mirror', { mirror: undefined }, 'No mirror is given'],
    ['no jobs', { jobs: 0 }, 'jobs is 0, not a whole number above 0'],
    ['half a transfer', { transfers: 0.5 }, 'transfers is 0.5, not a whole number above 0'],
    [
      'a limit that is no number',
      { maxImageSize: Number.NaN },
      'maxImageSize is NaN, not a whole number above 0',
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
})
