import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../errors.ts'

/** A new path for a file that is to be renamed; hidden, so that it is never read as a catalogue. */
export function temporaryPath(folder: string): string {
  return join(folder, `.image-updater-${randomBytes(8).toString('hex')}.tmp`)
}

/**
 * Removes what runs that were killed have left in a folder. Only for the holder of its lock.
 * @param age milliseconds: what is younger stays
 */
export async function removeLeftovers(folder: string, age: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const leftovers = names.filter((name) => /^\.image-updater-[\da-f]{16}\.tmp$/.test(name))
  await Promise.all(leftovers.map((name) => removeOld(join(folder, name), age).catch(() => {})))
}

async function removeOld(path: string, age: number): Promise<void> {
  if (age === 0 || (await stat(path)).mtimeMs < Date.now() - age) await rm(path, { force: true })
}

const reasons: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  EACCES: ['permission denied', 'Give the user of this program write access to the file and its folder'],
  EPERM: ['the operation is not permitted', 'Run as the owner of the file, with write access to its folder'],
  EROFS: ['the file system is read-only', 'Mount it writable'],
  ENOSPC: ['the disk is full', 'Make room on the disk'],
  EDQUOT: ['the disk quota is used up', 'Make room, or raise the quota'],
  EIO: ['the disk has failed to read or write', 'Check the disk'],
  EBUSY: ['it is a mount point of its own', 'Mount its folder instead of the single file'],
  ENOENT: ['it is missing, or a symbolic link to nothing', 'Repair or remove it'],
  ENOTDIR: ['its folder is not a folder', 'Correct the path'],
  ELOOP: ['its symbolic links lead in a circle', 'Repair or remove the link'],
}

/** The error for what the file system has refused. */
export function unwritable(path: string, cause: unknown): UpdaterError {
  if (cause instanceof UpdaterError) return cause
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException
  const [reason, remedy] = reasons[code] ?? [message, 'See what the system says, then run again']
  return new UpdaterError('CATALOG_UNWRITABLE', `${path} cannot be written: ${reason}`, {
    place: { file: path },
    remedy,
    cause,
  })
}
