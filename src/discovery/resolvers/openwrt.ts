import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

const version = 'HEREBE\\d\\d\\.\\d\\d\\.\\d+DRAGONS'
const folder = `https://downloads.openwrt.org/releases/${version}/targets/x86/64/`

/**
 * OpenWrt: `https://downloads.openwrt.org/releases/24.10.0/targets/x86/64/`, with
 * `openwrt-24.10.0-x86-64-generic-ext4-combined-efi.img.gz` and `sha256sums` (GNU); beside the releases are
 * `24.10-SNAPSHOT/`, candidates (`25.12.0-rc5/`) and `packages-24.10/`.
 * https://openwrt.org/docs/guide-user/installation/openwrt_x86
 */
export const openwrt: Resolver = {
  name: 'openwrt',
  title: 'OpenWrt',
  asks: ['the listing of `releases/`', '`sha256sums` of the newest'],
  trusts: 'the checksum over https; `sha256sums.asc` is not looked at',
  unconfirmed: ['which keys sign `sha256sums.asc`'],
  recommended: onOne({
    image: 'OpenWrt',
    format: 'raw',
    latestUrl: `${folder}openwrt-${version}-x86-64-generic-ext4-combined-efi.img.gz`,
    checksums: 'sha256sums',
  }),
  serves: { latestUrl: /\/openwrt-[^/]*$/ },
  strategies: ['placeholder'],
}
