import { splitFileUrl } from '../sources.ts'
import { manifestResolver } from './manifest.ts'

/**
 * AlmaLinux's cloud images: `https://repo.almalinux.org/almalinux/<8|9|10>/cloud/<arch>/images/`. One folder
 * has each build under a dated name (`AlmaLinux-9-GenericCloud-9.8-20260526.x86_64.qcow2`) and the newest also
 * as `…-latest.x86_64.qcow2`; `CHECKSUM` (GNU) lists both. Known by the names of its files: catalogues give
 * it the `os_distro` of CentOS, for Glance knows none of its own.
 */
export const almalinux = manifestResolver('almalinux', (image) =>
  Boolean(splitFileUrl(image.latestUrl)?.name.startsWith('AlmaLinux-')),
)
