import { placeholderResolver } from './placeholder.ts'

/**
 * CentOS's cloud images: CentOS Stream at `https://cloud.centos.org/centos/<9|10>-stream/<arch>/images/`
 * (`CentOS-Stream-GenericCloud-9-20260714.1.x86_64.qcow2`, `CHECKSUM` in BSD form with sizes in comments), CentOS 7
 * at `https://cloud.centos.org/centos/7/images/` (`CentOS-7-x86_64-GenericCloud-2211.qcow2`, GNU `sha256sum.txt`).
 * One folder holds the builds of many images with similar names, so the catalogue says by a pattern which
 * are meant.
 */
export const centos = placeholderResolver('centos', (image) => image.osDistro === 'centos')
