import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const root = 'https://cloud-images.ubuntu.com/'
const releases = [
  ['22.04', 'jammy'],
  ['24.04', 'noble'],
  ['26.04', 'resolute'],
] as const

/**
 * Ubuntu's cloud images: daily builds at `https://cloud-images.ubuntu.com/<codename>/YYYYMMDD[.N]/`, with
 * the newest also as `current/`; minimal and server releases at
 * `https://cloud-images.ubuntu.com/minimal/releases/<codename>/release-YYYYMMDD[.N]/` and
 * `…/releases/<codename>/…`, with the newest also as `release/`. File names are the same in all folders.
 * `SHA256SUMS` (GNU, binary marks) in each folder; no compression.
 */
export const ubuntu: Resolver = {
  name: 'ubuntu',
  title: 'Ubuntu',
  asks: ['the listing of dated folders beside `current/` or `release/`', '`SHA256SUMS` of the newest'],
  trusts: '`SHA256SUMS.gpg`, UEC Image Automatic Signing Key',
  unconfirmed: ['the minimal image of 22.04 for arm64'],
  recommended: releases.flatMap(([release, codename]) => [
    ...onBoth((_, architecture) => ({
      image: `Ubuntu ${release}`,
      latestUrl: `${root}${codename}/current/${codename}-server-cloudimg-${architecture}.img`,
      checksums: 'SHA256SUMS',
    })),
    ...onBoth((_, architecture) => ({
      image: `Ubuntu ${release} release`,
      latestUrl: `${root}releases/${codename}/release/ubuntu-${release}-server-cloudimg-${architecture}.img`,
      checksums: 'SHA256SUMS',
    })),
    ...onBoth((_, architecture) => ({
      image: `Ubuntu ${release} Minimal`,
      latestUrl: `${root}minimal/releases/${codename}/release/ubuntu-${release}-minimal-cloudimg-${architecture}.img`,
      checksums: 'SHA256SUMS',
    })),
  ]),
  serves: { osDistro: 'ubuntu' },
  strategies: ['dated-folder'],
  version: 'date',
  /**
   * UEC Image Automatic Signing Key, detached `SHA256SUMS.gpg` in every folder of
   * https://cloud-images.ubuntu.com/; the fingerprint is published at
   * https://ubuntu.com/docs/public-images/public-images-how-to/. The key is on key servers and in
   * Ubuntu's own packages, at no URL of the distribution that we know of.
   */
  signature: {
    form: ['.gpg'],
    knownToSign: true,
    hosts: ['cloud-images.ubuntu.com'],
    fingerprints: ['D2EB 4462 6FDD C30B 513D 5BB7 1A5D 6C4C 7DB8 7C81'],
    keyHint:
      'Put the key into the keyring folder; Ubuntu has it in /usr/share/keyrings/ubuntu-cloudimage-keyring.gpg (package ubuntu-keyring)',
  },
}
