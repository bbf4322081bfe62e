import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

const root = 'https://builds.coreos.fedoraproject.org/'
const release = 'HEREBE[\\d.]+DRAGONS'

/**
 * Fedora CoreOS: `https://builds.coreos.fedoraproject.org/streams/<stream>.json` tells the newest release of a
 * stream with the addresses and sha256 digests of its files, packed and unpacked
 * (https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream); the image for OpenStack is
 * packed with xz.
 */
export const fedoraCoreos: Resolver = {
  name: 'fedora-coreos',
  title: 'Fedora CoreOS',
  asks: ['`streams/<stream>.json`'],
  trusts: 'the checksum over https; the `.sig` of each image is not looked at',
  recommended: ofReleases(['stable', 'testing', 'next'], (stream, architecture) => ({
    image: `Fedora CoreOS ${stream}`,
    latestUrl: `${root}prod/streams/${stream}/builds/${release}/${architecture}/fedora-coreos-${release}-openstack.${architecture}.qcow2.xz`,
    checksums: `${root}streams/${stream}.json`,
  })),
  serves: { latestUrl: /\/fedora-coreos-[^/]*$/ },
  strategies: ['document'],
}
