import { dirname } from 'node:path'
import { unifiedDiff } from '../catalog/diff.ts'
import { lockCatalog } from '../catalog/lock.ts'
import { readText } from '../catalog/read.ts'
import { type SwitchEdit, switchEach } from '../catalog/switch.ts'
import { writeCatalog } from '../catalog/write.ts'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import type { FileChange } from '../report/schemas.ts'

export interface SwitchedOff {
  readonly changes: readonly FileChange[]
  /** The images that are (in a dry run: would be) off now. */
  readonly images: ReadonlySet<Image>
  readonly failures: readonly UpdaterError[]
}

/** Switches images off in their files, each file in one step. A failure does not stop the others. */
export async function switchOff(images: readonly Image[], dryRun: boolean): Promise<SwitchedOff> {
  const changes: FileChange[] = []
  const failures: UpdaterError[] = []
  const done = new Set<Image>()
  for (const file of new Set(images.map((image) => image.file))) {
    const some = images.filter((image) => image.file === file)
    try {
      const { diff, failed } = await (dryRun ? switchIn(file, some, dryRun) : locked(file, some))
      changes.push(...(diff === '' ? [] : [{ file, diff }]))
      failures.push(...failed.map(({ error }) => error))
      const stuck = new Set(failed.map(({ edit }) => edit.index))
      for (const image of some) if (!stuck.has(image.index)) done.add(image)
    } catch (thrown) {
      failures.push(asUpdaterError(thrown))
    }
  }
  return { changes, images: done, failures }
}

async function locked(file: string, images: readonly Image[]) {
  const lock = await lockCatalog(dirname(file))
  try {
    return await switchIn(file, images, false)
  } finally {
    await lock.release()
  }
}

async function switchIn(file: string, images: readonly Image[], dryRun: boolean) {
  const before = await readText(file)
  const edits: SwitchEdit[] = images.map(({ index, name }) => ({ index, name, enable: false }))
  const { text, failed } = switchEach(file, before, edits)
  if (!dryRun && text !== before) await writeCatalog(file, before, text)
  return { diff: text === before ? '' : unifiedDiff(file, before, text), failed }
}
