import { constants, type Stats } from 'node:fs'
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
    const there = await find(path)
    if (there?.isDirectory()) throw new Error('it is a folder')
    if (there !== undefined) await access(path, constants.W_OK)
    if (there?.isFile() ?? true) await access(dirname(path), constants.W_OK | constants.X_OK)
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
    const isRegular = (await find(path))?.isFile() ?? true
    await (isRegular ? replaceFile(path, text) : writeFile(path, text))
  } catch (cause) {
    throw unwritable(path, option, cause)
  }
}

async function find(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error) => {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  })
}

function unwritable(path: string, option: string, cause: unknown): UpdaterError {
  const what = option === '--report' ? 'The report' : `The file of ${option}`
  const why = isErrno(cause, 'ENOENT') ? 'its folder does not exist' : explainRefusal(cause).why
  return new UpdaterError('CONFIGURATION', `${what} cannot be written to ${path}: ${why}`, {
    remedy: `Name a file in a folder that exists and is writable with ${option}`,
    cause,
  })
}
