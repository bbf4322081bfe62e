import type { LifecycleReport } from '../report/lifecycle.ts'
import type { LifecycleContext, LifecycleOptions } from './options.ts'

/**
 * Compares the catalogue with the lives of its distributions' releases: which are past their end and still
 * enabled, which will soon be, and which supported ones it lacks. Dates that cannot be had are told in
 * `failures`, and those that ship with the program stand in.
 * @throws UpdaterError CATALOG_*, USAGE, CONFIGURATION, ABORTED: nothing was changed
 */
export async function checkLifecycle(
  options: LifecycleOptions,
  context: LifecycleContext = {},
): Promise<LifecycleReport> {
  const { runLifecycle } = await import('./run.ts')
  return runLifecycle(options, context)
}
