import { asUpdaterError } from '../errors.ts'
import { abortedError } from '../http/abort.ts'
import type { Run } from './context.ts'

/**
 * Brings the checksum files beside objects of one folder up to date. A store that takes none costs a
 * warning, not the image.
 * @param folder with the prefix of all keys and a slash at the end
 * @param stored keys that are there for certain
 * @throws UpdaterError ABORTED
 */
export async function listDigests(
  run: Run,
  folder: string,
  stored: readonly string[],
  warn: (message: string) => void,
): Promise<void> {
  const { store, keyPrefix, signal } = run
  if (store === undefined || !run.settings.checksumFiles) return
  try {
    const { writeChecksumFiles } = await import('../stores/checksum-files.ts')
    const write = () => writeChecksumFiles(store, { folder, keyPrefix }, { stored }, signal)
    for (const message of await run.checking(write)) warn(message)
  } catch (error) {
    if (signal.aborted) throw abortedError(signal)
    const why = asUpdaterError(error).message
    warn(
      `The checksums beside the images in ${folder} could not be written (--no-checksum-files writes none): ${why}`,
    )
  }
}
