import { describe, expect, it } from 'vitest'
import { compareStamps, findStamp, findUrlStamp } from '../../src/discovery/stamp.ts'

describe('build stamps', () => {
  it.each([
    ['20260705', '20260705', undefined],
    ['release-20260105', '20260105', undefined],
    ['release-20260105.2', '20260105', '2'],
    ['20260124-2367', '20260124', '2367'],
    ['debian-12-genericcloud-amd64-daily-20260124-2367.qcow2', '20260124', '2367'],
    ['AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2', '20260526', undefined],
    ['AlmaLinux-10-GenericCloud-10.2-20260526.0.x86_64.qcow2', '20260526', '0'],
    ['CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2', '20260714', '1'],
    ['Minimal-VM-Cloud-Snapshot20260207.qcow2', '20260207', undefined],
    ['x-20240229.img', '20240229', undefined],
    ['x-20260526-64bit.img', '20260526', undefined],
    ['x-2026-03-01.img', '20260301', undefined],
    ['2026-03-01', '20260301', undefined],
    ['2026-03-01.2', '20260301', '2'],
    ['2026_03_01-17', '20260301', '17'],
    ['nightly-2026.03.01-amd64.img', '20260301', undefined],
    ['20260510T170106Z', '20260510', '170106'],
    ['x-20260510170106.qcow2', '20260510', '170106'],
    ['al2023-kvm-2023.12.20260831.0-kernel-6.1-x86_64.qcow2', '20260831', '0'],
    ['built-20240101-for-20260715.3.img', '20260715', '3'],
  ])('%s', (name, date, serial) => {
    expect(findStamp(name)).toEqual(serial === undefined ? { date } : { date, serial })
  })

  it.each([
    'latest',
    '2211.qcow2',
    '20261301',
    '20260230',
    '19991231',
    '21000101',
    '202607055',
    '120260705',
    '2026051017010',
    '2026-03_01',
    '2026-3-1',
    '2026-13-01',
    '',
  ])('none in "%s"', (name) => {
    expect(findStamp(name)).toBeUndefined()
  })

  it('takes the file name of a URL before its folder', () => {
    expect(findUrlStamp('https://h/x/20260124-2367/y-20260125-1.qcow2?v=20990101')).toEqual({
      date: '20260125',
      serial: '1',
    })
    expect(findUrlStamp('https://h/x/release-20260124/y.img')).toEqual({ date: '20260124' })
    expect(findUrlStamp('https://h/20260124/x/y.img')).toBeUndefined()
  })

  it.each([
    [
      { date: '20260101', serial: '999' },
      { date: '20260101', serial: '1000' },
    ],
    [{ date: '20260101' }, { date: '20260101', serial: '0' }],
    [{ date: '20260101', serial: '7' }, { date: '20260102' }],
  ])('%o is older than %o', (older, newer) => {
    expect(compareStamps(older, newer)).toBeLessThan(0)
    expect(compareStamps(newer, older)).toBeGreaterThan(0)
  })
})
