import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { outOfDescriptors } from './errors.ts'

/** Whether the system threw this, with one of the codes if any are given. */
export function isErrno(
  error: unknown,
  ...codes: readonly string[]
): error is NodeJS.ErrnoException & { readonly code: string } {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && (codes.length === 0 || codes.includes(code))
}

const refusals: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  EACCES: ['permission denied', 'Give the user of this program the right to read and write there'],
  EPERM: ['the operation is not permitted', 'Run as the owner of the file, with write access to its folder'],
  EROFS: ['the file system is read-only', 'Mount it writable'],
  ENOSPC: ['the disk is full', 'Make room on the disk'],
  EDQUOT: ['the disk quota is used up', 'Make room, or raise the quota'],
  EIO: ['the disk has failed to read or write', 'Check the disk'],
  EBUSY: ['it is a mount point of its own', 'Mount its folder instead of the single file'],
  ENOENT: ['it does not exist', 'Correct the path, or the symbolic link in it'],
  ENOTDIR: ['its folder is not a folder', 'Correct the path'],
  EISDIR: ['it is a folder', 'Name a file'],
  ELOOP: ['its symbolic links lead in a circle', 'Repair or remove the link'],
  EMFILE: ['too many files are open', outOfDescriptors],
  ENFILE: ['too many files are open on this machine', outOfDescriptors],
  EADDRINUSE: ['something else listens there', 'Name another port'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Name an address of this machine'],
}

export interface Refusal {
  /** Part of a sentence: `permission denied`. */
  readonly why: string
  readonly remedy: string | undefined
}

/** Says in words what the system has refused. */
export function explainRefusal(error: unknown): Refusal {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const [why, remedy] = refusals[code] ?? [isErrno(error) ? code : message, undefined]
  return { why, remedy }
}

/**
 * Opens a file for reading. Returns undefined if there is something else, such as a symbolic link or a pipe: in a folder
 * that others can write to, reading it might never end.
 * @throws the system's error
 */
export async function openPlainFile(path: string): Promise<FileHandle | undefined> {
  if (!(await lstat(path)).isFile()) return undefined
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  if ((await file.stat()).isFile()) return file
  await file.close()
  return undefined
}

/**
 * Nobody but us and root can have written it. A user's own group, which has its number, is no other: Kubernetes gives it
 * the right to write on a volume (`fsGroup`), and so does the umask of many systems.
 */
export function isPrivate({ uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): boolean {
  const isOurs = uid === process.getuid?.() || uid === 0
  const strangers = gid === process.getgid?.() && gid === process.getuid?.() ? 0o002 : 0o022
  return isOurs && (mode & strangers) === 0
}

export interface Replacement {
  /** Where the new file is written first, in the folder of the old one. Default: a hidden name of its own. */
  readonly temporary?: string
  /** Gives the new file its mode and owner; it is the user's alone before. */
  readonly prepare?: (file: FileHandle) => Promise<void>
  /** Brings the new file, which is on the disk, to its place. Default: `rename`. */
  readonly move?: (temporary: string, path: string) => Promise<void>
}

/**
 * Writes a file in one step: a reader, or a crash, finds the old content or the whole new one.
 * @throws the system's error; the old content is still there then
 */
export async function writeInOneStep(
  path: string,
  content: string | Uint8Array,
  { temporary = besides(path), prepare, move = rename }: Replacement = {},
): Promise<void> {
  try {
    const file = await open(temporary, 'wx', prepare === undefined ? 0o644 : 0o600)
    try {
      await file.writeFile(content)
      await prepare?.(file)
      await file.sync()
    } finally {
      await file.close()
    }
    await move(temporary, path)
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

function besides(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
}

/**
 * Writes a file of the program's own in one step. A symbolic link stays one, and the mode as it was.
 * @throws the system's error; the old content is still there then
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const known = await stat(target).catch(() => undefined)
  const prepare = known && ((file: FileHandle) => file.chmod(known.mode & 0o7777))
  await writeInOneStep(target, text, prepare && { prepare })
}

/** Makes the names in a folder last, as the files behind them do. @throws the system's error */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/**
 * Makes a folder and those above it that are missing, for this user alone. Node's own recursive way never ends
 * where mkdir answers ENOENT below a folder that is there, as it does in /proc.
 * @returns whether it was not there yet
 * @throws the system's error
 */
export async function makeFolder(path: string, mode = 0o700): Promise<boolean> {
  const make = () => mkdir(path, { mode })
  try {
    await make().catch(async (error) => {
      if (!isErrno(error, 'ENOENT')) throw error
      await makeFolder(dirname(path), mode)
      await make()
    })
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}
