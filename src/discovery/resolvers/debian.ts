import type { Resolver } from '../resolver.ts'
import { datedFolderStrategy } from '../strategies/dated-folder.ts'
import { onBoth } from './recommended.ts'

const root = 'https://cloud.debian.org/images/cloud/'

/**
 * Debian's cloud images: `https://cloud.debian.org/images/cloud/<codename>/YYYYMMDD-N/`, daily builds at
 * `…/<codename>/daily/YYYYMMDD-N/` (the same at `https://cdimage.debian.org/cdimage/cloud/`), with the newest
 * also as `latest/`. In `latest/` the file names lack the `-YYYYMMDD-N` that they have in the build's folder.
 * `SHA512SUMS` (GNU) in each folder, and for each build a JSON document, which can stand in for it.
 */
export const debian: Resolver = {
  name: 'debian',
  title: 'Debian',
  asks: ['the listing of dated folders beside `latest/`', '`SHA512SUMS`, or `<image>.json`, of the newest'],
  trusts: 'the checksum over https: Debian signs no cloud image',
  unconfirmed: ['the file names of backports'],
  recommended: [
    ['12', 'bookworm'],
    ['13', 'trixie'],
  ].flatMap(([release, codename]) => [
    ...onBoth((_, other) => ({
      image: `Debian ${release}`,
      format: 'qcow2',
      latestUrl: `${root}${codename}/latest/debian-${release}-genericcloud-${other}.qcow2`,
      latestChecksumUrl: `${root}${codename}/latest/SHA512SUMS`,
    })),
    ...onBoth((_, other) => ({
      image: `Debian ${release} daily`,
      format: 'qcow2',
      latestUrl: `${root}${codename}/daily/latest/debian-${release}-genericcloud-${other}-daily.qcow2`,
      latestChecksumUrl: `${root}${codename}/daily/latest/SHA512SUMS`,
    })),
    ...onBoth((_, other) => ({
      image: `Debian ${release} backports`,
      format: 'qcow2',
      latestUrl: `${root}${codename}-backports/latest/debian-${release}-backports-genericcloud-${other}.qcow2`,
      latestChecksumUrl: `${root}${codename}-backports/latest/SHA512SUMS`,
    })),
  ]),
  serves: (image) => image.osDistro === 'debian',
  strategies: [datedFolderStrategy],
}
