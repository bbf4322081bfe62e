import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type LockOptions, lockFolders } from '../catalog/lock.ts'
import type { CloudSession } from '../cloud/session.ts'
import { UpdaterError } from '../errors.ts'
import { makeFolder } from '../files.ts'
import type { Memory } from '../state.ts'

/** A cloud that no other run of this machine publishes into until `release`. */
export interface HeldCloud {
  /** What the run calls itself on images: the same for each run of this machine, so that one repairs what another left. */
  readonly run: string
  release(): Promise<void>
}

const what = 'Runs that were killed'

/**
 * Keeps other runs of this machine out of a cloud, and says what this one is called. Where nothing can be remembered each
 * run has a name of its own: what one that is killed leaves waits for twice `--import-timeout`.
 * @param folder of what this machine remembers
 * @throws UpdaterError CLOUD_CONFLICT, ABORTED
 */
export async function holdCloud(
  { cloud, project, imageUrl }: CloudSession,
  memory: Memory,
  folder: string | undefined,
  options: LockOptions,
): Promise<HeldCloud> {
  const identity = JSON.stringify([imageUrl, project.id])
  const name = `cloud-${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`
  const release = folder === undefined ? async () => {} : await lock(join(folder, name), cloud, options)
  try {
    const known = await memory.recall(name, what)
    const { run } = Object(known) as { readonly run?: unknown }
    if (typeof run === 'string' && /^[0-9a-f-]{36}$/.test(run)) return { run, release }
    const fresh = randomUUID()
    await memory.remember(name, { run: fresh }, what)
    return { run: fresh, release }
  } catch (error) {
    await release()
    throw error
  }
}

async function lock(folder: string, cloud: string, options: LockOptions): Promise<() => Promise<void>> {
  try {
    await makeFolder(folder)
  } catch {
    return async () => {} // the memory has told that nothing can be remembered there
  }
  try {
    const held = await lockFolders([join(folder, 'lock')], options)
    return () => held.release()
  } catch (cause) {
    if (!(cause instanceof UpdaterError) || cause.code === 'CATALOG_UNWRITABLE') return async () => {}
    if (cause.code !== 'CATALOG_LOCKED') throw cause
    throw new UpdaterError('CLOUD_CONFLICT', `Another run of this machine publishes into ${cloud}`, {
      remedy: 'Let it end, or wait for it with --wait',
      cause,
    })
  }
}
