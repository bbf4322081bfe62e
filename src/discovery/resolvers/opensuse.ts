import { fetchJsonTable } from '../listing-page.ts'
import type { RecommendedImage, Resolver } from '../resolver.ts'
import { manifestStrategy } from '../strategies/manifest.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, onBoth, withSidecar } from './recommended.ts'

const root = 'https://download.opensuse.org/'

function rolling(
  image: string,
  architecture: RecommendedImage['architecture'],
  name: string,
): RecommendedImage {
  const folder = `${root}${architecture === 'x86_64' ? '' : 'ports/aarch64/'}tumbleweed/appliances/`
  const latestChecksumUrl = `${folder}SHA256SUMS`
  return { image, architecture, format: 'qcow2', latestUrl: `${folder}${name}`, latestChecksumUrl }
}

/**
 * openSUSE's cloud images. Leap: `https://download.opensuse.org/distribution/leap/<release>/appliances/`, one
 * file that moves on, with a `.sha256` beside it that may name the build (`…-Cloud-Build18.7.qcow2`) instead.
 * Tumbleweed and MicroOS: `https://download.opensuse.org/tumbleweed/appliances/` (`/ports/aarch64/…`), with
 * snapshots in the names and one `SHA256SUMS`. The server draws listings in the browser, so `?jsontable` is
 * asked. Signatures are OpenPGP version 3 packets, for which gpgv is needed.
 */
export const opensuse: Resolver = {
  name: 'opensuse',
  title: 'openSUSE Leap, Tumbleweed, MicroOS',
  asks: [
    'Leap: `<image>.sha256`',
    'Tumbleweed, MicroOS: `SHA256SUMS`, in which the pattern finds the newest',
  ],
  trusts: '`.asc` beside it, where there is one and the key is in the keyring; else the checksum over https',
  unconfirmed: [
    '`SHA256SUMS.asc`',
    'the images of Tumbleweed and MicroOS for aarch64',
    'the form of `?jsontable`, which only a pattern in a folder asks for',
  ],
  recommended: [
    ...onBoth((architecture) =>
      withSidecar(
        {
          image: 'openSUSE Leap 15.6',
          architecture,
          format: 'qcow2',
          latestUrl: `${root}distribution/leap/15.6/appliances/openSUSE-Leap-15.6-Minimal-VM.${architecture}-Cloud.qcow2`,
        },
        '.sha256',
      ),
    ),
    ...onBoth((architecture) =>
      withSidecar(
        {
          image: 'openSUSE Leap 16.0',
          architecture,
          format: 'qcow2',
          latestUrl: `${root}distribution/leap/16.0/appliances/Leap-16.0-Minimal-VM.${architecture}-Cloud.qcow2`,
        },
        '.sha256',
      ),
    ),
    ...onBoth((architecture) =>
      rolling(
        'openSUSE Tumbleweed',
        architecture,
        `openSUSE-Tumbleweed-Minimal-VM.${architecture}-HEREBE[\\d.]+-Cloud-Snapshot\\d{8}DRAGONS.qcow2`,
      ),
    ),
    ...onBoth((architecture) =>
      rolling(
        'openSUSE MicroOS',
        architecture,
        `openSUSE-MicroOS.${architecture}-HEREBE[\\d.]+-OpenStack-Cloud-Snapshot\\d{8}DRAGONS.qcow2`,
      ),
    ),
  ],
  serves: latestUrlLike(/\/(?:openSUSE|Leap)-[^/]*$/),
  strategies: [manifestStrategy, placeholderStrategy(fetchJsonTable)],
  /**
   * `.asc` beside the checksum files of https://download.opensuse.org/, version 3 signature packets; not
   * proven for every folder.
   */
  signature: {
    form: ['.asc'],
    knownToSign: false,
    hosts: [],
    fingerprints: ['AD48 5664 E901 B867 051A B15F 35A2 F86E 29B7 00A4'],
    keyHint: "Put the key into the keyring folder; it is in openSUSE's package openSUSE-build-key",
  },
}
