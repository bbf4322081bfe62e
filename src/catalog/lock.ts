import { randomBytes } from 'node:crypto'
import { link, readdir, readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { isErrno, writeInOneStep } from '../files.ts'
import type { Shard } from './shard.ts'
import { temporaryPath, unwritable } from './write.ts'

/** A folder that no other run works on until `release`. */
export interface CatalogLock {
  release(): Promise<void>
}

/** What a lock file says of the run that holds it. */
interface Holder {
  /** Tells this lock from every other. */
  readonly id: string
  readonly pid: number
  readonly host: string
  /** Where the pid counts: boot and pid namespace; absent where the system does not tell. */
  readonly machine?: string | undefined
  /** When the process began, in ticks since boot; absent where the system does not tell. */
  readonly processStart?: string | undefined
  /** ISO 8601. */
  readonly since: string
}

interface Lock {
  readonly id: string
  readonly holder: Holder | undefined
  /** Milliseconds since 1970. */
  readonly touched: number
}

/** Milliseconds. */
const heartbeat = 30_000
/** Milliseconds without a sign of life after which a lock is stale whose process cannot be looked at. */
const staleAfter = 120_000
const attempts = 100
/** Milliseconds; a younger temporary file may be in use by another shard. */
const oldLeftover = 3_600_000

/** Locks the folders of catalogue files, in an order in which no two runs can wait for each other. */
export async function lockFolders(files: Iterable<string>, shard?: Shard): Promise<CatalogLock> {
  const locks: CatalogLock[] = []
  const release = async () => {
    await Promise.all(locks.map((lock) => lock.release()))
  }
  try {
    for (const folder of [...new Set([...files].map((file) => dirname(file)))].sort()) {
      locks.push(await lockCatalog(folder, shard))
    }
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

/**
 * Takes the lock of a catalogue folder, `.image-updater.lock` in it. A lock that was left behind is taken
 * over: at once if its process was of this machine (the same boot, the same container) and is gone, after
 * two minutes without a sign of life if it cannot be looked at.
 *
 * A shard has a lock of its own (`.image-updater.lock-1-of-4`), which keeps out a second run of the same
 * shard, whoever wants the whole folder, and other divisions of it, but not the other shards. A run
 * takes its own lock first and looks for others then: of two that exclude each other at most one goes on.
 * @throws UpdaterError CATALOG_LOCKED, CATALOG_UNWRITABLE
 */
export async function lockCatalog(folder: string, shard?: Shard): Promise<CatalogLock> {
  const suffix = shard === undefined ? '' : `-${shard.index}-of-${shard.count}`
  const path = join(folder, `.image-updater.lock${suffix}`)
  const holder: Holder = {
    id: randomBytes(8).toString('hex'),
    pid: process.pid,
    host: hostname(),
    machine: await thisMachine(),
    processStart: (await processStart(process.pid)) || undefined,
    since: new Date().toISOString(),
  }
  const isOurs = async () => (await readLock(path).catch(() => undefined))?.id === holder.id
  const remove = async () => {
    if (await isOurs()) await rm(path, { force: true }).catch(() => {})
  }
  try {
    await acquire(path, `${JSON.stringify(holder)}\n`, folder)
    await assertAlone(folder, shard).catch(async (error) => {
      await remove()
      throw error
    })
  } catch (error) {
    throw unwritable(folder, error)
  }
  await removeLeftovers(folder, shard === undefined ? 0 : oldLeftover)
  const beat = setInterval(async () => {
    const now = new Date()
    if (await isOurs()) await utimes(path, now, now).catch(() => {})
  }, heartbeat)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      await remove()
    },
  }
}

/**
 * Removes what runs that were killed have left in a folder.
 * @param age milliseconds: what is younger stays
 */
async function removeLeftovers(folder: string, age: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const leftovers = names.filter((name) => /^\.image-updater-[\da-f]{16}\.tmp$/.test(name))
  await Promise.all(leftovers.map((name) => removeOld(join(folder, name), age).catch(() => {})))
}

async function removeOld(path: string, age: number): Promise<void> {
  if (age === 0 || (await stat(path)).mtimeMs < Date.now() - age) await rm(path, { force: true })
}

/** @throws UpdaterError CATALOG_LOCKED: a run works on the folder that is no shard of the same division */
async function assertAlone(folder: string, shard: Shard | undefined): Promise<void> {
  for (const name of await readdir(folder)) {
    const [whole, , count] = /^\.image-updater\.lock(-\d+-of-(\d+))?$/.exec(name) ?? []
    const isAnother = count === undefined ? shard !== undefined : Number(count) !== shard?.count
    if (whole === undefined || !isAnother) continue
    const path = join(folder, name)
    const found = await readLock(path)
    if (found !== undefined && !(await isLeftBehind(found))) throw locked(path, folder, found.holder)
  }
}

/**
 * Several runs may find the same stale lock. Only the one that holds the claim (a lock of its own, named after
 * the stale one) may replace it, and it looks again before.
 */
async function acquire(path: string, text: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (await create(path, text)) return
    const found = await readLock(path)
    if (found === undefined) continue
    if (!(await isLeftBehind(found))) throw locked(path, folder, found.holder)
    const claim = `${path}.${found.id}`
    await acquire(claim, text, folder)
    if ((await readLock(path))?.id === found.id) return rename(claim, path)
    await rm(claim, { force: true })
  }
  throw locked(path, folder, undefined)
}

/** Makes a file appear with its content in one step; `false` where there is one. */
async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeInOneStep(path, text, { temporary: temporaryPath(dirname(path)), move: link })
    return true
  } catch (error) {
    // ENOENT of a link: the winner of another race has cleaned up.
    if (isErrno(error, 'EEXIST') || (isErrno(error, 'ENOENT') && error.syscall === 'link')) return false
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
  }
  // The file system has no hard links: the content follows an instant later.
  return writeFile(path, text, { flag: 'wx' }).then(
    () => true,
    (error) => {
      if (isErrno(error, 'EEXIST')) return false
      throw error
    },
  )
}

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const { mtimeMs, ino } = await stat(path)
    const holder = parseHolder(await readFile(path, 'utf8'))
    return { id: holder?.id ?? `${ino}-${Math.floor(mtimeMs)}`, holder, touched: mtimeMs }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder: Holder = JSON.parse(text)
    return /^[\da-f]{16}$/.test(holder.id) && Number.isInteger(holder.pid) ? holder : undefined
  } catch {
    return undefined
  }
}

async function isLeftBehind({ holder, touched }: Lock): Promise<boolean> {
  if (holder === undefined || holder.host !== hostname() || holder.machine !== (await thisMachine())) {
    return Date.now() - touched > staleAfter
  }
  const start = await processStart(holder.pid)
  if (start === undefined) return true
  return start !== '' && holder.processStart !== undefined && start !== holder.processStart
}

function locked(path: string, folder: string, holder: Holder | undefined): UpdaterError {
  const who =
    holder === undefined
      ? 'an unknown process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new UpdaterError('CATALOG_LOCKED', `Another run works on ${folder}: ${who}`, {
    place: { file: path },
    remedy: `Wait until it has ended; if there is no such run, remove ${path}`,
  })
}

/**
 * When a running process began, in ticks since boot, which tells it from a later one with the same number; empty
 * where the system does not tell. `undefined`: there is none, or it has ended and only waits to be reaped.
 * See proc(5), /proc/pid/stat: state is field 3, start time field 22.
 */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!isErrno(error, 'EPERM')) return undefined
  }
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : (fields[19] ?? '')
}

/** Within what a process number means the same process: this boot of the kernel, and the pid namespace. */
async function thisMachine(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}
