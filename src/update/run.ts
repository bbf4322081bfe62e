import { createDiscovery } from '../discovery/find-newest.ts'
import type { Listener } from '../events.ts'
import type { Image } from '../image.ts'
import type { ImageOutcome, OutcomeValues, RunReport } from '../report/schemas.ts'
import { reportedValues, summarize } from '../report/update.ts'
import type { RunContext } from '../run/context.ts'
import { describeMirror, noStore, type OpenedStore, openMirror } from '../run/mirror.ts'
import {
  begin,
  createRun,
  endInOrder,
  errorOf,
  heldUntil,
  outcomeError,
  secondsSince,
  skipReason,
  tellOf,
} from '../run/run.ts'
import { openCatalogue } from './catalogue.ts'
import type { UpdateRun } from './context.ts'
import type { UpdateOptions } from './options.ts'
import { settle } from './settings.ts'
import { type Progress, updateImage } from './update-image.ts'

/**
 * See `updateCatalogue`. The distributions are asked while the store is: what they say is told, and anything done
 * with it, once the store is known to be usable.
 */
export async function runUpdate(options: UpdateOptions, context: RunContext = {}): Promise<RunReport> {
  const settings = settle(options)
  const refused = new AbortController()
  const { signal: given = refused.signal } = context
  const beginning = begin({ ...context, signal: AbortSignal.any([given, refused.signal]) })
  const { startedAt, signal, note, http } = beginning
  const mirror = describeMirror(settings.mirror, http)
  const catalogue = await openCatalogue(settings)
  let opened: OpenedStore = noStore
  try {
    if (!settings.dryRun) opened = await openMirror(mirror, catalogue.images, signal, note)
    const { store, ready, tidied } = opened
    ready.catch((error: unknown) => refused.abort(error))
    const onEvent = heldUntil(ready, beginning.onEvent)
    onEvent({ type: 'run-start', images: catalogue.images.length })
    const run: UpdateRun = {
      ...createRun(settings, beginning, mirror, store),
      ready,
      discovery: createDiscovery(settings, { http, signal, dryRun: settings.dryRun }),
      write: (file, edit) => catalogue.write(file, edit),
    }
    const images = await Promise.all(
      catalogue.images.map((image, ordinal) => runImage(image, ordinal, run, onEvent)),
    )
    await ready
    await tidied
    return {
      schema_version: 1,
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: settings.dryRun,
      summary: summarize(images),
      images,
      changes: await catalogue.changes(),
      errors: [],
    }
  } finally {
    refused.abort()
    await endInOrder([() => opened.store?.close(), () => http.close(), () => catalogue.release()], note)
  }
}

async function runImage(
  image: Image,
  ordinal: number,
  run: UpdateRun,
  onEvent: Listener,
): Promise<ImageOutcome> {
  const {
    about: { warnings, ...about },
    step,
  } = tellOf(image, ordinal, onEvent)
  const reason = skipReason(image, run.settings.includeDisabled)
  if (reason !== undefined) {
    if (run.settings.names.length > 0) step({ type: 'left-alone', reason })
    step({ type: 'done', status: 'skipped' })
    return { ...about, status: 'skipped', reason, warnings }
  }
  const progress: Progress = {}
  const [version] = image.versions
  const previous = version && reportedValues(version)
  try {
    await updateImage({ image, run, step, progress })
    const changed = run.settings.dryRun ? 'would-update' : 'updated'
    const status = progress.changed === true ? changed : 'up-to-date'
    step({ type: 'done', status })
    return { ...about, status, ...told(progress, previous), warnings }
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    step({ type: 'failed', error })
    step({ type: 'done', status: 'failed' })
    return {
      ...about,
      status: 'failed',
      ...told(progress, previous),
      warnings,
      error: outcomeError(error, image),
    }
  }
}

function told({ resolver, trust, current, mirror }: Progress, previous: OutcomeValues | undefined) {
  return { resolver, trust, previous, current: current && reportedValues(current), mirror }
}
