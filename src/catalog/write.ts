import { constants, readFileSync, renameSync, type Stats, statSync } from 'node:fs'
import { access, type FileHandle, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno, syncFolder, writeInOneStep } from '../files.ts'
import { copyAttributes, isOfProject } from './attributes.ts'
import type { Edited } from './carry-out.ts'
import { editEach, type VersionEdit } from './edit.ts'
import { inside, isMountPoint, placeOf, temporaryIn } from './place.ts'
import { readText } from './read.ts'

/**
 * Finds out, before anything is uploaded, whether the file can be replaced by one of the same size, mode, owner and
 * attributes: makes such a copy where the new file would be written, and removes it.
 * @returns a warning if the file has other names, which keep the old text
 * @throws UpdaterError CATALOG_UNWRITABLE
 */
export async function assertWritable(path: string): Promise<string | undefined> {
  try {
    const target = await realpath(path)
    await access(target, constants.R_OK | constants.W_OK)
    await access(dirname(target), constants.W_OK | constants.X_OK)
    if (await isMountPoint(target)) throw Object.assign(new Error('mount point'), { code: 'EBUSY' })
    await writeLike(target, await readFile(target), async () => {})
    const { nlink } = await stat(target)
    return nlink === 1
      ? undefined
      : `${path} has ${nlink} names (hard links): the text changes under this one alone`
  } catch (error) {
    throw unwritable(path, error)
  }
}

/**
 * Replaces a file in one step by one of the same mode, owner and attributes; a symbolic link stays one. Whoever reads
 * it meanwhile, or after a crash, finds the old text or the new one.
 * @throws UpdaterError CATALOG_CHANGED: the file does not hold `expected` any more; CATALOG_UNWRITABLE
 */
export async function writeCatalog(path: string, expected: string, text: string): Promise<void> {
  try {
    const target = await realpath(path)
    const old = Buffer.from(expected)
    await writeLike(target, text, async (temporary) => {
      if (!replaceIfSame(target, old, temporary)) {
        throw new UpdaterError('CATALOG_CHANGED', `The file ${path} was changed while it was being updated`, {
          place: { file: path },
          remedy: 'Run again when nobody else edits it',
        })
      }
      await syncFolder(dirname(target)).catch(() => {}) // some file systems refuse, and keep their own order
    })
  } catch (error) {
    throw unwritable(path, error)
  }
}

/**
 * Nothing else of this program comes between the last look at the file and the rename, and a save that came while it was
 * read is seen by its time.
 */
function replaceIfSame(target: string, expected: Buffer, temporary: string): boolean {
  const look = () => {
    const { ino, size, mtimeNs, ctimeNs } = statSync(target, { bigint: true })
    return [ino, size, mtimeNs, ctimeNs].join()
  }
  const before = look()
  if (!readFileSync(target).equals(expected) || look() !== before) return false
  renameSync(temporary, target)
  return true
}

/** Edits, and the text of their file before and after. */
export interface AppliedEdits extends Pick<Edited<VersionEdit>, 'failed'> {
  readonly before: string
  readonly after: string
}

/** How often edits are planned because the file has changed meanwhile. */
const attempts = 5

/**
 * Edits a file as it is now. If it changes meanwhile, the edits are planned again. An edit that is not possible
 * is left out and told in `failed`.
 * @throws UpdaterError CATALOG_*: none of them is in the file
 */
export async function applyEdits(path: string, edits: readonly VersionEdit[]): Promise<AppliedEdits> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readText(path)
    const { text: after, failed } = editEach(path, before, edits)
    try {
      if (after !== before) await writeCatalog(path, before, after)
      return { before, after, failed }
    } catch (error) {
      const isChange = error instanceof UpdaterError && error.code === 'CATALOG_CHANGED'
      if (!isChange || attempt >= attempts) throw error
    }
  }
}

type Move = (temporary: string) => Promise<void>

/** Writes a new file with the mode, the owner and the attributes of `target`, and moves it. */
async function writeLike(target: string, content: string | Uint8Array, move: Move): Promise<void> {
  const folder = dirname(target)
  try {
    await writeAt(await temporaryPath(folder), target, content, move)
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw error
    await writeAt(temporaryIn(inside(folder)), target, content, move)
  }
}

async function writeAt(
  temporary: string,
  target: string,
  content: string | Uint8Array,
  move: Move,
): Promise<void> {
  const like = await stat(target)
  const prepare = async (file: FileHandle) => {
    const own = await file.stat()
    if (own.uid !== like.uid || own.gid !== like.gid) {
      await file.chown(like.uid, like.gid).catch((cause) => {
        throw notGiven(target, like, cause)
      })
    }
    await file.chmod(like.mode & 0o7777)
    await copyAttributes(target, temporary)
  }
  await writeInOneStep(target, content, { temporary, prepare, move })
}

function notGiven(path: string, { uid, gid }: Stats, cause: unknown): UpdaterError {
  return new UpdaterError(
    'CATALOG_UNWRITABLE',
    `${path} cannot be written: it belongs to the user ${uid} and the group ${gid}, and the new file could not be given to them (${explainRefusal(cause).why})`,
    {
      place: { file: path },
      remedy: 'Run as that user, who has to be a member of that group, or change them with chown',
      cause,
    },
  )
}

/** A new path for a file that is to be moved into the folder; hidden, so that it is never read as a catalogue. */
export async function temporaryPath(folder: string): Promise<string> {
  return temporaryIn((await isOfProject(folder)) ? inside(folder) : await placeOf(folder))
}

/** Says in words what the file system has refused. */
export function unwritable(path: string, cause: unknown): UpdaterError {
  if (cause instanceof UpdaterError) return cause
  const { why, remedy = 'See what the system says, then run again' } = explainRefusal(cause)
  return new UpdaterError('CATALOG_UNWRITABLE', `${path} cannot be written: ${why}`, {
    place: { file: path },
    remedy,
    cause,
  })
}
