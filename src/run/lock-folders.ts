import { dirname } from 'node:path'
import { lockCatalog } from '../catalog/lock.ts'
import type { Shard } from '../catalog/shard.ts'

/** Locks the folders of catalogue files, in an order in which no two runs can wait for each other. */
export async function lockFolders(
  files: Iterable<string>,
  shard?: Shard,
): Promise<{ release(): Promise<void> }> {
  const locks: { release(): Promise<void> }[] = []
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
