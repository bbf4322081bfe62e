import { dirname } from 'node:path'
import { DefectList, throwDefects } from '../catalog/defects.ts'
import { editEach, type VersionEdit } from '../catalog/edit.ts'
import { type CatalogLock, lockFolders } from '../catalog/lock.ts'
import { type CatalogFile, parseCatalog } from '../catalog/parse.ts'
import { readCatalog, readText } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { isOfShard } from '../catalog/shard.ts'
import { type AppliedEdits, applyEdits, assertWritable } from '../catalog/write.ts'
import { withSources } from '../discovery/find-resolver.ts'
import { formatPlace, UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import type { FileChange } from '../report/schemas.ts'
import { NamedObjects } from '../run/named.ts'
import type { UpdateSettings } from '../run/options.ts'
import { type Beginning, skipReason } from '../run/run.ts'
import type { MirrorOptions } from '../stores/kinds.ts'

/** A catalogue before and after a run. */
export interface Change {
  readonly before: readonly CatalogFile[]
  readonly after: readonly CatalogFile[]
}

/** The catalogue files of one run, held under a lock until `release`. */
export interface OpenCatalogue {
  /** The selected images, in catalogue order. */
  readonly images: readonly Image[]
  /** What the images of all files name on the mirror. */
  readonly named: NamedObjects
  /**
   * Finds out whether the edit can be made, and writes nothing.
   * @throws UpdaterError CATALOG_*
   */
  rehearse(file: string, edit: VersionEdit): Promise<void>
  write(file: string, edit: VersionEdit): Promise<void>
  /** All files of the catalogue as they were read, and as they stand now. */
  change(): Change
  /** What was (in a dry run: would be) changed so far. */
  changes(): Promise<FileChange[]>
  release(): Promise<void>
}

/**
 * Reads, selects, and finds out before anything else whether the files can be written. What is locked is read again: a
 * run that ended in between, or was waited for, may have written to it.
 * @throws UpdaterError CATALOG_*, USAGE
 */
export async function openCatalogue(
  settings: UpdateSettings,
  { signal, note }: Pick<Beginning, 'signal' | 'note'>,
): Promise<OpenCatalogue> {
  const first = await selectFrom(settings)
  if (settings.dryRun) return catalogueOf(first, settings.mirror, planOnly)
  for (const path of first.paths) {
    const warning = await assertWritable(path)
    if (warning !== undefined) note('warning', warning)
  }
  const lock = await lockFolders(first.paths, { ...settings, signal, note })
  try {
    const selected = await selectFrom(settings)
    assertLocked(selected.paths, first.paths)
    return catalogueOf(selected, settings.mirror, (path) => (edits) => applyEdits(path, edits), lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

interface Selected {
  readonly files: readonly CatalogFile[]
  readonly images: readonly Image[]
  /** The files whose images are looked at. */
  readonly paths: ReadonlySet<string>
}

async function selectFrom(settings: UpdateSettings): Promise<Selected> {
  const files = withSources(await readCatalog(settings.images), settings.sources)
  const { shard } = settings
  const images = selectImages(files, settings.names).filter(
    ({ file }) => shard === undefined || isOfShard(file, shard),
  )
  const isLookedAt = (image: Image) => skipReason(image, settings.includeDisabled) === undefined
  if (settings.mirror.kind !== 'none' || settings.mirror.baseUrl !== undefined) {
    refuseSharedObjects(files.flatMap((file) => file.images).filter(isLookedAt))
  }
  return { files, images, paths: new Set(images.filter(isLookedAt).map(({ file }) => file)) }
}

/** @throws UpdaterError CATALOG_CHANGED: a file has come meanwhile in a folder that is not locked */
function assertLocked(paths: Iterable<string>, locked: Iterable<string>): void {
  const folders = new Set([...locked].map((path) => dirname(path)))
  for (const path of paths) {
    if (folders.has(dirname(path))) continue
    throw new UpdaterError('CATALOG_CHANGED', `The file ${path} was changed while its catalogue was opened`, {
      place: { file: path },
      remedy: 'Run again',
    })
  }
}

function catalogueOf(
  { files, images }: Selected,
  mirror: MirrorOptions,
  applyTo: (path: string, text: string) => Apply,
  lock?: CatalogLock,
): OpenCatalogue {
  const writers = new Map(files.map(({ path, text }) => [path, new FileWriter(applyTo(path, text))]))
  const rehearsals = new Map(files.map(({ path }) => [path, new FileWriter(tryOn(path))]))
  return {
    images,
    named: new NamedObjects(
      files.flatMap((file) => file.images),
      mirror,
    ),
    rehearse: (file, edit) => writerOf(file, rehearsals).write(edit),
    write: (file, edit) => writerOf(file, writers).write(edit),
    change: () => ({
      before: files,
      after: files.map((file) => asChanged(file, writers.get(file.path)?.change)),
    }),
    async changes() {
      const changed = [...writers].flatMap(([file, { change }]) =>
        change === undefined || change.before === change.after ? [] : [{ file, ...change }],
      )
      if (changed.length === 0) return []
      const { unifiedDiff } = await import('../catalog/diff.ts')
      return changed.map(({ file, before, after }) => ({ file, diff: unifiedDiff(file, before, after) }))
    },
    async release() {
      await lock?.release()
    },
  }
}

function writerOf(file: string, writers: ReadonlyMap<string, FileWriter>): FileWriter {
  const writer = writers.get(file)
  if (writer === undefined) throw new UpdaterError('INTERNAL', `${file} is no file of this run`)
  return writer
}

/** What somebody else has made of the file meanwhile may be no catalogue: then it is not known what it names. */
function asChanged(file: CatalogFile, change: FileWriter['change']): CatalogFile {
  try {
    return change === undefined ? file : parseCatalog(file.path, change.after)
  } catch (error) {
    if (error instanceof UpdaterError) return file
    throw error
  }
}

/**
 * Refuses different images that would have the same object on the mirror: each run would replace one's bytes by the
 * other's.
 */
export function refuseSharedObjects(images: readonly Image[]): void {
  const owners = new Map<string, Image>()
  const defects = new DefectList()
  for (const image of images) {
    const { name, file, line, column, shortname, format, latestUrl } = image
    if (shortname === undefined) continue
    const first = owners.get(`${shortname}.${format}`) ?? image
    owners.set(`${shortname}.${format}`, first)
    if (first.latestUrl === latestUrl) continue
    const message = `${name} would have the same object on the mirror as ${first.name} (${formatPlace({ file: first.file, line: first.line })}): both are named ${shortname} and stored as ${format}`
    const remedy = 'Give each of them a shortname of its own'
    defects.add(() => new UpdaterError('CATALOG_TYPE', message, { place: { file, line, column }, remedy }))
  }
  throwDefects(defects.all)
}

/** Applies edits to one file. It is never called while an earlier call is unsettled. */
type Apply = (edits: readonly VersionEdit[]) => Promise<EditResult>

export type EditResult = Pick<AppliedEdits, 'before' | 'after' | 'failed'>

/** The edits are planned on the file as it is now, and none is written. */
function tryOn(path: string): Apply {
  return async (edits) => {
    const before = await readText(path)
    return { before, after: before, failed: editEach(path, before, edits).failed }
  }
}

/** Each edit is planned upon the one before, and none is written. */
function planOnly(path: string, text: string): Apply {
  let current = text
  return async (edits) => {
    const before = current
    const { text: after, failed } = editEach(path, before, edits)
    current = after
    return { before, after, failed }
  }
}

/** Writes the edits of one catalogue file: those that come while others are written go together. */
export class FileWriter {
  /** The text before the first and after the last applied edit. */
  change: { readonly before: string; readonly after: string } | undefined
  readonly #apply: Apply
  #waiting: VersionEdit[] = []
  /** Settles when no edit is being written. */
  #written: Promise<unknown> = Promise.resolve()
  /** Errors of the next batch, by edit. */
  #next: Promise<ReadonlyMap<VersionEdit, unknown>> | undefined

  constructor(apply: Apply) {
    this.#apply = apply
  }

  /** Settles when the edit is applied, or rejects if it cannot be. */
  async write(edit: VersionEdit): Promise<void> {
    this.#waiting.push(edit)
    this.#next ??= this.#written.then(() => this.#applyWaiting())
    const errors = await this.#next
    if (errors.has(edit)) throw errors.get(edit)
  }

  async #applyWaiting(): Promise<ReadonlyMap<VersionEdit, unknown>> {
    const edits = this.#waiting
    this.#waiting = []
    this.#next = undefined
    const applied = this.#apply(edits)
    this.#written = applied.catch(() => undefined)
    const { before, after, failed } = await applied
    this.change = { before: this.change?.before ?? before, after }
    return new Map(failed.map(({ edit, error }) => [edit, error]))
  }
}
