import type { Resolver } from '../resolver.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, onBoth } from './recommended.ts'

/**
 * FreeBSD: `https://download.freebsd.org/releases/VM-IMAGES/<version>-RELEASE/<amd64|aarch64>/Latest/`, with
 * `FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz` (`arm64-aarch64` in names of the other) and
 * `CHECKSUM.SHA512` (BSD, of the packed files).
 */
export const freebsd: Resolver = {
  name: 'freebsd',
  title: 'FreeBSD',
  asks: ['the listing of releases', '`CHECKSUM.SHA512` of the newest of the branch'],
  trusts: 'the checksum over https; the signed ones on www.freebsd.org are not looked at',
  recommended: ['14', '15'].flatMap((branch) =>
    onBoth((architecture) => {
      const release = `HEREBE${branch}\\.\\d+DRAGONS-RELEASE`
      const [folder, name] = architecture === 'x86_64' ? ['amd64', 'amd64'] : ['aarch64', 'arm64-aarch64']
      const latest = `https://download.freebsd.org/releases/VM-IMAGES/${release}/${folder}/Latest/`
      return {
        image: `FreeBSD ${branch}`,
        format: 'qcow2',
        latestUrl: `${latest}FreeBSD-${release}-${name}-BASIC-CLOUDINIT-ufs.qcow2.xz`,
        latestChecksumUrl: `${latest}CHECKSUM.SHA512`,
      }
    }),
  ),
  serves: latestUrlLike(/\/FreeBSD-[^/]*$/),
  strategies: [placeholderStrategy()],
}
