import { splitFileUrl } from '../sources.ts'
import { manifestResolver } from './manifest.ts'

/**
 * Rocky Linux's cloud images: `https://download.rockylinux.org/pub/rocky/<8|9|10>/images/<arch>/`. The newest
 * build is `Rocky-9-GenericCloud.latest.x86_64.qcow2`; each file has a `<file>.CHECKSUM` of its own, and a
 * folder's `CHECKSUM` lists all of them (BSD, with sizes in comments).
 */
export const rocky = manifestResolver(
  'rocky',
  (image) => image.osDistro === 'rocky' || Boolean(splitFileUrl(image.latestUrl)?.name.startsWith('Rocky-')),
)
