import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { UpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import type { Image, ImageVersion } from '../image.ts'
import type { MirroredVersion, MirrorReport } from '../report/schemas.ts'
import type { Place, Run, RunContext } from '../run/context.ts'
import { listDigests } from '../run/list-digests.ts'
import { describeMirror, type Mirror, noStore, type OpenedStore, openMirror } from '../run/mirror.ts'
import type { RunOptions } from '../run/options.ts'
import { begin, createRun, endInOrder, errorOf, outcomeError, secondsSince, tellOf } from '../run/run.ts'
import { settleRun } from '../run/settings.ts'
import { baseOf, type MirrorOptions, placeOptions } from '../stores/kinds.ts'
import { folderOfKey, kindOfKey } from '../stores/naming.ts'
import { mirrorVersion, reasonOf } from './mirror-version.ts'

/** See `mirrorCatalogue`. */
export async function runMirror(options: RunOptions, context: RunContext): Promise<MirrorReport> {
  const settings = settleRun(options)
  if (settings.mirror.kind === 'none') {
    throw new UpdaterError('CONFIGURATION', 'There is no mirror to bring images to', {
      remedy: 'Name an object store or --mirror-dir, and leave out --no-mirror',
    })
  }
  const beginning = begin(context)
  const { startedAt, signal, onEvent, note, http } = beginning
  let opened: OpenedStore = noStore
  try {
    const mirror = describeMirror(settings.mirror, http)
    const images = selectImages(await readCatalog(settings.images), settings.names)
    const taken = images.filter(({ enable }) => enable || settings.includeDisabled)
    const wanted = taken.flatMap((image) => image.versions.flatMap((version) => named(image, version)))
    if (!settings.dryRun) opened = await openMirror(mirror, taken, signal, note)
    await opened.ready
    onEvent({ type: 'run-start', images: wanted.length })
    const run = createRun(settings, beginning, mirror, opened.store)
    const owners = new Map<string, NamedVersion>()
    const versions = await Promise.all(
      wanted.map((one, ordinal) => runVersion({ ...one, ordinal, run, mirror, owners, onEvent })),
    )
    await listAll(versions, run)
    await opened.tidied
    if (versions.length > 0 && versions.every(({ status }) => status === 'foreign')) {
      note('warning', nothingHere(versions.length, settings.mirror))
    }
    return {
      schema_version: 1,
      command: 'mirror',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: settings.dryRun,
      summary: summarize(versions),
      versions,
      errors: [],
    }
  } finally {
    await endInOrder([() => opened.store?.close(), () => http.close()], note)
  }
}

function summarize(versions: readonly MirroredVersion[]): MirrorReport['summary'] {
  const count = (status: MirroredVersion['status']) => versions.filter((one) => one.status === status).length
  return {
    versions: versions.length,
    present: count('present'),
    stored: count('stored'),
    would_store: count('would-store'),
    foreign: count('foreign'),
    failed: count('failed'),
  }
}

interface NamedVersion {
  readonly image: Image
  readonly version: ImageVersion
  readonly mirrorUrl: string
}

function named(image: Image, version: ImageVersion): NamedVersion[] {
  return version.mirrorUrl === undefined ? [] : [{ image, version, mirrorUrl: version.mirrorUrl }]
}

const doneStatus = { present: 'up-to-date', stored: 'updated', 'would-store': 'would-update' } as const

interface Asked extends NamedVersion {
  readonly ordinal: number
  readonly run: Run
  readonly mirror: Mirror
  /** By object: the first version that names it. */
  readonly owners: Map<string, NamedVersion>
  readonly onEvent: Listener
}

async function runVersion({
  image,
  version,
  mirrorUrl,
  ordinal,
  run,
  mirror,
  owners,
  onEvent,
}: Asked): Promise<MirroredVersion> {
  const { about, step } = tellOf(image, ordinal, onEvent)
  const { warnings, ...definition } = about
  const told = { ...definition, version: version.version, url: version.url, mirror_url: mirrorUrl }
  let place: Place | undefined
  try {
    place = mirror.placeOf(mirrorUrl)
    if (place === undefined) {
      step({ type: 'mirror-foreign', url: mirrorUrl })
      step({ type: 'done', status: 'skipped' })
      return { ...told, status: 'foreign', warnings }
    }
    const owner = owners.get(place.object) ?? { image, version, mirrorUrl }
    owners.set(place.object, owner)
    if (owner.version.checksum !== version.checksum) throw sharedObject(owner, place)
    const { status, bytes, seconds } = await mirrorVersion({ image, run, step }, version, place)
    step({ type: 'done', status: doneStatus[status] })
    return { ...told, status, object: place.object, bytes, seconds, warnings }
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    step({ type: 'failed', error })
    step({ type: 'done', status: 'failed' })
    const reason = reasonOf(error)
    return {
      ...told,
      status: 'failed',
      object: place?.object,
      warnings,
      reason,
      error: outcomeError(error, image),
    }
  }
}

function nothingHere(count: number, mirror: MirrorOptions): string {
  const what = count === 1 ? 'The only mirror_url does not begin' : `None of the ${count} mirror_urls begins`
  return `${what} with ${baseOf(mirror)}/, as those of this mirror do: nothing was brought. Check ${placeOptions(mirror)}`
}

/** Each run would replace the bytes of the one by those of the other. */
function sharedObject({ image, version }: NamedVersion, { object }: Place): UpdaterError {
  const other = `version ${version.version ?? ''} of ${image.name}`
  return new UpdaterError('CATALOG_TYPE', `${object} is named by ${other}, too, with another checksum`, {
    remedy: 'Correct the mirror_url of one of them',
  })
}

/**
 * Also where nothing was stored: an earlier run may have ended before it came to that. An abort ends it early, and
 * keeps nothing from being told.
 */
async function listAll(versions: readonly MirroredVersion[], run: Run): Promise<void> {
  const folders = new Map<string, string[]>()
  for (const { object, status } of versions) {
    if (object === undefined || (status !== 'stored' && status !== 'present')) continue
    if (kindOfKey(object, run.keyPrefix) !== 'final') continue
    const folder = folderOfKey(object)
    folders.set(folder, [...(folders.get(folder) ?? []), object])
  }
  await Promise.allSettled(
    [...folders].map(([folder, stored]) =>
      listDigests(run, folder, stored, (message) => run.note('warning', message)),
    ),
  )
}
