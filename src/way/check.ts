import { type CheckOptions, checkCatalogue as checkImages } from '../check/check.ts'
import type { CheckReport } from '../report/schemas.ts'
import { type RunContext, secondsSince } from '../run/run.ts'

/**
 * Says of each selected image how old the version in the catalogue is, whether the distribution has a newer
 * one, what the mirror's public URL answers, and how it stands in each `cloud`. It writes nothing, needs no credentials
 * but those of a reader of a cloud, and reads a read-only folder. One image's failure, or one cloud's, stands in the
 * report and never stops the others.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_*, CLOUD_CONFIGURATION if the run cannot begin. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function checkCatalogue(
  options: CheckOptions = {},
  context: RunContext = {},
): Promise<CheckReport> {
  const { cloud = [] }: CheckOptions = Object(options)
  if (cloud.length === 0) return checkImages(options, context)
  const { inspectClouds } = await import('../publish/inspect.ts')
  const failed = new AbortController()
  const { signal = failed.signal } = context
  const own = { ...context, signal: AbortSignal.any([signal, failed.signal]) }
  const endingBoth = (error: unknown) => {
    failed.abort(error)
    throw error
  }
  const checking = checkImages(options, own).catch(endingBoth)
  const inspecting = inspectClouds(options, own).catch(endingBoth)
  await Promise.allSettled([checking, inspecting])
  const [{ errors, ...report }, clouds] = await Promise.all([checking, inspecting])
  return { ...report, seconds: secondsSince(new Date(report.started_at)), clouds, errors }
}
