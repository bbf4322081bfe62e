import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UpdaterError } from '../../errors.ts'
import { abortedError } from '../../http/abort.ts'
import { formatDigest, parseDigest } from '../../image.ts'
import { folderPrefix, kindOfKey } from '../naming.ts'
import type {
  ListedObject,
  ObjectRecord,
  Stale,
  Store,
  StoredObject,
  Upload,
  UploadIntent,
} from '../store.ts'
import { fileFailure, isErrno, translating } from './errors.ts'

const partSize = 4 * 2 ** 20

/**
 * A local folder. A file appears by rename only; its record lies beside it as `.NAME.json`. The record
 * of an older file goes before the new file comes, and the new record comes last, so that bytes are never
 * beside the record of others, whenever the program is killed.
 */
export function createDirectoryStore(dir: string): Store {
  const root = resolve(dir)
  return {
    place: `folder ${dir}`,
    ready: () => checkFolder(root),
    stat: (key) => translating(`Looking at ${key}`, () => statFile(root, key)),
    begin: (key, intent) => translating(`Beginning ${key}`, () => beginFile(root, key, intent)),
    list: (prefix, signal) => listFiles(root, folderPrefix(prefix), signal),
    remove: (key) => translating(`Removing ${key}`, () => removeFile(root, key)),
    abortStale: (stale) => translating('Looking for unfinished files', () => removeStale(root, stale)),
    close: async () => {},
  }
}

async function checkFolder(root: string): Promise<void> {
  const probe = join(root, `.${randomBytes(6).toString('hex')}.part`)
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw fileFailure(`Writing to ${root}`, error)
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
    return { key, size, lastModified: mtime, record: await readRecord(recordPath(path)) }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function beginFile(root: string, key: string, { signal }: UploadIntent): Promise<Upload> {
  const path = pathOf(root, key)
  const folder = dirname(path)
  await makeFolder(root, folder)
  const temporary = temporaryFor(path)
  const file = await open(temporary, 'wx')
  let offset = 0
  let failure: unknown
  const writing = new Set<Promise<void>>()

  return {
    partSize,
    concurrency: 3,
    write: (part) => {
      const at = offset
      offset += part.length
      const written = translating(`Writing ${key}`, () => {
        signal?.throwIfAborted()
        return writeAll(file, part, at)
      })
      const noted = written.catch((error) => {
        failure ??= error
      })
      writing.add(noted)
      void noted.finally(() => writing.delete(noted))
      return written
    },
    complete: (record) =>
      translating(`Completing ${key}`, async () => {
        await Promise.all(writing)
        if (failure !== undefined) throw failure
        if (offset !== record.size) {
          throw new UpdaterError('STORE_FAILED', `What was stored of ${key} is not what its record says`)
        }
        await file.sync()
        await file.close()
        await rm(recordPath(path), { force: true })
        await syncFolder(folder)
        await rename(temporary, path)
        await syncFolder(folder)
        await writeRecord(recordPath(path), record)
        await syncFolder(folder)
        return []
      }),
    abort: async () => {
      await Promise.all(writing)
      await file.close().catch(() => undefined)
      await rm(temporary, { force: true }).catch(() => undefined)
    },
  }
}

/** Node may write less than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

/** Removes temporary files of ours that nobody has written to since `before`. */
async function removeStale(root: string, { prefix, folders, before }: Stale): Promise<number> {
  const base = join(root, folderPrefix(prefix))
  let removed = 0
  for (const name of new Set(folders)) {
    for (const { name: file } of await entriesIn(join(base, name))) {
      const [, target = ''] = temporaryName.exec(file) ?? []
      if (kindOfKey(`${name}/${target}`, '') === undefined) continue
      const path = join(base, name, file)
      const found = await stat(path).catch(() => undefined)
      if (found === undefined || !found.isFile() || found.mtime >= before) continue
      await rm(path, { force: true })
      removed += 1
    }
  }
  return removed
}

/** All files but the hidden ones, in folders but not behind links to folders. */
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

/** The record goes first: it is never beside the bytes of others, whenever the program is killed. */
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

/** `.NAME.RANDOM.part`, where NAME may be that of a record. */
const temporaryName = /^\.(.+?)(?:\.json)?\.[0-9a-f]{12}\.part$/

function temporaryFor(path: string): string {
  const name = basename(path).replace(/^\./, '')
  return join(dirname(path), `.${name}.${randomBytes(6).toString('hex')}.part`)
}

function recordPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.json`)
}

async function readRecord(path: string): Promise<ObjectRecord | undefined> {
  try {
    const found = JSON.parse(await readFile(path, 'utf8'))
    const digest = parseDigest(String(found?.checksum))
    const source = parseDigest(String(found?.sourceChecksum))
    if (digest === undefined || source === undefined || !Number.isSafeInteger(found.size)) return undefined
    return { digest, source, size: found.size }
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function writeRecord(path: string, { digest, source, size }: ObjectRecord): Promise<void> {
  const text = JSON.stringify({ checksum: formatDigest(digest), sourceChecksum: formatDigest(source), size })
  const temporary = temporaryFor(path)
  const file = await open(temporary, 'wx')
  try {
    await file.writeFile(`${text}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
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
