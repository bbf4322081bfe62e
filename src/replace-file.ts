import { randomBytes } from 'node:crypto'
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file in one step: a reader, or a crash, finds the old content or the whole new one. A symbolic
 * link stays one, and the mode as it was. For files of the program's own; catalogue files are written by `catalog/write.ts`.
 * @throws the system's error; the old content is still there then
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  const mode = await stat(target).then(
    (info) => info.mode & 0o7777,
    () => undefined,
  )
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      if (mode !== undefined) await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * Makes a folder and those above it that are missing, for this user alone. Node's own recursive way never ends
 * where mkdir answers ENOENT below a folder that is there, as it does in /proc.
 * @returns whether it was not there yet
 * @throws the system's error
 */
export async function makeFolder(path: string): Promise<boolean> {
  const make = () => mkdir(path, { mode: 0o700 })
  try {
    await make().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await makeFolder(dirname(path))
      await make()
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
