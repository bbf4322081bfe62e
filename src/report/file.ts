import { constants } from 'node:fs'
import { access, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno, replaceFile } from '../files.ts'

/**
 * Finds out before the run whether a report can be written.
 * @param option the option that named the file, for errors
 * @throws UpdaterError CONFIGURATION
 */
export async function assertReportWritable(path: string, option = '--report'): Promise<void> {
  try {
    const target = await kindOf(path)
    if (target === 'folder') throw new Error('it is a folder')
    if (target !== 'none') await access(path, constants.W_OK)
    if (target !== 'special') await access(dirname(path), constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw unwritable(path, option, cause)
  }
}

/**
 * Writes a report: a regular file is replaced in one step, a pipe or device is written to.
 * @throws UpdaterError CONFIGURATION
 */
export async function writeReport(path: string, text: string, option = '--report'): Promise<void> {
  try {
    if ((await kindOf(path)) === 'special') return await writeFile(path, text)
    await replaceFile(path, text)
  } catch (cause) {
    throw unwritable(path, option, cause)
  }
}

async function kindOf(path: string): Promise<'none' | 'file' | 'folder' | 'special'> {
  try {
    const stats = await stat(path)
    if (stats.isFile()) return 'file'
    return stats.isDirectory() ? 'folder' : 'special'
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'none'
    throw error
  }
}

function unwritable(path: string, option: string, cause: unknown): UpdaterError {
  return new UpdaterError(
    'CONFIGURATION',
    `${option === '--report' ? 'The report' : `The file of ${option}`} cannot be written to ${path}: ${explainRefusal(cause).why}`,
    {
      remedy: `Name a file in a folder that exists and is writable with ${option}`,
      cause,
    },
  )
}
