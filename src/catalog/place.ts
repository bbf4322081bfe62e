import { randomBytes } from 'node:crypto'
import { open, readFile, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isErrno } from '../files.ts'

/**
 * Where the lock and the temporary files of a catalogue folder are. OpenStack Image Manager reads every file of the
 * folder, whatever its name, so they stand beside the folder (`/etc/.images.image-updater.lock`) if they can.
 */
export interface Place {
  readonly folder: string
  /** How their names begin. */
  readonly prefix: string
}

/** In the catalogue folder itself. */
export const inside = (folder: string): Place => ({ folder, prefix: '.image-updater' })

/** Beside the catalogue folder. */
export async function besides(folder: string): Promise<Place> {
  const real = await realpath(folder)
  return { folder: dirname(real), prefix: `.${basename(real)}.image-updater` }
}

/**
 * In a folder that the operator names, for the locks of several catalogue folders. Each is known by its inode: two may
 * have one name, and one may have another name on each host or in each container that mounts it.
 */
export async function within(lockDir: string, folder: string): Promise<Place> {
  const { ino } = await stat(folder, { bigint: true })
  return { folder: lockDir, prefix: `.image-updater-${ino}` }
}

/**
 * Beside the folder if files can be made there and moved into it by one rename, else inside: the folder may be a volume
 * of its own, and the one above it somebody else's.
 */
export async function placeOf(folder: string): Promise<Place> {
  const beside = await besides(folder)
  return (await isUsable(await realpath(folder), beside)) ? beside : inside(folder)
}

async function isUsable(folder: string, place: Place): Promise<boolean> {
  try {
    const [one, above] = await Promise.all([stat(folder), stat(place.folder)])
    if (folder === place.folder || one.dev !== above.dev || (await isMountPoint(folder))) return false
    const probe = temporaryIn(place)
    await (await open(probe, 'wx', 0o600)).close()
    await rm(probe)
    return true
  } catch (error) {
    if (isErrno(error)) return false
    throw error
  }
}

/** Known on Linux only. A single file may be mounted, too, as containers do; it cannot be replaced. */
export async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const escaped = path.replace(
    /[\s\\]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return mounts.split('\n').some((line) => line.split(' ')[4] === escaped)
}

/** A new path for a file that is to be moved into the folder by a rename. */
export function temporaryIn({ folder, prefix }: Place): string {
  return join(folder, `${prefix}-${randomBytes(8).toString('hex')}.tmp`)
}
