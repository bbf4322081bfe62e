import type { Resolver } from '../resolver.ts'
import { onBoth } from './recommended.ts'

const root = 'https://cdn.amazonlinux.com/al2023/os-images/'
const version = 'HEREBE2023\\.[\\d.]+DRAGONS'

/**
 * Amazon Linux 2023: `https://cdn.amazonlinux.com/al2023/os-images/<version>/<kvm|kvm-arm64>/`, with
 * `al2023-kvm-2023.5.20240722.0-kernel-6.1-<x86_64|arm64>.xfs.gpt.qcow2`. The server has no listings;
 * `latest/<kvm|kvm-arm64>/SHA256SUMS` (GNU) tells the name of the newest, and with it its version.
 */
export const amazonlinux: Resolver = {
  name: 'amazonlinux',
  title: 'Amazon Linux 2023',
  asks: ['`latest/kvm/SHA256SUMS`, whose names tell the version'],
  trusts: 'the checksum over https: no signature was found',
  unconfirmed: ['how `latest/` redirects'],
  recommended: onBoth((_, arch) => {
    const folder = arch === 'arm64' ? 'kvm-arm64' : 'kvm'
    return {
      image: 'Amazon Linux 2023',
      latestUrl: `${root}${version}/${folder}/al2023-kvm-${version}-kernel-6.1-${arch === 'arm64' ? arch : 'x86_64'}.xfs.gpt.qcow2`,
      checksums: `${root}latest/${folder}/SHA256SUMS`,
    }
  }),
  outgrown: [[/al2023-kvm-arm64-(?=HEREBE)/g, 'al2023-kvm-']],
  serves: { latestUrl: /\/al2023-[^/]*$/ },
  strategies: ['placeholder'],
}
