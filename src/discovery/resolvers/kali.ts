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
  trusts: '`SHA256SUMS.gpg` where there is one, the archive key of 2025; else the checksum over https',
  unconfirmed: ['`SHA256SUMS.gpg`'],
  recommended: onBoth((_, architecture) => ({
    image: 'Kali Linux',
    format: 'raw',
    latestUrl: `https://kali.download/cloud-images/kali-${version}/kali-linux-${version}-cloud-genericcloud-${architecture}.tar.xz`,
    checksums: 'SHA256SUMS',
  })),
  serves: { latestUrl: /\/kali-linux-[^/]*$/ },
  strategies: ['placeholder'],
  /**
   * The archive key since April 2025 (https://www.kali.org/docs/introduction/download-images-securely/), which signs
   * the `SHA256SUMS` of https://cdimage.kali.org/; in `cloud-images/` the signature was not seen.
   */
  signature: {
    form: ['.gpg'],
    hosts: ['kali.download'],
    fingerprints: ['827C 8569 F251 8CC6 77FE CA1A ED65 462E C8D5 E4C5'],
    keyUrl: 'https://archive.kali.org/archive-key.asc',
    keyHint: 'Put the key, https://archive.kali.org/archive-key.asc, into the keyring folder',
  },
}
