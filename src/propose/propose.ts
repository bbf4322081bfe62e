import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { HttpClient } from '../http/client.ts'
import type { Policy } from '../http/policy.ts'
import { text } from '../option.ts'
import { assertOptions, assertTyped } from '../options.ts'
import { parseReport } from '../report/json.ts'
import { type Forge, type ForgeOptions, forgeOf, offer } from './forge.ts'
import { changedFile, commitFile, failed, inRepository, pushCommit, type Repository } from './git.ts'
import { type Proposal, proposalsOf } from './proposals.ts'

export interface ProposeOptions {
  /** Not needed in a dry run. */
  readonly forge?: ForgeOptions | undefined
  /** The JSON report of a run (`schema/report.schema.json`). */
  readonly report: unknown
  /** A folder of the checkout that the run has changed. */
  readonly folder: string
  /** Before the name of every branch. Default: `image-updater/`. */
  readonly branchPrefix?: string | undefined
  /** Nothing is committed, pushed or asked. Default: false. */
  readonly dryRun?: boolean | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/** The result of one file's change. */
export interface ProposeOutcome {
  readonly file: string
  readonly branch: string
  readonly title: string
  /** `none`: the checkout's HEAD has this content already; `would-propose`: in a dry run. */
  readonly status: 'opened' | 'updated' | 'none' | 'failed' | 'would-propose'
  /** Of the request, for people. */
  readonly url?: string | undefined
  readonly error?: UpdaterError | undefined
}

/**
 * Opens one pull or merge request for each file that a run has changed, or brings the one that is open up
 * to date. One file's failure never stops the others.
 * @throws UpdaterError USAGE (no report), PROPOSAL_FAILED (no git repository)
 */
export async function proposeChanges(options: ProposeOptions): Promise<ProposeOutcome[]> {
  assertOptions(options)
  const { forge: where, folder, branchPrefix = 'image-updater/', httpPolicy: policy } = options
  const proposals = proposalsOf(await parseReport(options.report), branchPrefix)
  if (!options.dryRun) assertOptions(where, 'The options of the forge')
  assertTyped('folder', text(), folder ?? 0)
  if (proposals.length === 0) return []
  return inRepository(folder, (repository) => {
    if (options.dryRun) return Promise.all(proposals.map((proposal) => plan(proposal, repository)))
    if (where === undefined) throw failed('No forge is named', { remedy: 'Name one as forge' })
    return proposeEach(proposals, repository, forgeOf(where), policy)
  })
}

async function proposeEach(
  proposals: readonly Proposal[],
  repository: Repository,
  forge: Forge,
  policy: Partial<Policy> | undefined,
): Promise<ProposeOutcome[]> {
  const http = new HttpClient({ policy })
  const outcomes: ProposeOutcome[] = []
  try {
    for (const proposal of proposals) outcomes.push(await propose(proposal, repository, forge, http))
  } finally {
    await http.close()
  }
  return outcomes
}

async function plan({ file, branch, title }: Proposal, repository: Repository): Promise<ProposeOutcome> {
  try {
    const changed = await changedFile(repository, file)
    return { file, branch, title, status: changed === undefined ? 'none' : 'would-propose' }
  } catch (thrown) {
    return { file, branch, title, status: 'failed', error: asUpdaterError(thrown) }
  }
}

async function propose(
  proposal: Proposal,
  repository: Repository,
  forge: Forge,
  http: HttpClient,
): Promise<ProposeOutcome> {
  const { file, branch, title } = proposal
  try {
    const commit = await commitFile(repository, file, title, forge.author)
    if (commit === undefined) return { file, branch, title, status: 'none' }
    await pushCommit(repository, commit, branch, forge.remote)
    return { file, branch, title, ...(await offer(http, forge, proposal)) }
  } catch (thrown) {
    return { file, branch, title, status: 'failed', error: asUpdaterError(thrown) }
  }
}
