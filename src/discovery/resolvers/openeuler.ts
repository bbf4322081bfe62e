import type { Resolver } from '../resolver.ts'
import { ofReleases } from './recommended.ts'

/**
 * openEuler: `https://repo.openeuler.org/openEuler-24.03-LTS-SP4/virtual_machine_img/<arch>/`, with
 * `openEuler-24.03-LTS-SP4-x86_64.qcow2.xz` and its `.sha256sum` (GNU, of the packed file).
 */
export const openeuler: Resolver = {
  name: 'openeuler',
  title: 'openEuler',
  asks: ['the listing of releases, for the newest service pack', '`<image>.sha256sum`'],
  trusts: 'the checksum over https',
  unconfirmed: ['an `.asc` beside it, which is not looked at'],
  recommended: ofReleases(['22.03', '24.03'], (release, architecture) => {
    const name = `HEREBEopenEuler-${release.replace('.', '\\.')}-LTS(-SP\\d+)?DRAGONS`
    return {
      image: `openEuler ${release} LTS`,
      latestUrl: `https://repo.openeuler.org/${name}/virtual_machine_img/${architecture}/${name}-${architecture}.qcow2.xz`,
      checksums: '.sha256sum',
    }
  }),
  serves: { latestUrl: /openEuler-[^/]*$/ },
  strategies: ['placeholder'],
}
