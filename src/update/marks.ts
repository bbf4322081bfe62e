import type { CatalogFile } from '../catalog/parse.ts'
import { asUpdaterError } from '../errors.ts'
import { namedKeys } from '../run/named.ts'
import { keyPrefixOf } from '../stores/kinds.ts'
import { kindOfKey, markKey } from '../stores/naming.ts'
import { storeText } from '../stores/text-object.ts'
import type { UpdateRun } from './task.ts'

/** A catalogue before and after a run. */
export interface Change {
  readonly before: readonly Pick<CatalogFile, 'images'>[]
  readonly after: readonly Pick<CatalogFile, 'images'>[]
}

/**
 * Marks the objects that the catalogue has ceased to name, so that `prune` counts from now and not from their own age,
 * and takes the marks from those that it names again. A store that refuses it costs a warning.
 * @throws UpdaterError ABORTED
 */
export async function markUnnamed({ before, after }: Change, run: UpdateRun): Promise<void> {
  const { store, settings, checking, signal, note } = run
  if (store === undefined) return
  const { mirror } = settings
  const prefix = keyPrefixOf(mirror)
  const named = (files: Change['before']) =>
    namedKeys(
      files.flatMap(({ images }) => images),
      mirror,
    ).keys
  const [then, now] = [named(before), named(after)]
  const only = (keys: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...keys].filter((key) => !others.has(key) && kindOfKey(key, prefix) === 'final')
  const mark = async (key: string) => {
    if ((await store.stat(key, signal)) === undefined) return
    const text = `${new Date().toISOString()}\n`
    await storeText(store, markKey(key), text, 'text/plain; charset=utf-8', signal)
  }
  const unmark = async (key: string) => {
    if ((await store.stat(markKey(key), signal)) !== undefined) await store.remove(markKey(key), signal)
  }
  const tasks = [
    ...only(then, now).map((key) => () => mark(key)),
    ...only(now, then).map((key) => () => unmark(key)),
  ]
  const done = await Promise.allSettled(tasks.map((task) => checking(task)))
  const [failed] = done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (failed === undefined || signal.aborted) return
  const why = asUpdaterError(failed).message
  note('warning', `Since when objects are not named could not be written, prune goes by their age: ${why}`)
}
