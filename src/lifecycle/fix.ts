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
  readonly images: readonly Image[]
  readonly failures: readonly UpdaterError[]
}

/** Switches images off in their files, each file in one step. A failure does not stop the others. */
export async function switchOff(images: readonly Image[], dryRun: boolean): Promise<SwitchedOff> {
  const files: SwitchedOff[] = []
  for (const file of new Set(images.map((image) => image.file))) {
    const some = images.filter((image) => image.file === file)
    const switched = dryRun ? switchIn(file, some, dryRun) : switchLocked(file, some)
    files.push(await switched.catch(nothingDone))
  }
  return {
    changes: files.flatMap((one) => one.changes),
    images: files.flatMap((one) => one.images),
    failures: files.flatMap((one) => one.failures),
  }
}

function nothingDone(error: unknown): SwitchedOff {
  return { changes: [], images: [], failures: [asUpdaterError(error)] }
}

async function switchLocked(file: string, images: readonly Image[]): Promise<SwitchedOff> {
  const lock = await lockCatalog(dirname(file))
  try {
    return await switchIn(file, images, false)
  } finally {
    await lock.release()
  }
}

async function switchIn(file: string, images: readonly Image[], dryRun: boolean): Promise<SwitchedOff> {
  const before = await readText(file)
  const edits: SwitchEdit[] = images.map(({ index, name }) => ({ index, name, enable: false }))
  const { text, failed } = switchEach(file, before, edits)
  if (!dryRun && text !== before) await writeCatalog(file, before, text)
  return {
    changes: text === before ? [] : [{ file, diff: unifiedDiff(file, before, text) }],
    images: images.filter((image) => !failed.some(({ edit }) => edit.index === image.index)),
    failures: failed.map(({ error }) => error),
  }
}
