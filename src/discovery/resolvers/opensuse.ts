import type { Resolver } from '../resolver.ts'
import { ofReleases, onBoth } from './recommended.ts'

const root = 'https://download.opensuse.org/'

const rolling = (architecture: string) =>
  `${root}${architecture === 'x86_64' ? '' : 'ports/aarch64/'}tumbleweed/appliances/`

/**
 * openSUSE's cloud images. Leap: `https://download.opensuse.org/distribution/leap/<release>/appliances/`, one
 * file that moves on, with a `.sha256` beside it that may name the build (`…-Cloud-Build18.7.qcow2`,
 * `…-15.6.0-Cloud-Build19.143.qcow2`) instead.
 * Tumbleweed and MicroOS: `https://download.opensuse.org/tumbleweed/appliances/` (`/ports/aarch64/…`), with
 * snapshots in the names and one `SHA256SUMS`. The server draws listings in the browser, so `?jsontable` is
 * asked. Signatures are OpenPGP version 3 packets.
 */
export const opensuse: Resolver = {
  name: 'opensuse',
  title: 'openSUSE Leap, Leap Micro, Tumbleweed, MicroOS',
  asks: [
    'Leap: `<image>.sha256`',
    'Tumbleweed, MicroOS: `SHA256SUMS`, in which the pattern finds the newest',
  ],
  trusts: '`.asc` beside it, where there is one; else the checksum over https',
  unconfirmed: [
    '`SHA256SUMS.asc`',
    'the image of MicroOS for aarch64: only one with `ContainerHost` in its name was seen',
  ],
  recommended: [
    ...onBoth((architecture) => ({
      image: 'openSUSE Leap 15.6',
      latestUrl: `${root}distribution/leap/15.6/appliances/openSUSE-Leap-15.6-Minimal-VM.${architecture}-Cloud.qcow2`,
      checksums: '.sha256',
    })),
    ...ofReleases(['16.0', '16.1'], (release, architecture) => ({
      image: `openSUSE Leap ${release}`,
      latestUrl: `${root}distribution/leap/${release}/appliances/Leap-${release}-Minimal-VM.${architecture}-Cloud.qcow2`,
      checksums: '.sha256',
    })),
    ...onBoth((architecture) => ({
      image: 'openSUSE Leap Micro 6.2',
      latestUrl: `${root}distribution/leap-micro/6.2/appliances/openSUSE-Leap-Micro.${architecture}-Default-qcow.qcow2`,
      checksums: '.sha256',
    })),
    ...onBoth((architecture) => ({
      image: 'openSUSE Tumbleweed',
      latestUrl: `${rolling(architecture)}openSUSE-Tumbleweed-Minimal-VM.${architecture}-HEREBE[\\d.]+-Cloud-Snapshot\\d{8}DRAGONS.qcow2`,
      checksums: 'SHA256SUMS',
    })),
    ...onBoth((architecture) => ({
      image: 'openSUSE MicroOS',
      latestUrl: `${rolling(architecture)}openSUSE-MicroOS.${architecture}-HEREBE[\\d.]+-OpenStack-Cloud-Snapshot\\d{8}DRAGONS.qcow2`,
      checksums: 'SHA256SUMS',
    })),
  ],
  serves: { latestUrl: /\/(?:openSUSE|Leap)-[^/]*$/ },
  strategies: ['manifest', 'placeholder'],
  version: 'date',
  listingUrl: (folder) => `${folder}?jsontable`,
  /**
   * `.asc` beside the checksum files of https://download.opensuse.org/, version 3 signature packets; not
   * proven for every folder.
   */
  signature: {
    form: ['.asc'],
    fingerprints: ['AD48 5664 E901 B867 051A B15F 35A2 F86E 29B7 00A4'],
    keyHint: "Put the key into the keyring folder; it is in openSUSE's package openSUSE-build-key",
  },
}
