import type { Resolver } from '../resolver.ts'
import { fedoraKeyHint, fedoraKeys, fedoraKeyUrl } from './fedora.ts'
import { ofReleases } from './recommended.ts'

const root = 'https://builds.coreos.fedoraproject.org/'
const release = 'HEREBE[\\d.]+DRAGONS'

/**
 * Fedora CoreOS: `https://builds.coreos.fedoraproject.org/streams/<stream>.json` tells the newest release of a
 * stream with the addresses and sha256 digests of its files, packed and unpacked
 * (https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream); the image for OpenStack is
 * packed with xz. `.sig` beside each image is a signature of the packed bytes by the key of the Fedora release that the
 * build is of, `44` of `44.20260901.3.0`.
 */
export const fedoraCoreos: Resolver = {
  name: 'fedora-coreos',
  title: 'Fedora CoreOS',
  asks: ['`streams/<stream>.json`', '`<image>.sig` of the newest'],
  trusts:
    'the `.sig`, which covers the image itself, once it is transferred; until then the checksum over https',
  recommended: ofReleases(['stable', 'testing', 'next'], (stream, architecture) => ({
    image: `Fedora CoreOS ${stream}`,
    latestUrl: `${root}prod/streams/${stream}/builds/${release}/${architecture}/fedora-coreos-${release}-openstack.${architecture}.qcow2.xz`,
    checksums: `${root}streams/${stream}.json`,
  })),
  serves: { latestUrl: /\/fedora-coreos-[^/]*$/ },
  strategies: ['document'],
  signature: {
    covers: 'image',
    form: ['.sig'],
    knownToSign: true,
    hosts: ['builds.coreos.fedoraproject.org'],
    fingerprints: fedoraKeys,
    manifestPath: /\/builds\/(?<release>\d+)\./,
    keyUrl: fedoraKeyUrl,
    keyHint: fedoraKeyHint,
  },
}
