import type { Resolver } from '../resolver.ts'
import { onOne } from './recommended.ts'

/** What the two have in common: a pointer for each release, and a checksum file beside each image. */
function pointed(image: string, folder: string, releases: readonly string[]) {
  return {
    asks: ['`last-<release>`, which names the newest', '`<image>.CHECKSUM`'],
    trusts: 'the checksum over https: the images are not signed',
    recommended: releases.flatMap((release) =>
      onOne({
        image: `${image} ${release}`,
        latestUrl: `https://nbg1.your-objectstorage.com/osism/${folder}/last-${release}`,
        checksums: 'HEREBE.+\\.qcow2DRAGONS.CHECKSUM',
      }),
    ),
    strategies: ['pointer'],
  } as const
}

/**
 * OSISM's images for Cluster API: `https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/last-1.33`
 * holds `2025-11-15 ubuntu-2404-kube-v1.33/ubuntu-2404-kube-v1.33.9.qcow2`; each image has a `.CHECKSUM` (GNU).
 */
export const clusterApi: Resolver = {
  name: 'cluster-api',
  title: 'OSISM Cluster API',
  ...pointed('Kubernetes', 'openstack-k8s-capi-images', ['1.33', '1.34', '1.35', '1.36', '1.37']),
  serves: { latestUrl: /capi-images\/last-[^/]*$/ },
}

/**
 * OSISM's images for Octavia: `…/osism/openstack-octavia-amphora-image/last-2025.2` names
 * `octavia-amphora-haproxy-2025.2.YYYYMMDD.qcow2` in the same way. Images are kept for two weeks.
 */
export const octaviaAmphora: Resolver = {
  name: 'octavia-amphora',
  title: 'OSISM Octavia amphora',
  ...pointed('Octavia amphora', 'openstack-octavia-amphora-image', ['2025.1', '2025.2']),
  serves: { latestUrl: /octavia-amphora-image\/last-[^/]*$/ },
}
