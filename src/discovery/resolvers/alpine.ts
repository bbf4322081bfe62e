import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/**
 * Alpine Linux: `https://dl-cdn.alpinelinux.org/alpine/v<X.Y>/releases/cloud/`, with names like
 * `generic_alpine-3.23.4-x86_64-uefi-cloudinit-r0.qcow2` and beside each a `.sha512` that is nothing but the
 * digest. There is no build for OpenStack by name; `generic` finds its metadata by itself.
 */
export const alpine: Resolver = {
  name: 'alpine',
  title: 'Alpine Linux',
  asks: ['the listing of `releases/cloud/`', '`<image>.sha512` of the newest'],
  trusts: 'the checksum over https',
  unconfirmed: ['the `.asc` beside each image, which is not looked at'],
  recommended: ofReleases(['3.22', '3.23'], (release, architecture) => ({
    image: `Alpine ${release}`,
    latestUrl: `https://dl-cdn.alpinelinux.org/alpine/v${release}/releases/cloud/generic_alpine-HEREBE${release.replace('.', '\\.')}\\.\\d+DRAGONS-${architecture}-uefi-cloudinit-r0.qcow2`,
    checksums: '.sha512',
  })),
  serves: { latestUrl: /_alpine-[^/]*$/ },
  strategies: ['placeholder'],
}
