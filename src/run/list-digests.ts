import { asUpdaterError } from '../errors.ts'
import { folderOfKey } from '../stores/naming.ts'
import type { Task } from './context.ts'

/**
 * Brings the checksum files beside objects of one folder up to date. A store that takes none costs a
 * warning, not the image.
 * @param stored keys that are there for certain
 * @throws UpdaterError ABORTED
 */
export async function listDigests(
  { run, step }: Task,
  stored: readonly [string, ...string[]],
): Promise<void> {
  const { store, keyPrefix, signal } = run
  if (store === undefined || !run.settings.checksumFiles) return
  const folder = folderOfKey(stored[0])
  try {
    const { writeChecksumFiles } = await import('../stores/checksum-files.ts')
    const write = () => writeChecksumFiles(store, { folder, keyPrefix }, { stored }, signal)
    for (const message of await run.checking(write)) step({ type: 'warning', message })
  } catch (error) {
    signal.throwIfAborted()
    const why = asUpdaterError(error).message
    const message = `The checksums beside the images in ${folder} could not be written (--no-checksum-files writes none): ${why}`
    step({ type: 'warning', message })
  }
}
