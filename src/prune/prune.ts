import { dirname } from 'node:path'
import { CatalogDocument, isMapping, ownPair } from '../catalog/document.ts'
import { type CatalogLock, lockFolders } from '../catalog/lock.ts'
import { readCatalog, readTexts } from '../catalog/read.ts'
import { UpdaterError } from '../errors.ts'
import { flag } from '../option.ts'
import { assertTyped, settleCatalogue, type TakenOptions, withDefaults } from '../options.ts'
import { countStatuses, formatCount } from '../report/quantities.ts'
import type { PrunedObject, PruneReport } from '../report/schemas.ts'
import { namedKeys } from '../run/named.ts'
import { begin, endInOrder, errorOf, type Note, type RunContext, secondsSince } from '../run/run.ts'
import { writeChecksumFiles } from '../stores/checksum-files.ts'
import {
  type GivenMirror,
  keyPrefixOf,
  type MirrorOptions,
  openStore,
  placeOptions,
  settleMirror,
} from '../stores/kinds.ts'
import { folderOfKey } from '../stores/naming.ts'
import type { ListedObject, Store } from '../stores/store.ts'
import { type Inventory, takeStock } from './plan.ts'

/** The options are those of the command `prune`. */
export interface PruneOptions extends TakenOptions<'prune'> {
  /**
   * Folders of `*.yml` and `*.yaml` files, or single files: all that name objects on the mirror. Default:
   * `/etc/images`.
   */
  readonly images?: readonly string[] | undefined
  /** Default: that of the command, with the keys of AWS's usual places. */
  readonly mirror?: GivenMirror | undefined
  /** Remove the objects; without it the report only lists them. Default: false. */
  readonly remove?: boolean | undefined
}

/**
 * Finds the objects on the mirror that no catalogue file names any more and that are older than a grace period,
 * and with `remove` removes them. Only objects under the mirror's own prefix count whose keys are of the
 * form that the updater makes; whatever else lies there is never touched. What waits for its age before it goes into a
 * cloud stays, as far as this machine remembers it.
 * @throws UpdaterError CATALOG_*: a catalogue file cannot be read whole; CONFIGURATION: the catalogue names nothing on
 * this mirror, or none of the objects there; STORE_*. Nothing was removed then.
 */
export async function pruneMirror(
  options: PruneOptions = {},
  context: RunContext = {},
): Promise<PruneReport> {
  const { images } = settleCatalogue(options)
  const { grace, checksumFiles, lockDir, wait, stateDir } = withDefaults('prune', options)
  const { remove = false } = options
  assertTyped('remove', flag(), remove)
  const mirror = settleMirror(options.mirror)
  const { startedAt, signal, onEvent, note, http, memory } = begin(context, { stateDir })
  let store: Store | undefined
  let lock: CatalogLock | undefined
  try {
    store = await openStore(mirror, http)
    if (store === undefined) {
      throw new UpdaterError('CONFIGURATION', 'There is no mirror to be pruned', {
        remedy: 'Name an object store or --mirror-dir, and leave out --no-mirror',
      })
    }
    const { place } = store
    // What is locked is read again: a run that ended in between may have written to it.
    const files = await readCatalog(images)
    await assertWhole(files.map(({ path }) => path))
    const paths = files.map(({ path }) => path)
    const { waitingUrls } = await import('../run/candidates.ts')
    if (remove) lock = await lockFolders(paths, { lockDir, wait, signal, note })
    const named = namedKeys(
      (remove ? await readCatalog(images) : files).flatMap((file) => file.images),
      mirror,
      await waitingUrls(memory),
    )
    if (named.here === 0) {
      throw doubtful(`No mirror_url of the catalogue leads to ${place}: nothing is pruned`, mirror)
    }
    onEvent({ type: 'run-start', images: 0 })
    const keyPrefix = keyPrefixOf(mirror)
    const present: ListedObject[] = []
    for await (const object of store.list(keyPrefix, signal)) present.push(object)
    const stock = takeStock(present, named.keys, { keyPrefix, now: startedAt, grace })
    const { doomed } = stock
    if (stock.named === 0 && doomed.length > 0) {
      const message = `The catalogue names ${formatCount(named.here, 'object')}, but none of those that lie in ${place}, where ${doomed.length} could be pruned: nothing is`
      throw doubtful(message, mirror)
    }
    const objects = remove
      ? await removeAll(store, doomed, { keyPrefix, named: named.keys, signal, note, lists: checksumFiles })
      : doomed.map((object) => outcomeOf(object, 'would-remove'))
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
    await endInOrder([() => http.close(), () => lock?.release()], note)
  }
}

function doubtful(message: string, mirror: MirrorOptions): UpdaterError {
  const remedy = `Check --images, ${placeOptions(mirror)}: with a wrong one of them the mirror would be emptied`
  return new UpdaterError('CONFIGURATION', message, { remedy })
}

/**
 * Refuses a part of a catalogue: objects that only its other files name would be removed.
 * @param files paths of the files that were read
 * @throws UpdaterError CONFIGURATION: another catalogue file lies beside them; CATALOG_UNREADABLE
 */
async function assertWhole(files: readonly string[]): Promise<void> {
  for (const { path, text, defect } of await readTexts([...files, ...files.map((file) => dirname(file))])) {
    // A file may be named whose folder holds no other.
    if (files.includes(path) || defect?.code === 'CATALOG_NOT_FOUND') continue
    if (defect !== undefined) throw defect
    if (!holdsImages(path, text)) continue
    const message = `${path} is a catalogue file, too, and is not named: nothing is pruned`
    const remedy = `Name the whole folder with --images ${dirname(path)}`
    throw new UpdaterError('CONFIGURATION', message, { place: { file: path }, remedy })
  }
}

/** A file that is not YAML is judged by its words. */
function holdsImages(path: string, text: string): boolean {
  const { root } = new CatalogDocument(path, text)
  return isMapping(root) ? ownPair(root, 'images') !== undefined : /\bimages["']?\s*:/.test(text)
}

interface Removal {
  readonly keyPrefix: string
  /** What the catalogue names. */
  readonly named: ReadonlySet<string>
  readonly signal: AbortSignal
  readonly note: Note
  /** Are there lists of digests to be kept true? */
  readonly lists: boolean
}

/** Folder by folder: an object is taken from the list of digests first, so that none is listed which is gone. */
async function removeAll(
  store: Store,
  doomed: readonly ListedObject[],
  { keyPrefix, named, signal, note, lists }: Removal,
): Promise<PrunedObject[]> {
  const unlist = async (folder: string, leaving: readonly string[]) => {
    if (!lists) return
    const warnings = await writeChecksumFiles(store, { folder, keyPrefix, leaving, named }, signal)
    for (const message of warnings) note('warning', message)
  }
  const outcomes: PrunedObject[] = []
  for (const folder of new Set(doomed.map(({ key }) => folderOfKey(key)))) {
    const objects = doomed.filter(({ key }) => folderOfKey(key) === folder)
    const unlisted = unlist(
      folder,
      objects.map(({ key }) => key),
    )
    for (const object of objects) outcomes.push(await removeOne(store, object, unlisted, signal))
  }
  return outcomes
}

/** @param unlisted the object is in no list of digests any more; if it rejects, the object stays */
async function removeOne(
  store: Store,
  object: ListedObject,
  unlisted: Promise<void>,
  signal: AbortSignal,
): Promise<PrunedObject> {
  try {
    await unlisted
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

function summarize(objects: readonly PrunedObject[], stock: Inventory): PruneReport['summary'] {
  const { named, young, others } = stock
  const statuses = objects.map(({ status }) => status)
  const bytes = objects.reduce((sum, { size, status }) => sum + (status === 'failed' ? 0 : size), 0)
  return {
    ...countStatuses(statuses, 'would_remove', 'removed', 'failed'),
    ...{ bytes, named, young, others },
  }
}
