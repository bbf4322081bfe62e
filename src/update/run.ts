import type { Listener } from '../events.ts'
import type { Image } from '../image.ts'
import { type ImageOutcome, type RunReport, summarize } from '../report/outcome.ts'
import type { RunContext } from '../run/context.ts'
import { describeMirror, readyStore } from '../run/mirror.ts'
import { begin, createRun, endInOrder, errorOf, outcomeError, secondsSince, tellOf } from '../run/run.ts'
import type { Store } from '../stores/store.ts'
import { openCatalogue } from './catalogue.ts'
import type { UpdateRun } from './context.ts'
import { createDiscovery } from './newest.ts'
import type { UpdateOptions } from './options.ts'
import { skipReason } from './plan.ts'
import { settle } from './settings.ts'
import { type Progress, updateImage } from './update-image.ts'

/** See `updateCatalogue`. */
export async function runUpdate(options: UpdateOptions, context: RunContext = {}): Promise<RunReport> {
  const settings = settle(options)
  const beginning = begin(context)
  const { startedAt, signal, onEvent, note, http } = beginning
  const mirror = describeMirror(settings.mirror, http)
  const catalogue = await openCatalogue(settings)
  let store: Store | undefined
  try {
    store = settings.dryRun ? undefined : await readyStore(mirror, catalogue.images, signal, note)
    onEvent({ type: 'run-start', images: catalogue.images.length })
    const run: UpdateRun = {
      ...createRun(settings, beginning, mirror, store),
      discovery: createDiscovery(settings, beginning, settings.dryRun),
      write: (file, edit) => catalogue.write(file, edit),
    }
    const images = await Promise.all(
      catalogue.images.map((image, ordinal) => runImage(image, ordinal, run, onEvent)),
    )
    return {
      startedAt: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dryRun: settings.dryRun,
      summary: summarize(images),
      images,
      changes: await catalogue.changes(),
    }
  } finally {
    await endInOrder([() => store?.close(), () => http.close(), () => catalogue.release()], note)
  }
}

async function runImage(
  image: Image,
  ordinal: number,
  run: UpdateRun,
  onEvent: Listener,
): Promise<ImageOutcome> {
  const { about, step } = tellOf(image, ordinal, onEvent)
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
    const error = errorOf(thrown, run.signal)
    step({ type: 'failed', error })
    step({ type: 'done', status: 'failed' })
    return { ...about, status: 'failed', ...told(progress), previous, error: outcomeError(error, image) }
  }
}

function told({ resolver, trust, current, mirror }: Progress): Partial<ImageOutcome> {
  return { resolver, trust, current, mirror }
}
