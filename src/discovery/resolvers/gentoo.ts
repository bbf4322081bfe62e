import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

/**
 * Gentoo: `https://distfiles.gentoo.org/releases/<amd64|arm64>/autobuilds/latest-di-<arch>-cloudinit.txt` is a
 * clearsigned text with the line `20260510T170106Z/di-amd64-cloudinit-20260510T170106Z.qcow2 1380843520`; the
 * image has a clearsigned `.sha256` beside it.
 */
export const gentoo: Resolver = {
  name: 'gentoo',
  title: 'Gentoo',
  asks: ['`latest-di-<arch>-cloudinit.txt`, which names the newest', '`<image>.sha256`'],
  trusts: 'both are clearsigned, Gentoo release key',
  recommended: onBoth((_, architecture) => ({
    image: 'Gentoo',
    latestUrl: `https://distfiles.gentoo.org/releases/${architecture}/autobuilds/latest-di-${architecture}-cloudinit.txt`,
    checksums: 'HEREBE.+\\.qcow2DRAGONS.sha256',
  })),
  serves: { latestUrl: /\/latest-di-[^/]*\.txt$/ },
  strategies: ['pointer'],
  /** The pointers and checksum files of Gentoo's autobuilds are clearsigned. */
  signature: {
    form: 'clearsigned',
    fingerprints: ['13EB BDBE DE7A 1277 5DFD B1BA BB57 2E0E 2D18 2910'],
    keyHint:
      'Put the key into the keyring folder; https://www.gentoo.org/downloads/signatures/ tells where it is',
  },
}
