import type { LifecycleData, Release } from './releases.ts'

/**
 * Dates for use without the network, from the distributions' own announcements: Ubuntu to the end of standard
 * support, Debian to the end of its free LTS. A release whose dates were not certain is left out.
 * Each line: product, release, first day and end of life (`-`: not known), long-term support.
 */
const dates = `
  ubuntu 26.04 2026-04-23 2031-04-30 lts
  ubuntu 25.10 2025-10-09 2026-07-01
  ubuntu 25.04 2025-04-17 2026-01-17
  ubuntu 24.10 2024-10-10 2025-07-10
  ubuntu 24.04 2024-04-25 2029-05-31 lts
  ubuntu 22.04 2022-04-21 2027-04-01 lts
  ubuntu 20.04 2020-04-23 2025-05-31 lts
  ubuntu 18.04 2018-04-26 2023-05-31 lts
  ubuntu 16.04 2016-04-21 2021-04-02 lts
  ubuntu 14.04 2014-04-17 2019-04-02 lts
  debian 13 2025-08-09 2030-06-30
  debian 12 2023-06-10 2028-06-30
  debian 11 2021-08-14 2026-08-31
  debian 10 2019-07-06 2024-06-30
  debian 9 2017-06-17 2022-07-01
  debian 8 2015-04-25 2020-06-30
  almalinux 10 2025-05-27 2035-05-31
  almalinux 9 2022-05-26 2032-05-31
  almalinux 8 2021-03-30 2029-05-31
  rocky-linux 10 2025-06-11 2035-05-31
  rocky-linux 9 2022-07-14 2032-05-31
  rocky-linux 8 2021-05-01 2029-05-31
  centos-stream 10 2024-12-12 2030-05-31
  centos-stream 9 2021-09-15 2027-05-31
  centos-stream 8 2019-09-24 2024-05-31
  centos 8 2019-09-24 2021-12-31
  centos 7 2014-07-07 2024-06-30
  centos 6 2011-07-10 2020-11-30
  fedora 44 2026-04-28 2027-06-02
  fedora 43 2025-10-28 2026-12-09
  fedora 42 2025-04-15 2026-05-27
  fedora 41 2024-10-29 2025-12-15
  fedora 40 2024-04-23 2025-05-13
  fedora 39 2023-11-07 2024-11-26
  fedora 38 2023-04-18 2024-05-21
  fedora 37 2022-11-15 2023-12-05
  fedora 36 2022-05-10 2023-05-16
  opensuse 16.0 2025-10-01 2027-10-31
  opensuse 15.6 2024-06-12 2026-04-30
  opensuse 15.5 2023-06-07 2024-12-31
  opensuse 15.4 2022-06-09 2023-12-07
  opensuse 15.3 2021-06-02 2022-12-31
  alpine-linux 3.24 - 2028-06-01
  alpine-linux 3.23 2025-12-04 2027-11-01
  alpine-linux 3.22 2025-05-30 2027-05-01
  alpine-linux 3.21 2024-12-05 2026-11-01
  alpine-linux 3.20 2024-05-22 2026-04-01
  alpine-linux 3.19 2023-12-07 2025-11-01
  alpine-linux 3.18 2023-05-09 2025-05-09
  oracle-linux 10 2025-06-26 2035-06-30
  oracle-linux 9 2022-07-06 2032-06-30
  oracle-linux 8 2019-07-19 2029-07-31
  oracle-linux 7 2014-07-23 2024-12-31
  amazon-linux 2023 2023-03-01 2029-06-30
  amazon-linux 2 2018-06-26 2026-06-30
  opnsense 26.7 2026-07-15 -
  opnsense 26.1 2026-01-28 2026-07-15
  opnsense 25.7 2025-07-22 2026-01-28
  opnsense 25.1 2025-01-28 2025-07-23
  opnsense 24.7 2024-07-23 2025-01-28
  freebsd 15 2025-12-02 2029-12-31
  freebsd 15.1 2026-06-16 2027-03-31
  freebsd 15.0 2025-12-02 2026-09-30
  freebsd 14 2023-11-20 2028-11-30
  freebsd 14.4 2026-03-10 2026-12-31
  freebsd 14.3 2025-06-10 2026-06-30
  freebsd 14.2 2024-12-03 2025-09-30
  freebsd 13 2021-04-13 2026-04-30
  freebsd 13.5 2025-03-11 2026-04-30
  freebsd 12 2018-12-11 2023-12-31
  gardenlinux 2150 2026-02-23 2027-02-23
  gardenlinux 1877 2025-05-26 2026-11-19
  gardenlinux 1592 2024-08-12 2026-02-27
  gardenlinux 1443 2024-03-13 2025-08-02
  gardenlinux 1312 2023-11-16 2024-08-03
  gardenlinux 934 2023-06-05 2024-03-05
  kubernetes 1.37 - 2027-10-28
  kubernetes 1.36 - 2027-06-28
  kubernetes 1.35 2025-12-17 2027-02-28
  kubernetes 1.34 2025-08-27 2026-10-27
  kubernetes 1.33 2025-04-23 2026-06-28
  kubernetes 1.32 2024-12-11 2026-02-28
  kubernetes 1.31 2024-08-13 2025-11-11
  kubernetes 1.30 2024-04-17 2025-07-15
`

function releasesByProduct(lines: readonly string[]): LifecycleData['products'] {
  const products: Record<string, Release[]> = {}
  for (const line of lines) {
    const [product = '', release = '', first, end, longTerm] = line.trim().split(/ +/)
    const [released, endOfLife] = [first, end].map((day) => (day === '-' ? undefined : day))
    const one = { release, released, endOfLife, ended: false, longTerm: longTerm === 'lts' }
    products[product] = [...(products[product] ?? []), one]
  }
  return products
}

export const snapshot: LifecycleData = {
  asOf: '2026-08-22',
  products: releasesByProduct(dates.trim().split('\n')),
}
