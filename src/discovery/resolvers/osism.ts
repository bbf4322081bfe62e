import type { RecommendedImage, Resolver } from '../resolver.ts'
import { pointerStrategy } from '../strategies/pointer.ts'
import { latestUrlLike } from './recommended.ts'

const root = 'https://nbg1.your-objectstorage.com/osism/'

function pointedAt(image: string, folder: string, release: string): RecommendedImage {
  return {
    image: `${image} ${release}`,
    architecture: 'x86_64',
    format: 'qcow2',
    latestUrl: `${root}${folder}/last-${release}`,
    latestChecksumUrl: `${root}${folder}/HEREBE.+\\.qcow2DRAGONS.CHECKSUM`,
  }
}

/**
 * OSISM's images for Cluster API: `https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/last-1.33`
 * holds `2025-11-15 ubuntu-2404-kube-v1.33/ubuntu-2404-kube-v1.33.9.qcow2`; each image has a `.CHECKSUM` (GNU).
 */
export const clusterApi: Resolver = {
  name: 'cluster-api',
  title: 'OSISM Cluster API',
  asks: ['`last-<release>`, which names the newest', '`<image>.CHECKSUM`'],
  trusts: 'the checksum over https: the images are not signed',
  recommended: ['1.33', '1.34', '1.35'].map((release) =>
    pointedAt('Kubernetes', 'openstack-k8s-capi-images', release),
  ),
  serves: latestUrlLike(/capi-images\/last-[^/]*$/),
  strategies: [pointerStrategy],
}

/**
 * OSISM's images for Octavia: `…/osism/openstack-octavia-amphora-image/last-2025.2` names
 * `octavia-amphora-haproxy-2025.2.YYYYMMDD.qcow2` in the same way. Images are kept for two weeks.
 */
export const octaviaAmphora: Resolver = {
  name: 'octavia-amphora',
  title: 'OSISM Octavia amphora',
  asks: ['`last-<release>`, which names the newest', '`<image>.CHECKSUM`'],
  trusts: 'the checksum over https: the images are not signed',
  recommended: ['2025.1', '2025.2'].map((release) =>
    pointedAt('Octavia amphora', 'openstack-octavia-amphora-image', release),
  ),
  serves: latestUrlLike(/octavia-amphora-image\/last-[^/]*$/),
  strategies: [pointerStrategy],
}
