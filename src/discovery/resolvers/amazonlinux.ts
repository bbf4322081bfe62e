import type { Resolver } from '../resolver.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, onBoth } from './recommended.ts'

const root = 'https://cdn.amazonlinux.com/al2023/os-images/'
const version = 'HEREBE2023\\.[\\d.]+DRAGONS'

/**
 * Amazon Linux 2023: `https://cdn.amazonlinux.com/al2023/os-images/<version>/<kvm|kvm-arm64>/`. The server has no
 * listings; `latest/<kvm|kvm-arm64>/SHA256SUMS` (GNU) tells the name of the newest, and with it its version.
 */
export const amazonlinux: Resolver = {
  name: 'amazonlinux',
  title: 'Amazon Linux 2023',
  asks: ['`latest/kvm/SHA256SUMS`, whose names tell the version'],
  trusts: 'the checksum over https: no signature was found',
  unconfirmed: ['how `latest/` redirects', 'the kernel in the names of images for aarch64'],
  recommended: onBoth((architecture) => {
    const folder = architecture === 'x86_64' ? 'kvm' : 'kvm-arm64'
    const arch = architecture === 'x86_64' ? 'x86_64' : 'arm64'
    return {
      image: 'Amazon Linux 2023',
      format: 'qcow2',
      latestUrl: `${root}${version}/${folder}/al2023-${folder}-${version}-kernel-6.1-${arch}.xfs.gpt.qcow2`,
      latestChecksumUrl: `${root}latest/${folder}/SHA256SUMS`,
    }
  }),
  serves: latestUrlLike(/\/al2023-[^/]*$/),
  strategies: [placeholderStrategy()],
}
