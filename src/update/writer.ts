import type { VersionEdit } from '../catalog/edit.ts'

/** What became of a batch of edits of one file. */
export interface EditResult {
  readonly before: string
  readonly after: string
  readonly failed: readonly { readonly edit: VersionEdit; readonly error: unknown }[]
}

/** Brings the edits of one catalogue file home, several at once where they come close together. */
export interface CatalogWriter {
  /** Settles when the edit is applied (or can't be). */
  write(edit: VersionEdit): Promise<void>
  /** The text before the first and after the last applied edit; `undefined` where there was none. */
  change(): { readonly before: string; readonly after: string } | undefined
}

interface Pending {
  readonly edit: VersionEdit
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** `apply` is never called while an earlier call of it is unsettled. */
export function createWriter(apply: (edits: readonly VersionEdit[]) => Promise<EditResult>): CatalogWriter {
  let waiting: Pending[] = []
  let draining = false
  let change: { before: string; after: string } | undefined

  async function drain(): Promise<void> {
    draining = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await settleBatch(batch)
    }
    draining = false
  }

  async function settleBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const result = await apply(batch.map(({ edit }) => edit))
      change = { before: change?.before ?? result.before, after: result.after }
      const errors = new Map(result.failed.map(({ edit, error }) => [edit, error]))
      for (const { edit, resolve, reject } of batch) {
        if (errors.has(edit)) reject(errors.get(edit))
        else resolve()
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    write: (edit) =>
      new Promise((resolve, reject) => {
        waiting.push({ edit, resolve, reject })
        if (!draining) void drain()
      }),
    change: () => change,
  }
}
