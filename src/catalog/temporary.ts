import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { explainRefusal } from '../files.ts'

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

/** Says in words what the file system has refused. */
export function unwritable(path: string, cause: unknown): UpdaterError {
  if (cause instanceof UpdaterError) return cause
  const { why, remedy = 'See what the system says, then run again' } = explainRefusal(cause)
  return new UpdaterError('CATALOG_UNWRITABLE', `${path} cannot be written: ${why}`, {
    place: { file: path },
    remedy,
    cause,
  })
}
