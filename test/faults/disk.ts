import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Mounts an empty file system in memory. */
export function mountDisk(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
}

export function unmountDisk(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
}

export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' })
}

/** Leaves no byte of room on the file system of the folder. */
export function fillDisk(folder: string): void {
  for (const size of [65536, 4096, 1]) {
    try {
      for (;;) appendFileSync(join(folder, 'filler'), Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}

let missing: string | false | undefined

/** `undefined` where this process may mount file systems. */
export function lacksMounting(): string | undefined {
  missing ??= tryMounting()
  return missing === false ? undefined : missing
}

function tryMounting(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'image-updater-mount-'))
  try {
    mountDisk(folder, '64k')
    unmountDisk(folder)
    return false
  } catch {
    return 'the right to mount a file system'
  } finally {
    rmdirSync(folder)
  }
}
