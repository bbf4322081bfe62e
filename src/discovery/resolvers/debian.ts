import type { Resolver } from '../resolver.ts'
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
  recommended: [
    ['12', 'bookworm'],
    ['13', 'trixie'],
  ].flatMap(([release, codename]) => [
    ...onBoth((_, architecture) => ({
      image: `Debian ${release}`,
      latestUrl: `${root}${codename}/latest/debian-${release}-genericcloud-${architecture}.qcow2`,
      checksums: 'SHA512SUMS',
    })),
    ...onBoth((_, architecture) => ({
      image: `Debian ${release} generic`,
      latestUrl: `${root}${codename}/latest/debian-${release}-generic-${architecture}.qcow2`,
      checksums: 'SHA512SUMS',
    })),
    ...onBoth((_, architecture) => ({
      image: `Debian ${release} daily`,
      latestUrl: `${root}${codename}/daily/latest/debian-${release}-genericcloud-${architecture}-daily.qcow2`,
      checksums: 'SHA512SUMS',
    })),
    ...onBoth((_, architecture) => ({
      image: `Debian ${release} backports`,
      latestUrl: `${root}${codename}-backports/latest/debian-${release}-backports-genericcloud-${architecture}.qcow2`,
      checksums: 'SHA512SUMS',
    })),
  ]),
  serves: { osDistro: 'debian' },
  strategies: ['dated-folder'],
  version: 'date',
}
