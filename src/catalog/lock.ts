import { randomBytes } from 'node:crypto'
import {
  chmod,
  link,
  lstat,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UpdaterError } from '../errors.ts'
import { isErrno, openPlainFile, writeInOneStep } from '../files.ts'
import { besides, inside, type Place, placeOf, within } from './place.ts'
import type { Shard } from './shard.ts'
import { unwritable } from './write.ts'

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
  readonly path: string
  readonly id: string
  readonly holder: Holder | undefined
  /** Milliseconds since 1970. */
  readonly touched: number
  /** Has its owner kept it from being read? */
  readonly isPrivate: boolean
}

/** Milliseconds. */
const heartbeat = 30_000
/** Milliseconds without a sign of life after which a lock is stale whose process cannot be looked at. */
const staleAfter = 120_000
const attempts = 100
/** Bytes of a lock file that are read. */
const largest = 4096
/** Milliseconds; a younger temporary file may be in use by another shard. */
const oldLeftover = 3_600_000

export interface LockOptions {
  readonly shard?: Shard | undefined
  /** Where the lock files are. Default: beside the catalogue folder, inside if they cannot be there. */
  readonly lockDir?: string | undefined
  /** Milliseconds to wait for another run to end. Default: 0. */
  readonly wait?: number | undefined
  /** Is told once who is waited for. */
  readonly note?: ((level: 'info', message: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Locks the folders of catalogue files, in an order in which no two runs can wait for each other. */
export async function lockFolders(files: Iterable<string>, options: LockOptions = {}): Promise<CatalogLock> {
  const locks: CatalogLock[] = []
  const release = async () => {
    await Promise.all(locks.map((lock) => lock.release()))
  }
  const until = Date.now() + (options.wait ?? 0)
  try {
    for (const folder of [...new Set([...files].map((file) => dirname(file)))].sort()) {
      locks.push(await lockBefore(until, folder, options))
    }
  } catch (error) {
    await release()
    throw error
  }
  return { release }
}

async function lockBefore(until: number, folder: string, options: LockOptions): Promise<CatalogLock> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await lockCatalog(folder, options)
    } catch (error) {
      const isHeld = error instanceof UpdaterError && error.code === 'CATALOG_LOCKED'
      const left = until - Date.now()
      if (!isHeld || left <= 0) throw error
      if (isFirst) options.note?.('info', `${error.message}. This run waits for it`)
      await setTimeout(Math.min(1000, left), undefined, { signal: options.signal }).catch(() => {
        throw new UpdaterError('ABORTED', 'The run was aborted', { cause: options.signal?.reason })
      })
    }
  }
}

/**
 * Takes the lock of a catalogue folder: `.NAME.image-updater.lock` beside it, or `.image-updater.lock` in it where that
 * cannot be (see `placeOf`). A lock that was left behind is taken over: at once if its process was of this machine
 * (the same boot, the same container) and is gone, after two minutes without a sign of life if it cannot be looked at.
 *
 * A shard has a lock of its own (`….lock-1-of-4`), which keeps out a second run of the same shard, whoever wants the
 * whole folder, and other divisions of it, but not the other shards. A run takes its own lock first and looks for others
 * then, in all places where one may be, since not every user can write to all of them: of two that exclude each other at
 * most one goes on.
 * @throws UpdaterError CATALOG_LOCKED, CATALOG_UNWRITABLE
 */
export async function lockCatalog(
  folder: string,
  { shard, lockDir }: LockOptions = {},
): Promise<CatalogLock> {
  try {
    const named = lockDir === undefined ? undefined : await within(lockDir, folder)
    const places = [...(named === undefined ? [] : [named]), await besides(folder), inside(folder)]
    const place = named ?? (await placeOf(folder))
    const path = join(place.folder, `${place.prefix}.lock${suffixOf(shard)}`)
    const lock = await hold(path, await newHolder(), folder)
    try {
      for (const other of places) await assertAlone(other, path, folder, shard)
    } catch (error) {
      await lock.release()
      throw error
    }
    for (const other of places) await removeLeftovers(other, shard === undefined ? 0 : oldLeftover)
    return lock
  } catch (error) {
    throw unwritable(lockDir ?? folder, error)
  }
}

function suffixOf(shard: Shard | undefined): string {
  return shard === undefined ? '' : `-${shard.index}-of-${shard.count}`
}

async function newHolder(): Promise<Holder> {
  return {
    id: randomBytes(8).toString('hex'),
    pid: process.pid,
    host: hostname(),
    machine: await thisMachine(),
    processStart: (await processStart(process.pid)) || undefined,
    since: new Date().toISOString(),
  }
}

async function hold(path: string, holder: Holder, folder: string): Promise<CatalogLock> {
  const isOurs = async () => (await readLock(path).catch(() => undefined))?.id === holder.id
  await acquire(path, textOf(holder), folder)
  const beat = setInterval(async () => {
    const now = new Date()
    if (await isOurs()) await utimes(path, now, now).catch(() => {})
  }, heartbeat)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      if (await isOurs()) await rm(path, { force: true }).catch(() => {})
    },
  }
}

/**
 * OpenStack Image Manager validates every file of the folder, and wants an image in it; it imports only those of `*.yml`
 * and `*.yaml`. So a lock inside a catalogue folder holds a definition that its schema takes.
 */
const definition = `images:
  - name: lock of image-updater
    enable: false
    format: raw
    login: none
    min_disk: 0
    min_ram: 0
    status: deactivated
    visibility: private
    multi: false
    meta:
      architecture: x86_64
      hw_disk_bus: scsi
      hypervisor_type: qemu
      os_distro: debian
      os_purpose: custom
      replace_frequency: never
      uuid_validity: none
      provided_until: none
    tags: []
    versions: []
`

function textOf(holder: Holder): string {
  return `# ${JSON.stringify(holder)}\n${definition}`
}

/**
 * Removes what runs that were killed have left.
 * @param age milliseconds: what is younger stays
 */
async function removeLeftovers({ folder, prefix }: Place, age: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const leftovers = names.filter((name) => name.startsWith(prefix) && /[-.][\da-f]{16}\.tmp$/.test(name))
  await Promise.all(leftovers.map((name) => removeOld(join(folder, name), age).catch(() => {})))
}

async function removeOld(path: string, age: number): Promise<void> {
  if (age === 0 || (await stat(path)).mtimeMs < Date.now() - age) await rm(path, { force: true })
}

/** @throws UpdaterError CATALOG_LOCKED: a run works on the folder that is no shard of the same division */
async function assertAlone(
  place: Place,
  own: string,
  folder: string,
  shard: Shard | undefined,
): Promise<void> {
  const suffix = suffixOf(shard)
  const start = `${place.prefix}.lock`
  for (const name of await readdir(place.folder).catch(() => [])) {
    const path = join(place.folder, name)
    const [whole, index, count] =
      /^(?:-(\d+)-of-(\d+))?$/.exec(name.startsWith(start) ? name.slice(start.length) : '-') ?? []
    if (whole === undefined || path === own) continue
    const isSibling = shard !== undefined && Number(count) === shard.count && Number(index) !== shard.index
    if (isSibling) continue
    const found = await readLock(path)
    if (found === undefined) continue
    if (!(await isLeftBehind(found))) throw locked(found, folder)
    if (path.endsWith(`.lock${suffix}`)) await remove(path, folder)
  }
}

/** Removes a lock that was left behind, as whoever takes it over would: others may be about to. */
async function remove(path: string, folder: string): Promise<void> {
  try {
    const lock = await hold(path, await newHolder(), folder)
    await lock.release()
  } catch (error) {
    const isUnwritable = error instanceof UpdaterError && error.code === 'CATALOG_UNWRITABLE'
    if (!isUnwritable && !isErrno(error)) throw error // else it stays, and keeps nobody out
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
    if (!(await isLeftBehind(found))) throw locked(found, folder)
    const claim = `${path}.${found.id}`
    await acquire(claim, text, folder)
    try {
      if ((await readLock(path))?.id === found.id) return await rename(claim, path)
    } catch (error) {
      await rm(claim, { force: true })
      throw unwritable(path, error) // in a sticky folder only its owner may replace it
    }
    await rm(claim, { force: true })
  }
  throw locked({ path }, folder)
}

/** Whatever the umask is: whoever finds the lock has to be able to read whose it is. */
const readable = 0o644

/** Makes a file appear with its content in one step; `false` where there is one. */
async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeInOneStep(path, text, {
      temporary: `${path}.${randomBytes(8).toString('hex')}.tmp`,
      prepare: (file) => file.chmod(readable),
      move: link,
    })
    return true
  } catch (error) {
    // ENOENT of a link: the winner of another race has cleaned up.
    if (isErrno(error, 'EEXIST') || (isErrno(error, 'ENOENT') && error.syscall === 'link')) return false
    if (!isErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error
  }
  // The file system has no hard links: the content follows an instant later.
  return writeFile(path, text, { flag: 'wx' }).then(
    () => chmod(path, readable).then(() => true),
    (error) => {
      if (isErrno(error, 'EEXIST')) return false
      throw error
    },
  )
}

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const { mtimeMs, ino } = await lstat(path)
    const start = await readStart(path).catch((error) => {
      if (isErrno(error, 'EACCES')) return undefined
      throw error
    })
    const holder = parseHolder(start ?? '')
    const id = holder?.id ?? `${ino}-${Math.floor(mtimeMs)}`
    return { path, id, holder, touched: mtimeMs, isPrivate: start === undefined }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Returns an empty text of what is no file. */
async function readStart(path: string): Promise<string> {
  const file = await openPlainFile(path)
  if (file === undefined) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(largest), 0, largest, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const [line = ''] = text.split('\n')
    const holder: Holder = JSON.parse(line.replace(/^# /, ''))
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

function locked({ path, holder, isPrivate }: Partial<Lock> & { path: string }, folder: string): UpdaterError {
  const unknown = isPrivate
    ? `a process of another user, who keeps ${path} from being read`
    : 'an unknown process'
  const who =
    holder === undefined ? unknown : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  const once = isPrivate ? 'Run as that user, always the same one. ' : ''
  return new UpdaterError('CATALOG_LOCKED', `Another run works on ${folder}: ${who}`, {
    place: { file: path },
    remedy: `${once}Wait until it has ended; if there is no such run, remove ${path}`,
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
