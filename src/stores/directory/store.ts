import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { text } from 'node:stream/consumers'
import { UpdaterError } from '../../errors.ts'
import { explainRefusal, isErrno, openPlainFile, replaceFile, syncFolder } from '../../files.ts'
import { abortedError } from '../../http/abort.ts'
import { folderPrefix, kindOfKey } from '../naming.ts'
import { formatRecord, parseRecord } from '../record.ts'
import type { ListedObject, Stale, Store, StoredObject, Upload, UploadIntent } from '../store.ts'

/**
 * A local folder. A file appears by rename only; its record lies beside it as `.NAME.json`. The record of an older file
 * is removed before the new file comes, and the new record is written last, so that bytes never lie beside the record
 * of others, whenever the program is killed.
 */
export function createDirectoryStore(dir: string): Store {
  const root = resolve(dir)
  return {
    place: `folder ${dir}`,
    ready: () => translating(`Writing to ${root}`, () => checkFolder(root)),
    stat: (key) => translating(`Looking at ${key}`, () => statFile(root, key)),
    read: (key, limit) => translating(`Reading ${key}`, () => readStart(pathOf(root, key), limit)),
    begin: (key, intent) => translating(`Beginning ${key}`, () => beginFile(root, key, intent)),
    list: (prefix, signal) => listFiles(root, folderPrefix(prefix), signal),
    remove: (key) => translating(`Removing ${key}`, () => removeFile(root, key)),
    abortStale: (stale) => translating('Looking for unfinished files', () => removeStale(root, stale)),
  }
}

async function checkFolder(root: string): Promise<void> {
  const probe = join(root, `.${randomBytes(6).toString('hex')}.part`)
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw new UpdaterError('STORE_BUCKET', `The folder ${root} of the mirror does not exist`, {
      remedy: 'Create it first, or name another one with --mirror-dir',
      cause: error,
    })
  }
}

async function statFile(root: string, key: string): Promise<StoredObject | undefined> {
  const path = pathOf(root, key)
  try {
    const { size, mtime } = await stat(path)
    const record = parseRecord((await readStart(recordPath(path), recordLimit)) ?? '')
    return { key, size, lastModified: mtime, record }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Returns undefined of what is no plain file, as of one that is missing. @param limit bytes that are read at most */
async function readStart(path: string, limit: number): Promise<string | undefined> {
  try {
    const file = await openPlainFile(path)
    return file && (await text(file.createReadStream({ end: limit - 1 })))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function beginFile(root: string, key: string, { signal }: UploadIntent): Promise<Upload> {
  const path = pathOf(root, key)
  const folder = dirname(path)
  await makeFolder(root, folder)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const file = await open(temporary, 'wx')
  let written: Promise<unknown> = Promise.resolve()
  let size = 0
  return {
    partSize: 4 * 2 ** 20,
    concurrency: 3,
    write(part) {
      size += part.length
      const writing = written.then(() =>
        translating(`Writing ${key}`, () => {
          signal?.throwIfAborted()
          return file.writeFile(part)
        }),
      )
      written = writing
      return writing
    },
    complete: (record) =>
      translating(`Completing ${key}`, async () => {
        await written
        if (size !== record.size) {
          throw new UpdaterError('STORE_FAILED', `What was stored of ${key} is not what its record says`)
        }
        await file.sync()
        await file.close()
        await rm(recordPath(path), { force: true })
        await syncFolder(folder)
        await rename(temporary, path)
        await syncFolder(folder)
        await replaceFile(recordPath(path), formatRecord(record))
        await syncFolder(folder)
        return []
      }),
    async abort() {
      await written.catch(() => undefined)
      await file.close().catch(() => undefined)
      await rm(temporary, { force: true }).catch(() => undefined)
    },
  }
}

/** Removes temporary files of ours that nobody has written to since `before`. */
async function removeStale(root: string, { prefix, folders, before }: Stale): Promise<number> {
  const base = join(root, folderPrefix(prefix))
  let removed = 0
  for (const folder of new Set(['', ...folders.map((name) => `${name}/`)])) {
    for (const { name: file } of await entriesIn(join(base, folder))) {
      if (!isLeft(folder, file)) continue
      const path = join(base, folder, file)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined || !found.isFile() || found.mtime >= before) continue
      await rm(path, { force: true })
      removed += 1
    }
  }
  return removed
}

/** Is it the temporary file of an object of ours, or a probe with its record? */
function isLeft(folder: string, file: string): boolean {
  const [, target = ''] = temporaryName.exec(file) ?? []
  if ([target, withoutRecord(target)].some((one) => kindOfKey(folder + one, '') !== undefined)) return true
  return [file, withoutRecord(file.replace(/^\./, ''))].some((one) => kindOfKey(folder + one, '') === 'probe')
}

function withoutRecord(name: string): string {
  return name.replace(/\.json$/, '')
}

/** Lists all files but the hidden ones, and follows no link to a folder. */
async function* listFiles(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  const folder = join(root, prefix)
  const entries = await translating(`Listing ${folder}`, () => entriesIn(folder))
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    if (signal?.aborted) throw abortedError(signal)
    if (entry.isDirectory()) yield* listFiles(root, `${prefix}${entry.name}/`, signal)
    else {
      const found = await stat(join(folder, entry.name)).catch(() => undefined)
      if (found?.isFile()) yield { key: prefix + entry.name, size: found.size, lastModified: found.mtime }
    }
  }
}

/** Removes the record first, so that it never lies beside the bytes of others, whenever the program is killed. */
async function removeFile(root: string, key: string): Promise<void> {
  const path = pathOf(root, key)
  const folder = dirname(path)
  try {
    await assertInside(await realpath(root), folder)
    await rm(recordPath(path), { force: true })
    await rm(path, { force: true })
    await syncFolder(folder)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

async function entriesIn(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/** `.NAME.RANDOM.part`, or `..NAME.json.RANDOM.tmp` as `replaceFile` makes it of a record. */
const temporaryName = /^\.\.?(.+)\.[0-9a-f]{12}\.(?:part|tmp)$/

/** Bytes of a record that are read. */
const recordLimit = 1024

function recordPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.json`)
}

function pathOf(root: string, key: string): string {
  const segments = key.split('/')
  if (segments.some((segment) => segment === '' || segment.startsWith('.') || /[\u0000\\]/.test(segment))) {
    throw new UpdaterError('STORE_FAILED', `"${key}" cannot be the path of a file below ${root}`)
  }
  return join(root, ...segments)
}

/** Makes the folder, step by step: a symbolic link on the way must not lead out of the mirror. */
async function makeFolder(root: string, folder: string): Promise<void> {
  const realRoot = await realpath(root)
  let current = root
  for (const segment of relative(root, folder).split(sep)) {
    current = join(current, segment)
    await mkdir(current).catch((error) => {
      if (!isErrno(error, 'EEXIST')) throw error
    })
    await assertInside(realRoot, current)
  }
}

async function assertInside(realRoot: string, folder: string): Promise<void> {
  const outside = relative(realRoot, await realpath(folder))
  if (outside !== '..' && !outside.startsWith(`..${sep}`) && !isAbsolute(outside)) return
  throw new UpdaterError('STORE_DENIED', `${folder} leads out of the folder of the mirror`, {
    remedy: 'Replace the symbolic link by a folder',
  })
}

/** Runs `action`; what the file system throws becomes STORE_DENIED or STORE_FAILED. */
export async function translating<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (!isErrno(cause)) throw cause
    const { why, remedy } = explainRefusal(cause)
    const code = isErrno(cause, 'EACCES', 'EPERM', 'EROFS') ? 'STORE_DENIED' : 'STORE_FAILED'
    throw new UpdaterError(code, `${what}: ${why}`, { remedy, cause })
  }
}
