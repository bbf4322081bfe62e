import type { Resolver } from '../resolver.ts'
import { placeholderStrategy } from '../strategies/placeholder.ts'
import { latestUrlLike, onBoth, withSidecar } from './recommended.ts'

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
  recommended: ['22.03', '24.03'].flatMap((release) =>
    onBoth((architecture) => {
      const name = `HEREBEopenEuler-${release.replace('.', '\\.')}-LTS(-SP\\d+)?DRAGONS`
      return withSidecar(
        {
          image: `openEuler ${release} LTS`,
          architecture,
          format: 'qcow2',
          latestUrl: `https://repo.openeuler.org/${name}/virtual_machine_img/${architecture}/${name}-${architecture}.qcow2.xz`,
        },
        '.sha256sum',
      )
    }),
  ),
  serves: latestUrlLike(/openEuler-[^/]*$/),
  strategies: [placeholderStrategy()],
}
