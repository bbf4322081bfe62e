import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const version = 'HEREBE\\d{4}\\.\\d+[a-z]?DRAGONS'

/**
 * Kali Linux: `https://kali.download/cloud-images/kali-2026.1/kali-linux-2026.1-cloud-genericcloud-amd64.tar.xz`,
 * with `disk.raw` inside, and `SHA256SUMS` (GNU) in the same folder. Older versions are removed.
 */
export const kali: Resolver = {
  name: 'kali',
  title: 'Kali Linux',
  asks: ['the listing of `cloud-images/`', '`SHA256SUMS` of the newest'],
  trusts: 'the checksum over https',
  unconfirmed: ['`SHA256SUMS.gpg`'],
  recommended: onBoth((_, architecture) => ({
    image: 'Kali Linux',
    format: 'raw',
    latestUrl: `https://kali.download/cloud-images/kali-${version}/kali-linux-${version}-cloud-genericcloud-${architecture}.tar.xz`,
    checksums: 'SHA256SUMS',
  })),
  serves: { latestUrl: /\/kali-linux-[^/]*$/ },
  strategies: ['placeholder'],
}
