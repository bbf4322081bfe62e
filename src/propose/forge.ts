import { z } from 'zod'
import { asUpdaterError } from '../errors.ts'
import { readText } from '../http/answer.ts'
import type { HttpClient } from '../http/client.ts'
import { redactUrl } from '../http/url.ts'
import { type Author, failed, type Remote } from './git.ts'
import type { Proposal } from './proposals.ts'

/** The address of a forge's API, and the branch that the changes go to. */
export interface ForgeOptions {
  readonly kind: 'github' | 'gitlab'
  /** `https://api.github.com`, or a URL that ends in `/api/v4`. */
  readonly api: string
  /** `owner/name`, or the number of a project. */
  readonly repository: string
  readonly token: string
  readonly base: string
  /**
   * Branches are pushed there: an address without credentials, or a remote of the checkout, which has to lead to the
   * forge or by SSH. The token goes to the forge alone. Default: `origin`.
   */
  readonly remote?: string | undefined
}

/** A pull or merge request; its URL is for people. */
interface Request {
  readonly number: number
  readonly url: string
}

/** The differences between the forges. */
export interface Forge {
  readonly remote: Remote
  readonly author: Author
  /** All requests of the repository. */
  readonly requests: string
  readonly headers: Readonly<Record<string, string>>
  /** Finds the open request of a branch. */
  query(branch: string): Record<string, string>
  /** The body that opens a request, and the one that changes it. */
  opening(proposal: Proposal): object
  changing(proposal: Proposal): object
  readonly changeMethod: 'PATCH' | 'PUT'
  readonly request: z.ZodType<Request>
}

export function forgeOf(options: ForgeOptions): Forge {
  return options.kind === 'github' ? github(options) : gitlab(options)
}

/**
 * Opens a request for the branch of a proposal, or brings the one that is open up to date.
 * @throws UpdaterError PROPOSAL_FAILED
 */
export async function offer(
  http: HttpClient,
  forge: Forge,
  proposal: Proposal,
): Promise<{ readonly status: 'opened' | 'updated'; readonly url: string }> {
  const { requests, request, headers, changeMethod } = forge
  const query = new URLSearchParams(forge.query(proposal.branch))
  const [open] = await ask(http, z.array(request), 'GET', `${requests}?${query}`, headers)
  if (open === undefined) {
    const { url } = await ask(http, request, 'POST', requests, headers, forge.opening(proposal))
    return { status: 'opened', url }
  }
  const changed = `${requests}/${open.number}`
  const { url } = await ask(http, request, changeMethod, changed, headers, forge.changing(proposal))
  return { status: 'updated', url }
}

/** https://docs.github.com/en/rest/pulls/pulls */
function github({ api, repository, token, base, remote = 'origin' }: ForgeOptions): Forge {
  const [owner = ''] = repository.split('/')
  return {
    remote: {
      target: remote,
      server: serverOf(api).replace('//api.', '//'),
      header: basic('x-access-token', token),
    },
    author: {
      name: 'github-actions[bot]',
      email: '41898282+github-actions[bot]@users.noreply.github.com',
    },
    requests: `${api}/repos/${repository}/pulls`,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
    },
    query: (branch) => ({ state: 'open', head: `${owner}:${branch}`, base }),
    opening: ({ branch, title, body }) => ({ title, body, head: branch, base }),
    changing: ({ title, body }) => ({ title, body }),
    changeMethod: 'PATCH',
    request: z
      .object({ number: z.int(), html_url: z.string() })
      .transform(({ number, html_url: url }) => ({ number, url })),
  }
}

/** https://docs.gitlab.com/api/merge_requests/ */
function gitlab({ api, repository, token, base, remote = 'origin' }: ForgeOptions): Forge {
  return {
    remote: { target: remote, server: serverOf(api), header: basic('image-updater', token) },
    author: { name: 'image-updater', email: 'image-updater@localhost' },
    requests: `${api}/projects/${encodeURIComponent(repository)}/merge_requests`,
    headers: { accept: 'application/json', 'private-token': token },
    query: (branch) => ({ state: 'opened', source_branch: branch, target_branch: base }),
    opening: ({ branch, title, body: description }) => ({
      ...{ source_branch: branch, target_branch: base, title, description },
      remove_source_branch: true,
    }),
    changing: ({ title, body: description }) => ({ title, description }),
    changeMethod: 'PUT',
    request: z
      .object({ iid: z.int(), web_url: z.string() })
      .transform(({ iid: number, web_url: url }) => ({ number, url })),
  }
}

function serverOf(api: string): string {
  return new URL(api).origin
}

function basic(user: string, token: string): string {
  return `Authorization: Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`
}

const answerLimit = 4 * 1024 * 1024

async function ask<Answer>(
  http: HttpClient,
  schema: z.ZodType<Answer>,
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  value?: object,
): Promise<Answer> {
  try {
    const answer = await http.send(method, url, {
      redirects: 0,
      headers: value === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: value && JSON.stringify(value),
    })
    const text = await readText(answer, answerLimit)
    const { status } = answer
    if (status < 200 || status > 299) {
      throw failed(`${method} ${redactUrl(url)} answered ${status}: ${reasonIn(text)}`, {
        remedy:
          status === 401 || status === 403
            ? 'Give the token the rights to write contents and pull requests; on GitHub, also allow Actions to create pull requests in the settings'
            : 'Look at the repository, the base branch and the token',
      })
    }
    const { success, data, error } = schema.safeParse(JSON.parse(text))
    if (success) return data
    throw failed('The forge answered something that is not of its API', {
      remedy: 'Check the address of the API',
      cause: error,
    })
  } catch (thrown) {
    const cause = asUpdaterError(thrown)
    if (cause.code === 'PROPOSAL_FAILED') throw cause
    throw failed(cause.message, { remedy: cause.remedy ?? 'Run it again', cause })
  }
}

/** The message in the body of an error. */
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
