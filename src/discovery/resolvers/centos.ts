import type { Resolver } from '../resolver.ts'
import { ofReleases, onOne } from './recommended.ts'

const root = 'https://cloud.centos.org/centos/'

/**
 * CentOS's cloud images: CentOS Stream at `https://cloud.centos.org/centos/<9|10>-stream/<arch>/images/`
 * (`CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2`, `CHECKSUM` in BSD form with sizes in comments), CentOS 7
 * at `https://cloud.centos.org/centos/7/images/` (`CentOS-7-x86_64-GenericCloud-2211.qcow2`, GNU `sha256sum.txt`).
 * One folder holds the builds of many images with similar names, so the catalogue says by a pattern which
 * are meant.
 */
export const centos: Resolver = {
  name: 'centos',
  title: 'CentOS Stream, CentOS 7',
  asks: ['`CHECKSUM` or `sha256sum.txt`, in which the pattern finds the newest name'],
  trusts: 'the checksum over https: no signature was found',
  recommended: [
    ...ofReleases(['9', '10'], (release, architecture) => ({
      image: `CentOS Stream ${release}`,
      latestUrl: `${root}${release}-stream/${architecture}/images/CentOS-Stream-GenericCloud-${release}-HEREBE\\d+\\.\\dDRAGONS.${architecture}.qcow2`,
      checksums: 'CHECKSUM',
    })),
    ...onOne({
      image: 'CentOS 7',
      latestUrl: `${root}7/images/CentOS-7-x86_64-GenericCloud-HEREBE\\d+\\.qcow2$DRAGONS`,
      checksums: 'sha256sum.txt',
    }),
  ],
  serves: { osDistro: 'centos' },
  strategies: ['placeholder'],
  version: 'date',
}
