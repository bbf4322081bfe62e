import type { Resolver } from '../resolver.ts'
import { documentStrategy } from '../strategies/document.ts'
import { latestUrlLike, onBoth } from './recommended.ts'

const root = 'https://builds.coreos.fedoraproject.org/'
const release = 'HEREBE[\\d.]+DRAGONS'

/**
 * Fedora CoreOS: `https://builds.coreos.fedoraproject.org/streams/<stream>.json` tells the newest release of a
 * stream with the addresses and sha256 digests of its files
 * (https://github.com/coreos/fedora-coreos-tracker/tree/main/metadata/stream); the image for OpenStack is
 * packed with xz.
 */
export const fedoraCoreos: Resolver = {
  name: 'fedora-coreos',
  title: 'Fedora CoreOS',
  asks: ['`streams/<stream>.json`'],
  trusts: 'the checksum over https; the `.sig` of each image is not looked at',
  recommended: ['stable', 'testing', 'next'].flatMap((stream) =>
    onBoth((architecture) => ({
      image: `Fedora CoreOS ${stream}`,
      format: 'qcow2',
      latestUrl: `${root}prod/streams/${stream}/builds/${release}/${architecture}/fedora-coreos-${release}-openstack.${architecture}.qcow2.xz`,
      latestChecksumUrl: `${root}streams/${stream}.json`,
    })),
  ),
  serves: latestUrlLike(/\/fedora-coreos-[^/]*$/),
  strategies: [documentStrategy()],
}
