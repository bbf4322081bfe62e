import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { UpdaterError } from '../errors.ts'

/** A folder that no other run works on until `release`. */
export interface CatalogLock {
  release(): Promise<void>
}

interface Holder {
  readonly id: string
  readonly pid: number
  readonly host: string
  /** When the process began, in ticks since boot, as /proc tells; absent where it doesn't. */
  readonly processStart?: string | undefined
  /** ISO 8601. */
  readonly since: string
}

const heartbeat = 30_000
/** A lock of another host that was not touched for so long belongs to nobody. */
const staleAfter = 120_000

/**
 * Takes the lock of a catalogue folder, `.image-updater.lock` in it. A lock that was left behind is taken
 * over: at once if its process on this host is gone, after two minutes without a sign of life if it is
 * of another host.
 * @throws UpdaterError CATALOG_LOCKED, CATALOG_UNWRITABLE
 */
export async function lockCatalog(folder: string): Promise<CatalogLock> {
  const path = join(folder, '.image-updater.lock')
  const id = randomUUID()
  const holder: Holder = {
    id,
    pid: process.pid,
    host: hostname(),
    processStart: await processStart(process.pid),
    since: new Date().toISOString(),
  }
  const own = join(folder, `.image-updater.${id}.tmp`)
  try {
    await writeNew(own, `${JSON.stringify(holder)}\n`, folder)
    while (!(await claim(own, path, folder))) await removeStale(path, folder, id)
  } finally {
    await rm(own, { force: true }).catch(() => {})
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), heartbeat)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      if ((await readHolder(path))?.id === id) await rm(path, { force: true }).catch(() => {})
    },
  }
}

/** Makes the lock appear with its content in one step; `false` where there is one. */
async function claim(own: string, path: string, folder: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unlockable(folder, error)
  }
}

/** Removes a lock that is left behind, and only the one that was looked at. */
async function removeStale(path: string, folder: string, id: string): Promise<void> {
  const holder = await readHolder(path)
  const touched = await stat(path).then(
    (info) => info.mtimeMs,
    () => undefined,
  )
  if (touched === undefined) return
  if (!(await isStale(holder, touched))) throw locked(folder, path, holder)
  const aside = join(folder, `.image-updater.${id}.stale`)
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw unlockable(folder, error)
  }
  const moved = await readHolder(aside)
  // Another run was quicker: what was moved aside is its fresh lock, and goes back.
  if (moved?.id !== holder?.id) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

async function isStale(holder: Holder | undefined, touched: number): Promise<boolean> {
  if (holder === undefined || holder.host !== hostname()) return Date.now() - touched > staleAfter
  if (!isRunning(holder.pid)) return true
  const start = await processStart(holder.pid)
  return holder.processStart !== undefined && start !== undefined && start !== holder.processStart
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of /proc/PID/stat (proc(5)): tells a process from a later one of the same number. */
async function processStart(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19]
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder> | null
    return typeof holder?.id === 'string' && Number.isInteger(holder.pid) && typeof holder.host === 'string'
      ? (holder as Holder)
      : undefined
  } catch {
    return undefined
  }
}

async function writeNew(path: string, text: string, folder: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o644)
    await file.writeFile(text).finally(() => file.close())
  } catch (error) {
    throw unlockable(folder, error)
  }
}

function locked(folder: string, path: string, holder: Holder | undefined): UpdaterError {
  const who =
    holder === undefined ? 'somebody' : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new UpdaterError('CATALOG_LOCKED', `Another run works on ${folder}: ${who}`, {
    place: { file: path },
    remedy: 'Wait until it has ended; if no such process exists, remove the lock file',
  })
}

function unlockable(folder: string, cause: unknown): UpdaterError {
  return new UpdaterError(
    'CATALOG_UNWRITABLE',
    `The folder ${folder} cannot be locked: ${(cause as Error).message}`,
    {
      place: { file: folder },
      remedy: 'Give the user of this program write access to the folder',
      cause,
    },
  )
}
