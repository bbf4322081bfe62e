import { describe, expect, it } from 'vitest'
import { overrideOf } from '../../src/update/overrides.ts'
import { anImage } from './image.ts'

describe('an override', () => {
  const overrides = [
    { names: ['debian*'] },
    { names: ['Debian 12', 'ubuntu*'], signatures: 'require' },
    { names: ['*'], signatures: 'off' },
  ] as const

  it.each([
    ['Debian 12', 'debian-12', 'require'],
    ['Debian 13', 'debian-13', 'off'],
    ['Noble', 'ubuntu-24.04', 'require'],
  ] as const)('of %s is the first that says something', (name, shortname, policy) => {
    expect(overrideOf(overrides, anImage({ name, shortname }), 'signatures')).toBe(policy)
  })

  it('is none where no name matches', () => {
    expect(overrideOf([overrides[1]], anImage({ name: 'Rocky 9' }), 'signatures')).toBeUndefined()
  })
})
