import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ForgeRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown> | undefined
}

export interface FakeForge {
  readonly url: string
  readonly requests: ForgeRequest[]
  /** By branch: the requests that are open. */
  readonly open: Map<string, Record<string, unknown>>
  /** The next requests of this method meet this status. */
  refuse(method: string, status: number, body: string): void
}

/**
 * As much of the API for pull requests (GitHub) and merge requests (GitLab) as is used.
 * @param repositories folder of bare repositories that are served to git, whose requests are told without their bodies
 * @param onEnd closes it; a test that runs beside others says when
 */
export async function startForge(
  kind: 'github' | 'gitlab',
  repositories?: string,
  onEnd: (close: () => void) => unknown = onTestFinished,
): Promise<FakeForge> {
  const requests: ForgeRequest[] = []
  const open = new Map<string, Record<string, unknown>>()
  const refusals = new Map<string, { status: number; body: string }>()
  const [head, id] = kind === 'github' ? ['head', 'number'] : ['source_branch', 'iid']
  const url = kind === 'github' ? 'html_url' : 'web_url'
  const answer = (method: string, address: URL, body: Record<string, unknown> | undefined) => {
    if (method === 'GET') {
      const branch = address.searchParams.get(head)?.replace(/^[^:]*:/, '') ?? ''
      return [...open].filter(([name]) => name === branch).map(([, request]) => request)
    }
    const number = Number(address.pathname.split('/').at(-1))
    const found = [...open.values()].find((request) => request[id] === number)
    if (method !== 'POST') return Object.assign(found ?? {}, body)
    const made = { ...body, [id]: open.size + 1, [url]: `https://forge.example/${open.size + 1}` }
    open.set(String(body?.[head]), made)
    return made
  }
  const server = createServer(async (request, response) => {
    if (repositories !== undefined && /\.git\/(?:info\/|git-)/.test(request.url ?? '')) {
      const { method = '', url: path = '', headers } = request
      requests.push({ method, path, headers, body: undefined })
      return serveGit(repositories, request, response)
    }
    let text = ''
    for await (const chunk of request) text += chunk
    const { method = '', url: path = '', headers } = request
    const body = text === '' ? undefined : JSON.parse(text)
    requests.push({ method, path, headers, body })
    const refusal = refusals.get(method)
    if (refusal !== undefined) return void response.writeHead(refusal.status).end(refusal.body)
    response.setHeader('content-type', 'application/json')
    response.writeHead(method === 'POST' ? 201 : 200)
    response.end(JSON.stringify(answer(method, new URL(path, 'http://forge'), body)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    open,
    refuse: (method, status, body) => void refusals.set(method, { status, body }),
  }
}

/** By git's own CGI program: https://git-scm.com/docs/git-http-backend */
function serveGit(repositories: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://forge')
  const env = {
    PATH: process.env.PATH,
    GIT_PROJECT_ROOT: repositories,
    GIT_HTTP_EXPORT_ALL: '1',
    REMOTE_USER: 'somebody',
    PATH_INFO: pathname,
    QUERY_STRING: searchParams.toString(),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
  }
  const child = execFile('git', ['http-backend'], { env, encoding: 'buffer' }, (_error, stdout) => {
    const end = stdout.indexOf('\r\n\r\n')
    const fields = stdout.toString('latin1', 0, end).split('\r\n')
    const pairs = fields.map((field) => field.split(': ') as [string, string])
    const { Status: status = '200', ...headers } = Object.fromEntries(pairs)
    response.writeHead(Number.parseInt(status, 10), headers).end(stdout.subarray(end + 4))
  })
  if (child.stdin !== null) request.pipe(child.stdin)
}
