import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

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
  recommended: ofReleases(['14', '15'], (branch, architecture) => {
    const release = `HEREBE${branch}\\.\\d+DRAGONS-RELEASE`
    const [folder, name] = architecture === 'x86_64' ? ['amd64', 'amd64'] : ['aarch64', 'arm64-aarch64']
    return {
      image: `FreeBSD ${branch}`,
      latestUrl: `https://download.freebsd.org/releases/VM-IMAGES/${release}/${folder}/Latest/FreeBSD-${release}-${name}-BASIC-CLOUDINIT-ufs.qcow2.xz`,
      checksums: 'CHECKSUM.SHA512',
    }
  }),
  serves: { latestUrl: /\/FreeBSD-[^/]*$/ },
  strategies: ['placeholder'],
}
