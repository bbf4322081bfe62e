import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
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

/** As much of the API for pull requests (GitHub) and merge requests (GitLab) as is used. */
export async function startForge(kind: 'github' | 'gitlab'): Promise<FakeForge> {
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
  onTestFinished(() => {
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
