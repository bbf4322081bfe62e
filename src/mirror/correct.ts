import { editEach, type VersionEdit } from '../catalog/edit.ts'
import { type LockOptions, lockFolders } from '../catalog/lock.ts'
import { readText } from '../catalog/read.ts'
import { applyEdits, assertWritable } from '../catalog/write.ts'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import type { FileChange } from '../report/schemas.ts'
import type { Note } from '../run/run.ts'

/** A checksum of a packed file that becomes that of the object. */
export interface Correction {
  readonly file: string
  readonly edit: VersionEdit
}

/** The corrections that were (in a dry run: would be) written. */
export interface Corrected {
  readonly changes: readonly FileChange[]
  readonly failures: ReadonlyMap<Correction, UpdaterError>
}

interface Manner extends LockOptions {
  readonly dryRun: boolean
  readonly note: Note
}

/** Corrects catalogue files, each under the lock of its folder. */
export async function correctChecksums(
  corrections: readonly Correction[],
  manner: Manner,
): Promise<Corrected> {
  const { dryRun } = manner
  const failures = new Map<Correction, UpdaterError>()
  const changes: FileChange[] = []
  for (const path of new Set(corrections.map(({ file }) => file))) {
    const own = corrections.filter(({ file }) => file === path)
    try {
      const lock = dryRun ? undefined : await lockFolders([path], manner)
      try {
        const warning = dryRun ? undefined : await assertWritable(path)
        if (warning !== undefined) manner.note('warning', warning)
        const { before, after, failed } = await correctFile(path, own, dryRun)
        for (const { correction, error } of failed) failures.set(correction, error)
        if (after === before) continue
        const { unifiedDiff } = await import('../catalog/diff.ts')
        changes.push({ file: path, diff: unifiedDiff(path, before, after) })
      } finally {
        await lock?.release()
      }
    } catch (thrown) {
      for (const correction of own) failures.set(correction, asUpdaterError(thrown))
    }
  }
  return { changes, failures }
}

/** Edits of one image cannot be planned together: those of each position are made after those of the one before. */
async function correctFile(path: string, corrections: readonly Correction[], dryRun: boolean) {
  const before = await readText(path)
  let after = before
  const failed: { readonly correction: Correction; readonly error: UpdaterError }[] = []
  for (const position of new Set(corrections.map(({ edit }) => edit.position))) {
    const own = corrections.filter(({ edit }) => edit.position === position)
    const edits = own.map(({ edit }) => edit)
    const edited = dryRun ? planned(path, after, edits) : await applyEdits(path, edits)
    after = edited.after
    for (const { edit, error } of edited.failed) {
      const correction = own.find((one) => one.edit === edit)
      if (correction !== undefined) failed.push({ correction, error })
    }
  }
  return { before, after, failed }
}

function planned(path: string, text: string, edits: readonly VersionEdit[]) {
  const { text: after, failed } = editEach(path, text, edits)
  return { after, failed }
}
