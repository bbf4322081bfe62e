import type { ProposeOptions, ProposeOutcome } from './options.ts'

/**
 * Opens one pull or merge request for each file that a run has changed, or brings the one that is open up
 * to date. One file's failure never stops the others.
 * @throws UpdaterError USAGE (no report), PROPOSAL_FAILED (no git repository)
 */
export async function proposeChanges(options: ProposeOptions): Promise<ProposeOutcome[]> {
  const { runPropose } = await import('./run.ts')
  return runPropose(options)
}
