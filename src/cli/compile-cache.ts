import { mkdirSync, statSync } from 'node:fs'
import module from 'node:module'
import { dirname } from 'node:path'
import { cacheFolder } from '../cache-folder.ts'

/** Lets Node (22.8 and newer) keep the compiled modules between runs. Without such a folder the start is slower. */
export function enableCompileCache(environment: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown }
  if (enableCompileCache === undefined) return
  const folder = compileCacheFolder(environment)
  if (folder !== undefined) enableCompileCache(folder)
}

/**
 * The folder, which is made where it is missing. `undefined` where it can't be made, or where another user could put
 * a file into it: what lies there is run.
 */
export function compileCacheFolder(environment: NodeJS.ProcessEnv): string | undefined {
  try {
    const folder = cacheFolder('compiled', environment)
    if (folder === undefined) return undefined
    const ours = dirname(folder)
    const base = dirname(ours)
    for (const path of [base, ours, folder]) makeFolder(path)
    return isPrivate(folder) && isPrivate(ours) && isTrusted(base) ? folder : undefined
  } catch {
    return undefined
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

const writableByOthers = 0o022
const sticky = 0o1000

function isPrivate(folder: string): boolean {
  const { uid, mode } = statSync(folder)
  return uid === process.getuid?.() && (mode & writableByOthers) === 0
}

/** Whether only this user and root can put another folder in the place of one that is in it; so it is in `/tmp`. */
function isTrusted(folder: string): boolean {
  const { uid, mode } = statSync(folder)
  const isOurs = uid === process.getuid?.() || uid === 0
  return isOurs && ((mode & writableByOthers) === 0 || (mode & sticky) !== 0)
}
