import { setMaxListeners } from 'node:events'
import pLimit, { type LimitFunction } from 'p-limit'
import { createSignatureCheck } from '../discovery/signature.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { ImageStep, Listener } from '../events.ts'
import { createHttpClient } from '../http/client.ts'
import { askOnce } from '../http/once.ts'
import type { Policy } from '../http/policy.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import { type ImageOutcome, type RunReport, summarize } from '../report/outcome.ts'
import type { Store } from '../stores/store.ts'
import { version } from '../version.ts'
import { type OpenCatalogue, openCatalogue } from './catalogue.ts'
import type { Run } from './context.ts'
import { describeMirror, type Mirror } from './open-mirror.ts'
import type { UpdateOptions } from './options.ts'
import { skipReason } from './plan.ts'
import { type Settings, settle } from './settings.ts'
import { type Progress, updateImage } from './update-image.ts'

export interface RunContext {
  /** Ends the run early: uploads are aborted, every catalogue file is whole. */
  readonly signal?: AbortSignal | undefined
  /** What it throws is told as a process warning, and the run goes on. */
  readonly onEvent?: Listener | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/**
 * Brings the catalogue up to date: for each selected image the newest build is found, its verified bytes
 * are brought to the mirror, and the catalogue file is rewritten. One image's failure is told in the
 * report and never stops the others.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_* where nothing could be begun; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function updateCatalogue(options: UpdateOptions, context: RunContext = {}): Promise<RunReport> {
  const settings = settle(options)
  const startedAt = new Date()
  const { signal = new AbortController().signal } = context
  setMaxListeners(0, signal)
  const onEvent = guarded(context.onEvent)
  const note: Run['note'] = (level, message) => onEvent({ type: 'note', level, message })
  const http = createHttpClient({
    version: version(),
    policy: context.httpPolicy,
    note: (message) => note('debug', message),
  })
  const mirror = describeMirror(settings.mirror, http)
  const catalogue = await openCatalogue(settings)
  let store: Store | undefined
  try {
    store = settings.dryRun ? undefined : await readyStore(mirror, signal, note)
    onEvent({ type: 'run-start', images: catalogue.images.length })
    const run = createRun(settings, { catalogue, http, mirror, store, signal, note })
    const images = await Promise.all(
      catalogue.images.map((image, ordinal) => runImage(image, ordinal, run, onEvent)),
    )
    return {
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      dryRun: settings.dryRun,
      summary: summarize(images),
      images,
      changes: catalogue.changes(),
    }
  } finally {
    for (const close of [() => store?.close(), () => http.close(), () => catalogue.release()]) {
      try {
        await close()
      } catch (error) {
        note('warning', `The run could not end in order: ${asUpdaterError(error).message}`)
      }
    }
  }
}

/** A listener that cannot end the run. */
function guarded(listener: Listener = () => {}): Listener {
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
}

const day = 24 * 60 * 60 * 1000

/** The store, proven to be usable and free of uploads that earlier runs left behind. */
async function readyStore(
  mirror: Mirror,
  signal: AbortSignal,
  note: Run['note'],
): Promise<Store | undefined> {
  const store = await mirror.open()
  if (store === undefined) return undefined
  await store.ready(signal)
  try {
    const stale = await store.abortStale(mirror.keyPrefix, new Date(Date.now() - day), signal)
    if (stale > 0) note('info', `Removed ${stale} unfinished uploads of earlier runs`)
  } catch (error) {
    note('warning', `Unfinished uploads could not be looked for: ${asUpdaterError(error).message}`)
  }
  return store
}

interface Shared {
  readonly catalogue: OpenCatalogue
  readonly http: HttpClient
  readonly mirror: Mirror
  readonly store: Store | undefined
  readonly signal: AbortSignal
  readonly note: Run['note']
}

function createRun(settings: Settings, shared: Shared): Run {
  const { catalogue, http, mirror, store, signal, note } = shared
  const asked = askOnce(http)
  const { signatures: policy, keyring } = settings
  const signatures = policy === 'off' ? undefined : createSignatureCheck({ policy, keyring, http: asked })
  const limited =
    (limit: LimitFunction) =>
    <T>(task: () => Promise<T>) =>
      limit(() => {
        signal.throwIfAborted()
        return task()
      })
  return {
    settings,
    signal,
    http,
    store,
    place: (image, version) => mirror.place(image, version),
    discovery: (step) => ({ http: asked, signal, tell: step, signatures }),
    checking: limited(pLimit(settings.jobs)),
    transferring: limited(pLimit(settings.transfers)),
    write: (file, edit) => catalogue.write(file, edit),
    note,
  }
}

async function runImage(image: Image, ordinal: number, run: Run, onEvent: Listener): Promise<ImageOutcome> {
  const { file, name, shortname } = image
  const warnings: string[] = []
  const step = (step: ImageStep) => {
    if (step.type === 'warning') warnings.push(step.message)
    onEvent({ type: 'image', image: { ordinal, file, name, shortname }, step })
  }
  const about = { file, line: image.line, name, shortname, warnings }
  const reason = skipReason(image, run.settings.includeDisabled)
  if (reason !== undefined) {
    if (run.settings.names.length > 0) step({ type: 'left-alone', reason })
    step({ type: 'done', status: 'skipped' })
    return { ...about, status: 'skipped', reason }
  }
  const progress: Progress = {}
  const [previous] = image.versions
  try {
    await updateImage({ image, run, step, progress })
    const changed = run.settings.dryRun ? 'would-update' : 'updated'
    const status = progress.changed === true ? changed : 'up-to-date'
    step({ type: 'done', status })
    return { ...about, status, ...told(progress), previous }
  } catch (thrown) {
    const error = run.signal.aborted ? abortedError(thrown, run.signal) : asUpdaterError(thrown)
    step({ type: 'failed', error })
    step({ type: 'done', status: 'failed' })
    return { ...about, status: 'failed', ...told(progress), previous, error: outcomeError(error, image) }
  }
}

/** Whatever an abort's reason is, what it ended is told as aborted. */
function abortedError(thrown: unknown, { reason }: AbortSignal): UpdaterError {
  if (thrown instanceof UpdaterError) return thrown
  const why = reason instanceof Error ? reason.message : String(reason)
  return new UpdaterError('ABORTED', why, { cause: thrown })
}

function told({ resolver, trust, current, mirror }: Progress): Partial<ImageOutcome> {
  return { resolver, trust, current, mirror }
}

function outcomeError(error: UpdaterError, image: Image): ImageOutcome['error'] {
  const { code, message, remedy } = error
  const place = error.place ?? { file: image.file, line: image.line, column: image.column }
  return { code, message, remedy, place }
}
