import { asUpdaterError } from '../errors.ts'
import { namedKeys } from '../run/named.ts'
import type { Run } from '../run/run.ts'
import { keyPrefixOf } from '../stores/kinds.ts'
import { kindOfKey, markKey } from '../stores/naming.ts'
import { storeText } from '../stores/text-object.ts'
import type { Change } from './catalogue.ts'

/**
 * Marks the objects that the catalogue has ceased to name, so that `prune` counts from now and not from their own age,
 * and takes the marks from those that it names again. A store that refuses it costs a warning.
 * @throws UpdaterError ABORTED
 */
export async function markUnnamed({ before, after }: Change, run: Run, now: Date): Promise<void> {
  const { store, settings, checking, signal, note } = run
  if (store === undefined) return
  const { mirror } = settings
  const prefix = keyPrefixOf(mirror)
  const named = (files: Change['before']) =>
    namedKeys(
      files.flatMap(({ images }) => images),
      mirror,
    ).keys
  const [namedBefore, namedNow] = [named(before), named(after)]
  const only = (keys: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...keys].filter((key) => !others.has(key) && kindOfKey(key, prefix) === 'final')
  const mark = async (key: string) => {
    if (run.named.has(markKey(key)) || (await store.stat(key, signal)) === undefined) return
    const text = `${now.toISOString()}\n`
    await storeText(store, markKey(key), text, 'text/plain; charset=utf-8', signal)
  }
  const unmark = async (key: string) => {
    if (run.named.has(markKey(key))) return
    if ((await store.stat(markKey(key), signal)) !== undefined) await store.remove(markKey(key), signal)
  }
  const tasks = [
    ...only(namedBefore, namedNow).map((key) => () => mark(key)),
    ...only(namedNow, namedBefore).map((key) => () => unmark(key)),
  ]
  const done = await Promise.allSettled(tasks.map((task) => checking(task)))
  const [failed] = done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (failed === undefined || signal.aborted) return
  const why = asUpdaterError(failed).message
  note('warning', `Since when objects are not named could not be written, prune goes by their age: ${why}`)
}
