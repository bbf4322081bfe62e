import type { CatalogFile } from '../catalog/parse.ts'
import { createDiscovery } from '../discovery/find-newest.ts'
import { assertOptions } from '../options.ts'
import { reportedError } from '../report/refusal.ts'
import type { RunReport } from '../report/schemas.ts'
import { summarize } from '../report/update.ts'
import { settleUpdate, type UpdateOptions } from '../run/options.ts'
import { findReaders } from '../run/readers.ts'
import {
  begin,
  endInOrder,
  heldUntil,
  limited,
  openMirror,
  type RunContext,
  secondsSince,
} from '../run/run.ts'
import { createSignatureMemory } from '../run/signed-before.ts'
import { openCatalogue } from './catalogue.ts'
import { markUnnamed } from './marks.ts'
import type { UpdateRun } from './task.ts'
import { updateImage } from './update-image.ts'

/** What an update has done. */
export interface Updated {
  readonly report: RunReport
  /** The files as they stand now, or (dry run) would. */
  readonly files: readonly Pick<CatalogFile, 'path' | 'text'>[]
}

/**
 * Brings the catalogue up to date: for each selected image the newest build is found, its verified bytes
 * are brought to the mirror, and the catalogue file is rewritten. One image's failure stands in the
 * report and never stops the others. The distributions and the store are asked at the same time; the answers of the
 * distributions count once the store has proven usable.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, STORE_* if the run cannot begin; nothing was
 * changed then. Several defects of a catalogue come as an `AggregateError` in `cause`.
 */
export async function updateImages(options: UpdateOptions = {}, context: RunContext = {}): Promise<Updated> {
  const settings = settleUpdate(options)
  const { dryRun } = settings
  const refused = new AbortController()
  assertOptions(context, 'The context')
  const { signal: given = refused.signal } = context
  const beginning = begin({ ...context, signal: AbortSignal.any([given, refused.signal]) }, settings)
  const { startedAt, signal, note, http } = beginning
  const catalogue = await openCatalogue(settings, beginning)
  try {
    const { store, ready, tidied } = await openMirror(settings, catalogue.images, beginning)
    const readers = findReaders(store, settings, catalogue.images, beginning)
    ready.catch((error: unknown) => refused.abort(error))
    const onEvent = heldUntil(ready, beginning.onEvent)
    onEvent({ type: 'run-start', images: catalogue.images.length })
    const run: UpdateRun = {
      ...{ settings, signal, http, note, store, readers, ready, onEvent, catalogue, named: catalogue.named },
      checking: limited(settings.jobs, signal, settings.timeout),
      transferring: limited(settings.transfers, signal),
      signatureMemory: createSignatureMemory(beginning.memory, startedAt),
      discovery: createDiscovery(settings, { http, signal, now: startedAt, dryRun }),
    }
    const images = await Promise.all(
      catalogue.images.map((image, ordinal) => updateImage(image, ordinal, run)),
    )
    await ready
    if (!dryRun) await run.signatureMemory.keep()
    await markUnnamed(catalogue.change(), run, startedAt)
    await tidied
    const report: RunReport = {
      schema_version: 1,
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      dry_run: dryRun,
      summary: summarize(images),
      images,
      changes: await catalogue.changes(),
      errors: [(await readers.failure()) ?? []].flat().map((error) => reportedError(error)),
    }
    return { report, files: catalogue.change().after }
  } finally {
    refused.abort()
    await endInOrder([() => http.close(), () => catalogue.release()], note)
  }
}
