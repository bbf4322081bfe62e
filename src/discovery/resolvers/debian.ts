import { datedFolderResolver } from './dated-folder.ts'

/**
 * Debian's cloud images: `https://cloud.debian.org/images/cloud/<codename>/YYYYMMDD-N/`, daily builds at
 * `…/<codename>/daily/YYYYMMDD-N/` (the same at `https://cdimage.debian.org/cdimage/cloud/`), with the newest
 * also as `latest/`. In `latest/` the file names lack the `-YYYYMMDD-N` that they have in the build's folder.
 * `SHA512SUMS` (GNU) in each folder.
 */
export const debian = datedFolderResolver('debian', (image) => image.osDistro === 'debian')
