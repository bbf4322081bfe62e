import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/**
 * Alpine Linux: `https://dl-cdn.alpinelinux.org/alpine/v<X.Y>/releases/cloud/`, with beside each image a `.sha512`
 * that is nothing but the digest. There is no build for OpenStack by name; `generic` finds its metadata by itself. It
 * was `generic_alpine-3.23.5-x86_64-uefi-cloudinit-r0.qcow2`, then `alpine-3.23.6-x86_64-uefi-cloudinit-r0.qcow2`, and
 * from 3.24 on `alpine-3.24.2-x86_64-cloudinit-r2.qcow2`; `-metal`, `tiny` and `bios` are other images.
 *
 * `.asc` beside each image is a signature of the image's own bytes; the `.sha512` has none.
 */
export const alpine: Resolver = {
  name: 'alpine',
  title: 'Alpine Linux',
  asks: ['the listing of `releases/cloud/`', '`<image>.sha512` and `<image>.asc` of the newest'],
  trusts:
    'the `.asc`, which covers the image itself, once it is transferred; until then the checksum over https',
  recommended: ofReleases(['3.22', '3.23', '3.24'], (release, architecture) => ({
    image: `Alpine ${release}`,
    latestUrl: `https://dl-cdn.alpinelinux.org/alpine/v${release}/releases/cloud/HEREBE(generic_)?alpine-${release.replace('.', '\\.')}\\.\\d+-${architecture}(-uefi)?-cloudinit(-r\\d+)?DRAGONS.qcow2`,
    checksums: '.sha512',
  })),
  outgrown: [
    [
      /\/generic_alpine-HEREBE(\d+\\\.\d+)\\\.\\d\+DRAGONS-(x86_64|aarch64)-uefi-cloudinit-r0\.qcow2/g,
      '/HEREBE(generic_)?alpine-$1\\.\\d+-$2(-uefi)?-cloudinit(-r\\d+)?DRAGONS.qcow2',
    ],
  ],
  serves: { latestUrl: /alpine-[^/]*$/ },
  strategies: ['placeholder'],
  signature: {
    covers: 'image',
    form: ['.asc'],
    knownToSign: true,
    hosts: ['dl-cdn.alpinelinux.org'],
    fingerprints: ['F26A DFAD BAE7 02EF 7AF6 3745 9DA7 EF23 BFFC DF22'],
    keyUrl: 'https://alpinelinux.org/keys/tomalok.asc',
    keyHint: 'Put the key, https://alpinelinux.org/keys/tomalok.asc, into the keyring folder',
  },
  version: /alpine-(\d+\.\d+\.\d+[0-9a-z_]*)-[^/]*?(?:-r0|(-r\d+))?\.[^./]+$/,
}
