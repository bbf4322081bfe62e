import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { compressionOfUrl, isUnpacked } from '../discovery/file-url.ts'
import { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { statusOf } from '../http/failure.ts'
import { formatDigest, type Image, type ImageVersion, parseDigest, sameDigest } from '../image.ts'
import { countStatuses } from '../report/quantities.ts'
import { reportedError } from '../report/refusal.ts'
import type { MirroredVersion, MirrorReport, UnmirroredReason } from '../report/schemas.ts'
import { type Kept, keepOnMirror, replaceOnMirror, type WantedFile, writeSums } from '../run/bring.ts'
import { hashFile } from '../run/hash.ts'
import { NamedObjects, sharedObject } from '../run/named.ts'
import { type RunOptions, settleRun } from '../run/options.ts'
import { askPublic } from '../run/public-state.ts'
import { findReaders } from '../run/readers.ts'
import {
  begin,
  endInOrder,
  errorOf,
  limited,
  openMirror,
  type Run,
  type RunContext,
  secondsSince,
  type Task,
  tellOf,
} from '../run/run.ts'
import {
  type Address,
  baseOf,
  keyOfUrl,
  keyPrefixOf,
  type MirrorOptions,
  placeOptions,
} from '../stores/kinds.ts'
import { folderOfKey, kindOfKey } from '../stores/naming.ts'
import { type Correction, correctChecksums } from './correct.ts'

/**
 * Brings every version of the catalogue that has a `mirror_url` and is missing on the mirror there, from its `url`,
 * verified against its `checksum`. One version's failure stands in the report and never stops the others; a
 * `mirror_url` of another mirror is left alone. All that is ever written to a catalogue file is the checksum of an
 * unpacked object, where that of the packed file stands.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_* if the run cannot begin; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function mirrorCatalogue(
  options: RunOptions = {},
  context: RunContext = {},
): Promise<MirrorReport> {
  const settings = settleRun(options)
  if (settings.mirror.kind === 'none') {
    throw new UpdaterError('CONFIGURATION', 'There is no mirror to bring images to', {
      remedy: 'Name an object store or --mirror-dir, and leave out --no-mirror',
    })
  }
  const beginning = begin(context, settings)
  const { startedAt, signal, onEvent, note, http } = beginning
  try {
    const files = await readCatalog(settings.images)
    const images = selectImages(files, settings.names)
    const taken = images.filter(({ enable }) => enable || settings.includeDisabled)
    const wanted = taken.flatMap((image) =>
      image.versions.flatMap((version, position): NamedVersion[] => {
        const { mirrorUrl } = version
        return mirrorUrl === undefined ? [] : [{ image, version, position, mirrorUrl }]
      }),
    )
    const opened = await openMirror(settings, taken, beginning)
    await opened.ready
    const readers = findReaders(opened.store, settings, taken, beginning)
    onEvent({ type: 'run-start', images: wanted.length })
    const run: MirrorRun = {
      ...{ settings, signal, http, note, onEvent, store: opened.store, readers },
      named: new NamedObjects(
        files.flatMap((file) => file.images),
        settings.mirror,
      ),
      checking: limited(settings.jobs, signal, settings.timeout),
      transferring: limited(settings.transfers, signal),
      owners: new Map(),
    }
    const brought = await Promise.all(wanted.map((one, ordinal) => mirrorVersion(one, ordinal, run)))
    const { versions, changes } = await correctAll(brought, run)
    await writeAllSums(versions, run)
    await opened.tidied
    if (versions.length > 0 && versions.every(({ status }) => status === 'foreign')) {
      note('warning', nothingHere(versions.length, settings.mirror))
    }
    const statuses = versions.map(({ status }) => status)
    const counts = countStatuses(statuses, 'present', 'stored', 'would_store', 'foreign', 'failed')
    return {
      schema_version: 1,
      command: 'mirror',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: settings.dryRun,
      summary: { versions: versions.length, ...counts },
      versions,
      changes,
      errors: [(await readers.failure()) ?? []].flat().map((error) => reportedError(error)),
    }
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

interface MirrorRun extends Run {
  readonly onEvent: Listener
  /** By key: the first version that names it. */
  readonly owners: Map<string, NamedVersion>
}

interface NamedVersion {
  readonly image: Image
  readonly version: ImageVersion
  /** In the image's `versions`, from 0. */
  readonly position: number
  readonly mirrorUrl: string
}

interface BroughtVersion {
  readonly image: Image
  readonly outcome: MirroredVersion
  readonly correction?: Correction | undefined
}

/** Corrects the catalogue once all that it names is there. A version whose checksum cannot be corrected has failed. */
async function correctAll(brought: readonly BroughtVersion[], { settings, signal, note }: MirrorRun) {
  const corrections = brought.flatMap(({ correction }) => correction ?? [])
  const { dryRun, lockDir, wait } = settings
  const { changes, failures } = await correctChecksums(corrections, { dryRun, lockDir, wait, signal, note })
  const versions = brought.map(({ image, outcome, correction }): MirroredVersion => {
    const error = correction && failures.get(correction)
    if (error === undefined) return outcome
    return { ...outcome, status: 'failed', reason: 'other', error: reportedError(error, image) }
  })
  return { versions, changes }
}

const doneStatus = { present: 'up-to-date', stored: 'updated', 'would-store': 'would-update' } as const

/** Brings one version to its address, if it is missing there. Whatever is thrown on it is its outcome. */
async function mirrorVersion(wanted: NamedVersion, ordinal: number, run: MirrorRun): Promise<BroughtVersion> {
  const { image, version, position, mirrorUrl } = wanted
  const { about, warnings, tell } = tellOf(image, ordinal, run.onEvent)
  const told = { ...about, version: version.version, url: version.url, mirror_url: mirrorUrl }
  let address: Address | undefined
  try {
    const key = keyOfUrl(run.settings.mirror, mirrorUrl)
    address = key === undefined ? undefined : { key, url: mirrorUrl }
    if (address === undefined) {
      tell({ type: 'mirror-foreign', url: mirrorUrl })
      tell({ type: 'done', status: 'skipped' })
      return { image, outcome: { ...told, status: 'foreign', warnings } }
    }
    const { key: object } = address
    const owner = run.owners.get(object) ?? wanted
    run.owners.set(object, owner)
    if (owner.version.checksum !== version.checksum) throw sharedObject(object, { by: claimOf(owner) })
    const file = fileOf(image, version)
    tell({ type: 'checking', version: version.version })
    const task = { image, run, tell }
    const kept = await keepOnMirror(task, file, address)
    const { mirror, name } = kept.mirror.status === 'present' ? await look(task, wanted, file, kept) : kept
    const { status, bytes, seconds } = mirror
    if (status === 'would-store') await run.checking((signal) => run.http.facts(file.url, { signal }))
    if (name !== undefined) tell({ type: 'warning', message: correctionOf(version, run.settings.dryRun) })
    tell({ type: 'done', status: doneStatus[status] })
    const after = name && { checksum: formatDigest(name) }
    const edit = after && { index: image.index, name: image.name, before: version, after, position }
    return {
      image,
      outcome: { ...told, status, object, bytes, seconds, warnings },
      correction: edit && { file: image.file, edit },
    }
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    tell({ type: 'done', status: 'failed' })
    const [object, reason] = [address?.key, reasonOf(error)]
    const failed = { status: 'failed', object, warnings, reason, error: reportedError(error, image) } as const
    return { image, outcome: { ...told, ...failed } }
  }
}

/**
 * Sees to it that users of the cloud can have an object that was there. With a full verification its bytes are read: a
 * record tells what was stored, not what lies there today. Where they are not those of the catalogue, they are replaced.
 * @throws UpdaterError PUBLIC_*, and what `replaceOnMirror` throws
 */
async function look(
  task: Task,
  { version, mirrorUrl }: NamedVersion,
  file: WantedFile,
  kept: Kept,
): Promise<Kept> {
  const { run, tell } = task
  const { dryRun, checkPublic, verify, maxImageSize } = run.settings
  const { failure } = await run.checking(() => askPublic(version, { ...run, checkPublic }))
  if (failure !== undefined && !dryRun) throw failure
  const expected = kept.name ?? file.content ?? file.digest
  if (failure !== undefined || verify !== 'full' || expected === undefined) return kept
  const hashing = { algorithms: [expected.algorithm], maxImageSize }
  const found = (await run.transferring(() => hashFile(mirrorUrl, hashing, run))).file
  if (found.some((one) => sameDigest(one, expected))) return kept
  const { object = '' } = kept.mirror
  const digests = found.map(formatDigest).join()
  const message = `The bytes of ${object} on the mirror have ${digests}, not ${formatDigest(expected)}`
  tell({ type: 'warning', message })
  if (dryRun) return { mirror: { status: 'would-store', object } }
  return replaceOnMirror(task, file, { key: object, url: mirrorUrl })
}

function correctionOf({ version = '' }: ImageVersion, dryRun: boolean): string {
  const done = dryRun ? 'would become' : 'becomes'
  return `The checksum of version ${version} is that of the packed file: it ${done} that of the object`
}

/** @throws UpdaterError CATALOG_TYPE if the entry has no url or no checksum */
function fileOf(image: Image, entry: ImageVersion): WantedFile {
  const { version = '', url, checksum } = entry
  const about = `The version ${version === '' ? '' : `${version} `}of ${image.name}`
  if (url === undefined) {
    throw new UpdaterError('CATALOG_TYPE', `${about} has no url that it could be brought from`, {
      remedy: 'Add the url of its file',
    })
  }
  const digest = parseDigest(checksum ?? '')
  if (digest === undefined) {
    throw new UpdaterError('CATALOG_TYPE', `${about} has no checksum that its bytes could be compared with`, {
      remedy: "Write the distribution's checksum of its file as algorithm:hex",
    })
  }
  if (!isUnpacked(entry)) return { url, digest }
  const { algorithm } = digest
  return { url, digest: undefined, content: digest, algorithm, compression: compressionOfUrl(url) }
}

/** Why a version could not be brought to the mirror. */
function reasonOf(error: UpdaterError): UnmirroredReason {
  if (error.code === 'DIGEST_MISMATCH') return 'mismatch'
  return [404, 410].includes(statusOf(error) ?? 0) && error.code === 'HTTP_STATUS' ? 'source-gone' : 'other'
}

function nothingHere(count: number, mirror: MirrorOptions): string {
  const what = count === 1 ? 'The only mirror_url does not begin' : `None of the ${count} mirror_urls begins`
  return `${what} with ${baseOf(mirror)}/, as those of this mirror do: nothing was brought. Check ${placeOptions(mirror)}`
}

function claimOf({ image, version }: NamedVersion): string {
  return `version ${version.version ?? ''} of ${image.name}`
}

/**
 * Writes SHA256SUMS in every folder, also if nothing was stored: an earlier run may have ended before it came to that.
 * An abort ends it early; the report is made all the same.
 */
async function writeAllSums(versions: readonly MirroredVersion[], run: Run): Promise<void> {
  const keyPrefix = keyPrefixOf(run.settings.mirror)
  const keys = versions
    .flatMap(({ object, status }) => (status === 'stored' || status === 'present' ? (object ?? []) : []))
    .filter((key) => kindOfKey(key, keyPrefix) === 'final')
  const folders = [...new Set(keys.map(folderOfKey))]
  const storedIn = (folder: string) => keys.filter((key) => folderOfKey(key) === folder)
  await Promise.allSettled(
    folders.map(async (folder) => {
      for (const message of await writeSums(run, folder, storedIn(folder))) run.note('warning', message)
    }),
  )
}
