import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { throwDefects } from '../catalog/defects.ts'
import { UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno } from '../files.ts'
import { keyOf, rows } from '../options.ts'
import type { Configuration } from './types.ts'

/** Where a file is looked for that nobody names; the first that is there counts, alone. */
export const places = [
  { file: 'image-updater.yml', trusted: false },
  { file: '/etc/image-updater/image-updater.yml', trusted: true },
] as const

/** Bytes. */
const maximumSize = 1024 * 1024

/**
 * Reads the configuration file that `path` names, else the first one that is there of
 * `./image-updater.yml` and `/etc/image-updater/image-updater.yml`. One in the working folder that was not
 * named may set harmless options only: whoever proposes a change of a checkout writes it.
 * @param command its own options (`commands` in the file) go over those of all; absent: those of all
 * @returns undefined where no file is named and none is there
 * @throws UpdaterError CONFIGURATION; several defects as one error whose `cause` is an `AggregateError`
 */
export async function loadConfiguration(path?: string, command?: string): Promise<Configuration | undefined> {
  const configuration = await readConfiguration(path, command)
  throwDefects(configuration?.defects ?? [], 'The configuration')
  return configuration
}

/**
 * The same, with what is wrong in the file beside what it says.
 * @throws UpdaterError CONFIGURATION if it cannot be read
 */
export async function readConfiguration(path?: string, command?: string): Promise<Configuration | undefined> {
  if (path !== undefined) return read(path, true, command)
  for (const { file, trusted } of places) {
    if (await isThere(file)) return read(file, trusted, command)
  }
  return undefined
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    return !isErrno(error, 'ENOENT', 'ENOTDIR')
  }
}

async function read(file: string, trusted: boolean, command?: string): Promise<Configuration> {
  const { text, mode } = await readText(file, trusted)
  const { parseConfiguration } = await import('./parse.ts')
  const configuration = parseConfiguration(file, text, trusted, command)
  const secrets = rows.filter(({ secret }) => secret).map(keyOf)
  const [held] =
    (mode & 0o004) === 0 ? [] : secrets.filter((key) => Object.hasOwn(configuration.options, key))
  const openSecret = `${file} holds "${held}" and can be read by every user of this machine: chmod o-r ${file}`
  return { ...configuration, warnings: held === undefined ? [] : [openSecret] }
}

/** A pipe that the user has named ends; a link in a checkout to a device never would. */
async function readText(file: string, trusted: boolean): Promise<{ text: string; mode: number }> {
  try {
    const found = await stat(file)
    if (!trusted && !found.isFile()) throw unreadable(file, 'it is no regular file')
    const bytes = await buffer(createReadStream(file, { end: maximumSize }))
    if (bytes.length > maximumSize) throw unreadable(file, `it is larger than ${maximumSize} bytes`)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mode: found.mode }
  } catch (cause) {
    if (cause instanceof UpdaterError) throw cause
    const why = cause instanceof TypeError ? 'it is not UTF-8' : explainRefusal(cause).why
    throw unreadable(file, why, cause)
  }
}

function unreadable(file: string, why: string, cause?: unknown): UpdaterError {
  return new UpdaterError('CONFIGURATION', `The configuration file ${file} cannot be read: ${why}`, {
    remedy: `Correct --config or IMAGE_UPDATER_CONFIG${isErrno(cause, 'ENOENT') ? '' : ', or the permissions of the file'}`,
    cause,
  })
}
