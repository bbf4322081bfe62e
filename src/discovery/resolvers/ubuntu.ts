import { datedFolderResolver } from './dated-folder.ts'

/**
 * Ubuntu's cloud images: daily builds at `https://cloud-images.ubuntu.com/<codename>/YYYYMMDD[.N]/`, with
 * the newest also as `current/`; minimal and server releases at
 * `https://cloud-images.ubuntu.com/minimal/releases/<codename>/release-YYYYMMDD[.N]/` and
 * `…/releases/<codename>/…`, with the newest also as `release/`. File names are the same in all folders.
 * `SHA256SUMS` (GNU, binary marks) in each folder; no compression.
 */
export const ubuntu = datedFolderResolver('ubuntu', (image) => image.osDistro === 'ubuntu')
