import { asUpdaterError, UpdaterError } from '../errors.ts'
import { readText } from '../http/text.ts'
import type { HttpClient } from '../http/types.ts'
import { redactUrl } from '../http/url.ts'
import type { Author, Remote } from './git.ts'
import type { Proposal } from './proposals.ts'

/** A pull or merge request that is open. */
export interface OpenRequest {
  readonly number: number
  /** For people. */
  readonly url: string
}

/** GitHub or GitLab. All methods throw UpdaterError PROPOSAL_FAILED. */
export interface Forge {
  readonly remote: Remote
  readonly author: Author
  find(branch: string): Promise<OpenRequest | undefined>
  open(proposal: Proposal): Promise<OpenRequest>
  update(request: OpenRequest, proposal: Proposal): Promise<OpenRequest>
}

/** Where a forge is, and which branch shall take the changes. */
export interface ForgeOptions {
  readonly kind: 'github' | 'gitlab'
  /** `https://api.github.com`, or what ends in `/api/v4`. */
  readonly api: string
  /** `owner/name`, or the number of a project. */
  readonly repository: string
  readonly token: string
  readonly base: string
  /** What is pushed to: a remote's name or a URL without credentials. Default: `origin`. */
  readonly remote?: string | undefined
}

const answerLimit = 4 * 1024 * 1024

/** One request to the API; its answer is JSON. */
export async function askForge(
  http: HttpClient,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  value?: unknown,
): Promise<unknown> {
  try {
    const answer = await http.send(method, url, {
      redirects: 0,
      headers: value === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: value === undefined ? undefined : JSON.stringify(value),
    })
    const text = await readText(answer, answerLimit)
    if (answer.status >= 200 && answer.status < 300) return JSON.parse(text)
    throw refused(`${method} ${redactUrl(url)} answered ${answer.status}: ${reasonIn(text)}`, answer.status)
  } catch (thrown) {
    const cause = asUpdaterError(thrown)
    if (cause.code === 'PROPOSAL_FAILED') throw cause
    throw new UpdaterError('PROPOSAL_FAILED', cause.message, {
      remedy: cause.remedy ?? 'Run it again',
      cause,
    })
  }
}

function refused(message: string, status: number): UpdaterError {
  const remedy =
    status === 401 || status === 403
      ? 'Give the token the rights to write contents and pull requests; on GitHub, also allow Actions to create pull requests in the settings'
      : 'Look at the repository, the base branch and the token'
  return new UpdaterError('PROPOSAL_FAILED', message, { remedy })
}

/** What the forge says in the body of an error. */
function reasonIn(text: string): string {
  try {
    const { message, error, errors } = JSON.parse(text) as Record<string, unknown>
    return [message, error, errors]
      .filter((part) => part !== undefined)
      .map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
      .join(' ')
      .slice(0, 500)
  } catch {
    return text.slice(0, 200)
  }
}
