import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const factory = 'https://factory.talos.dev/'
const schematic = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'

/**
 * Talos Linux: the image factory builds `https://factory.talos.dev/image/<schematic>/<version>/openstack-amd64.raw.xz`
 * when it is asked for. It publishes no digest and no signature of disk images. The schematic in our layouts
 * is the factory's default one, without extensions.
 */
export const talos: Resolver = {
  name: 'talos',
  title: 'Talos Linux',
  asks: ['`/versions` of the image factory'],
  trusts: 'the first download: its digest is recorded, and every later one has to be the same',
  unconfirmed: ['that the factory builds the same bytes again'],
  recommended: onBoth((_, architecture) => ({
    image: 'Talos Linux',
    format: 'raw',
    latestUrl: `${factory}image/${schematic}/HEREBEv\\d+\\.\\d+\\.\\d+DRAGONS/openstack-${architecture}.raw.xz`,
  })),
  serves: { latestUrl: /\/image\/[0-9a-f]{64}\// },
  strategies: ['first-use'],
  // The factory lists no folders; `/versions` is a JSON list of the versions that it builds.
  listingUrl: (folder) => folder.replace(/image\/[0-9a-f]{64}\/$/, 'versions'),
}
