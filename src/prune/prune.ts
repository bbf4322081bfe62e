import { type CatalogLock, lockFolders } from '../catalog/lock.ts'
import { readCatalog } from '../catalog/read.ts'
import { UpdaterError } from '../errors.ts'
import { type TakenOptions, withDefaults } from '../options.ts'
import { countStatuses, formatCount } from '../report/quantities.ts'
import type { PrunedObject, PruneReport } from '../report/schemas.ts'
import { settleCatalogue } from '../run/options.ts'
import { begin, endInOrder, errorOf, type RunContext, secondsSince } from '../run/run.ts'
import { writeChecksumFiles } from '../stores/checksum-files.ts'
import { keyPrefixOf, type MirrorOptions, openStore, placeOptions } from '../stores/kinds.ts'
import { folderOfKey } from '../stores/naming.ts'
import type { ListedObject, Store } from '../stores/store.ts'
import { type Inventory, type Named, namedKeys, takeStock } from './plan.ts'
import { assertWhole } from './whole.ts'

/** The options are those of the command `prune`. */
export interface PruneOptions extends TakenOptions<'prune'> {
  /** Folders of `*.yml` and `*.yaml` files, or single files: all that name objects on the mirror. */
  readonly images: readonly string[]
  readonly mirror: MirrorOptions
  /** Remove the objects; without it the report only lists them. Default: false. */
  readonly remove?: boolean | undefined
}

/**
 * Finds the objects on the mirror that no catalogue file names any more and that are older than a grace period,
 * and with `remove` removes them. Only objects under the mirror's own prefix count whose keys are of the
 * form that the updater makes; whatever else lies there is never touched.
 * @throws UpdaterError CATALOG_*: a catalogue file cannot be read whole; CONFIGURATION: the catalogue names nothing on
 * this mirror, or none of the objects there; STORE_*. Nothing was removed then.
 */
export async function pruneMirror(options: PruneOptions, context: RunContext = {}): Promise<PruneReport> {
  const { images } = settleCatalogue(options)
  const { grace, checksumFiles } = withDefaults('prune', options)
  const { remove = false } = options
  const { startedAt, signal, onEvent, note, http } = begin(context)
  let store: Store | undefined
  let lock: CatalogLock | undefined
  try {
    store = await openStore(options.mirror, http)
    if (store === undefined) throw noMirror()
    // What is locked is read again: a run that ended in between may have written to it.
    const files = await readCatalog(images)
    await assertWhole(files.map(({ path }) => path))
    if (remove) lock = await lockFolders(files.map(({ path }) => path))
    const named = namedKeys(
      (remove ? await readCatalog(images) : files).flatMap((file) => file.images),
      options.mirror,
    )
    if (named.here === 0) throw namesNothing(options.mirror, store.place)
    onEvent({ type: 'run-start', images: 0 })
    const keyPrefix = keyPrefixOf(options.mirror)
    const stock = takeStock(await listAll(store, keyPrefix, signal), named.keys, {
      keyPrefix,
      now: startedAt,
      grace,
    })
    if (stock.named === 0 && stock.doomed.length > 0)
      throw namesNoneOf(stock, named, options.mirror, store.place)
    const objects = remove
      ? await removeAll(store, stock.doomed, {
          keyPrefix,
          signal,
          note,
          lists: checksumFiles,
        })
      : stock.doomed.map((object) => outcomeOf(object, 'would-remove'))
    const { place } = store
    return {
      schema_version: 1,
      command: 'prune',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      place,
      grace_seconds: grace / 1000,
      remove,
      summary: summarize(objects, stock),
      objects,
      errors: [],
    }
  } finally {
    await endInOrder([() => store?.close(), () => http.close(), () => lock?.release()], note)
  }
}

function noMirror(): UpdaterError {
  return new UpdaterError('CONFIGURATION', 'There is no mirror to be pruned', {
    remedy: 'Name an object store or --mirror-dir, and leave out --no-mirror',
  })
}

function careful(mirror: MirrorOptions): string {
  return `Check --images, ${placeOptions(mirror)}: with a wrong one of them the mirror would be emptied`
}

function namesNothing(mirror: MirrorOptions, place: string): UpdaterError {
  return new UpdaterError(
    'CONFIGURATION',
    `No mirror_url of the catalogue leads to ${place}: nothing is pruned`,
    { remedy: careful(mirror) },
  )
}

function namesNoneOf(
  { doomed }: Inventory,
  { here }: Named,
  mirror: MirrorOptions,
  place: string,
): UpdaterError {
  return new UpdaterError(
    'CONFIGURATION',
    `The catalogue names ${formatCount(here, 'object')}, but none of those that lie in ${place}, where ${doomed.length} could be pruned: nothing is`,
    { remedy: careful(mirror) },
  )
}

async function listAll(store: Store, prefix: string, signal: AbortSignal): Promise<ListedObject[]> {
  const objects: ListedObject[] = []
  for await (const object of store.list(prefix, signal)) objects.push(object)
  return objects
}

interface Removal {
  readonly keyPrefix: string
  readonly signal: AbortSignal
  readonly note: (level: 'warning', message: string) => void
  /** Are there lists of digests to be kept true? */
  readonly lists: boolean
}

/** Folder by folder: an object is taken from the list of digests first, so that none is listed which is gone. */
async function removeAll(
  store: Store,
  doomed: readonly ListedObject[],
  { keyPrefix, signal, note, lists }: Removal,
): Promise<PrunedObject[]> {
  const outcomes: PrunedObject[] = []
  for (const folder of new Set(doomed.map(({ key }) => folderOfKey(key)))) {
    const objects = doomed.filter(({ key }) => folderOfKey(key) === folder)
    let obstacle: unknown
    if (lists) {
      try {
        const leaving = objects.map(({ key }) => key)
        const warnings = await writeChecksumFiles(store, { folder, keyPrefix }, { leaving }, signal)
        for (const message of warnings) note('warning', message)
      } catch (error) {
        obstacle = error
      }
    }
    for (const object of objects) outcomes.push(await removeOne(store, object, obstacle, signal))
  }
  return outcomes
}

async function removeOne(
  store: Store,
  object: ListedObject,
  obstacle: unknown,
  signal: AbortSignal,
): Promise<PrunedObject> {
  try {
    if (obstacle !== undefined) throw obstacle
    signal.throwIfAborted()
    await store.remove(object.key, signal)
    return outcomeOf(object, 'removed')
  } catch (thrown) {
    const { code, message, remedy } = errorOf(thrown, signal)
    return { ...outcomeOf(object, 'failed'), error: { code, message, remedy } }
  }
}

function outcomeOf({ key, size, lastModified }: ListedObject, status: PrunedObject['status']): PrunedObject {
  return { key, size, last_modified: lastModified?.toISOString() ?? '', status }
}

function summarize(
  objects: readonly PrunedObject[],
  { named, young, others }: Inventory,
): PruneReport['summary'] {
  const statuses = objects.map(({ status }) => status)
  const bytes = objects.filter(({ status }) => status !== 'failed').reduce((sum, { size }) => sum + size, 0)
  return {
    ...countStatuses(statuses, 'would_remove', 'removed', 'failed'),
    ...{ bytes, named, young, others },
  }
}
