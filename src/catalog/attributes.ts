import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { UpdaterError } from '../errors.ts'

/** Milliseconds. */
const patience = 10_000

/**
 * Gives a file the access control list, the extended attributes and the SELinux label of another one, and leaves its
 * content. Node has no calls for them, so GNU `cp` does it; where there is no such program (BusyBox, macOS), files
 * are rarely given any, and only their mode is kept.
 * @throws UpdaterError CATALOG_UNWRITABLE if the file has some that can't be kept
 */
export async function copyAttributes(from: string, to: string): Promise<void> {
  const kept = ['mode', 'xattr', ...(existsSync('/sys/fs/selinux/enforce') ? ['context'] : [])]
  const args = ['--attributes-only', `--preserve=${kept}`, '--', from, to]
  try {
    await promisify(execFile)('cp', args, { timeout: patience, env: { ...process.env, LC_ALL: 'C' } })
  } catch (cause) {
    const { code, stderr = '' } = cause as { readonly code?: unknown; readonly stderr?: string }
    if (code === 'ENOENT' || /(?:unrecognized|illegal|invalid) option|without xattr support/.test(stderr))
      return
    const why = stderr.trim().split('\n').at(-1) ?? ''
    const message = `${from} cannot be written: its access control list, attributes or label cannot be kept${why && `: ${why}`}`
    throw new UpdaterError('CATALOG_UNWRITABLE', message, {
      place: { file: from },
      remedy:
        'Run as a user that may set them (getfacl, getfattr -d -m - and ls -Z show them), or remove them',
      cause,
    })
  }
}

/**
 * Has what is made in the folder its project, as quotas of XFS and ext4 count? Then no file of another one can be moved
 * into it. Where there is no `lsattr`, the move itself tells.
 */
export async function isOfProject(folder: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('lsattr', ['-d', '--', folder], { timeout: patience })
    return /^\S*P/.test(stdout)
  } catch {
    return false
  }
}
