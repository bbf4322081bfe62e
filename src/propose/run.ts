import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/types.ts'
import { version } from '../package.ts'
import { parseReport } from '../report/parse.ts'
import type { Forge, ForgeOptions } from './forge.ts'
import { openRepository, type Repository } from './git.ts'
import type { ProposeOptions, ProposeOutcome } from './options.ts'
import { type Proposal, proposalsOf } from './proposals.ts'

export async function runPropose(options: ProposeOptions): Promise<ProposeOutcome[]> {
  const { forge: where, folder, branchPrefix = 'image-updater/', httpPolicy } = options
  const proposals = proposalsOf(await parseReport(options.report), branchPrefix)
  if (proposals.length === 0) return []
  const repository = await openRepository(folder)
  const { createHttpClient } = await import('../http/client.ts')
  const http = createHttpClient({ version: version(), policy: httpPolicy })
  const forge = await openForge(http, where)
  const outcomes: ProposeOutcome[] = []
  try {
    for (const proposal of proposals) {
      const { file, branch } = proposal
      try {
        outcomes.push({ file, branch, ...(await propose(proposal, repository, forge)) })
      } catch (thrown) {
        outcomes.push({ file, branch, status: 'failed', error: proposalError(thrown) })
      }
    }
  } finally {
    await http.close()
  }
  return outcomes
}

async function openForge(http: HttpClient, options: ForgeOptions): Promise<Forge> {
  if (options.kind === 'github') return (await import('./github.ts')).createGitHub(http, options)
  return (await import('./gitlab.ts')).createGitLab(http, options)
}

async function propose(
  proposal: Proposal,
  repository: Repository,
  forge: Forge,
): Promise<Pick<ProposeOutcome, 'status' | 'url'>> {
  const commit = await repository.commit(proposal.file, proposal.title, forge.author)
  if (commit === undefined) return { status: 'none' }
  await repository.push(commit, proposal.branch, forge.remote)
  const found = await forge.find(proposal.branch)
  if (found === undefined) return { status: 'opened', url: (await forge.open(proposal)).url }
  return { status: 'updated', url: (await forge.update(found, proposal)).url }
}

/** A forge that answers something else than its API says is no defect of this program. */
function proposalError(thrown: unknown): UpdaterError {
  const error = asUpdaterError(thrown)
  if (!(thrown instanceof Error) || thrown.name !== 'ZodError') return error
  return new UpdaterError('PROPOSAL_FAILED', 'The forge answered something that is not of its API', {
    remedy: 'Check the address of the API',
    cause: thrown,
  })
}
