import { pointerStrategy } from '../strategies/pointer.ts'
import { latestUrlLike, resolverOf } from '../strategy.ts'
import { onBoth } from './layouts.ts'

/**
 * Gentoo: `https://distfiles.gentoo.org/releases/<amd64|arm64>/autobuilds/latest-di-<arch>-cloudinit.txt` is a
 * clearsigned text with the line `20260510T170106Z/di-amd64-cloudinit-20260510T170106Z.qcow2 1380843520`; the
 * image has a clearsigned `.sha256` beside it.
 */
export const gentoo = resolverOf(
  {
    name: 'gentoo',
    title: 'Gentoo',
    asks: ['`latest-di-<arch>-cloudinit.txt`, which names the newest', '`<image>.sha256`'],
    trusts:
      'both are clearsigned, Gentoo release key; without the key in the keyring the checksum over https',
    unconfirmed: ['the fingerprint of the key', 'images for arm64'],
    layouts: onBoth((_, other) => {
      const folder = `https://distfiles.gentoo.org/releases/${other}/autobuilds/`
      return {
        image: 'Gentoo',
        format: 'qcow2',
        latestUrl: `${folder}latest-di-${other}-cloudinit.txt`,
        latestChecksumUrl: `${folder}HEREBE.+\\.qcow2DRAGONS.sha256`,
      }
    }),
  },
  latestUrlLike(/\/latest-di-[^/]*\.txt$/),
  pointerStrategy,
)
