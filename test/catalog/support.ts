import { editEach, type VersionEdit } from '../../src/catalog/edit.ts'

/** The text with all edits made. @throws the error of the first edit that cannot be made */
export function editCatalog(path: string, text: string, edits: readonly VersionEdit[]): string {
  const edited = editEach(path, text, edits)
  const [failure] = edited.failed
  if (failure !== undefined) throw failure.error
  return edited.text
}
