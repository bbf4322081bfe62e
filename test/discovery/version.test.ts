import { describe, expect, it } from 'vitest'
import { ownVersion, toldBy } from '../../src/discovery/version.ts'

describe('ownVersion', () => {
  it.each([
    ['4230.2.4', '4230.2.4'],
    ['v1.11.3', '1.11.3'],
    ['25.7', '25.7'],
    ['2026.1a', '2026.1a'],
    ['16.1-rc1', '16.1-rc1'],
    ['3.23.11_rc1', '3.23.11_rc1'],
    ['24.03-LTS-SP4', '24.03-LTS-SP4'],
    ['openEuler-24.03-LTS-SP4', '24.03-LTS-SP4'],
    ['2023.12.20260831.0', '2023.12.20260831.0'],
    ['44.20260510.3.0', '44.20260510.3.0'],
    // The day of the build tells it.
    ['20260715', undefined],
    ['20260715.556894', undefined],
    ['2026-03-01', undefined],
    ['2026.03.01', undefined],
    ['release-20260105.2', undefined],
    ['build20260105.2', undefined],
    ['9.8-20260526', undefined],
    ['9.8-20260526.0', undefined],
    ['1.0.0-Cloud-Snapshot20260207', undefined],
    // No version of a build.
    ['9', undefined],
    ['u8', undefined],
    ['U8_x86_64-kvm-b293', undefined],
    ['2211.qcow2', undefined],
    ['24.10.1-generic.img.gz', undefined],
    ['latest', undefined],
    ['', undefined],
    [`1.${'1'.repeat(64)}`, undefined],
  ])('of %j is %j', (text, expected) => {
    expect(ownVersion(text)).toBe(expected)
  })
})

describe('toldBy', () => {
  it.each<[Record<string, string>, string | undefined, string | undefined]>([
    [{ folder: '24.10', file: '24.10.1' }, '24.10.1', undefined],
    [{ version: '24.10.1', suffix: '-r2' }, '24.10.1', undefined],
    [{ folder: '2026-03-01', file: '9.8' }, '9.8', '20260301'],
    [{ build: '2023.12.20260831.0' }, '2023.12.20260831.0', '20260831'],
    [{}, undefined, undefined],
  ])('%j', (matches, version, date) => {
    expect(toldBy(new Map(Object.entries(matches)))).toEqual({ version, date })
  })
})
