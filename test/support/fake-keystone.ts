import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'

/** A user of the domain `Default`, whose id is `default`. */
export interface FakeUser {
  readonly name: string
  readonly password: string
  /** By project. */
  readonly roles: Readonly<Record<string, readonly string[]>>
}

/** Of a user, for one project. */
export interface FakeCredential {
  readonly id: string
  readonly name: string
  readonly secret: string
  readonly user: string
  readonly project: string
  readonly roles: readonly string[]
}

/** A project of nobody here; those of the users are in the domain `Default`. */
export interface FakeProject {
  readonly name: string
  /** Name of the domain, whose id is `idOf` it, or `default`. */
  readonly domain: string
  /** Default: true. */
  readonly enabled?: boolean
}

export interface FakeEndpoint {
  readonly interface: string
  readonly region_id: string
  readonly url: string
}

export interface FakeKeystoneOptions {
  /** Path before `/v3`. Default: `/identity`. */
  readonly prefix?: string
  readonly users: readonly FakeUser[]
  readonly credentials?: readonly FakeCredential[]
  readonly projects?: readonly FakeProject[]
  /** Entries of a page of a list. Default: all. */
  readonly pageSize?: number
  /** Of the image service, asked at each login. */
  readonly endpoints: () => readonly FakeEndpoint[]
  /** Seconds that a token lives. Default: 3600. */
  readonly lifetime?: () => number
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number
}

export interface IssuedToken {
  readonly value: string
  readonly user: string
  /** Undefined: unscoped. Its id is `idOf` its name. */
  readonly project: string | undefined
  readonly roles: readonly string[]
  readonly expiresAt: number
  readonly method: string
}

/** Keystone v3 in memory, as far as a client of Glance sees it (Keystone 22). */
export interface FakeKeystone {
  /** Answers, if the request is for it. */
  handle(request: IncomingMessage, response: ServerResponse, body: string): boolean
  /** What Glance is told of a token; undefined: unknown, revoked or over. */
  tokenOf(value: string | undefined): IssuedToken | undefined
  /** All tokens so far are worth nothing any more. */
  revokeAll(): void
  /** The bodies of all logins. */
  readonly logins: string[]
}

/** The id of a project or user: 32 hexadecimal digits. */
export function idOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32)
}

type Scope = { readonly id?: string; readonly name?: string; readonly domain?: object }
type Body = Record<string, Record<string, unknown>>
interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body: object
}

export function createFakeKeystone({
  prefix = '/identity',
  users,
  credentials = [],
  projects = [],
  pageSize = Number.POSITIVE_INFINITY,
  endpoints,
  lifetime = () => 3600,
  now = Date.now,
}: FakeKeystoneOptions): FakeKeystone {
  const tokens = new Map<string, IssuedToken>()
  const logins: string[] = []

  const tokenOf: FakeKeystone['tokenOf'] = (value = '') => {
    const token = tokens.get(value)
    return token !== undefined && token.expiresAt > now() ? token : undefined
  }

  function logIn(text: string): Answer {
    logins.push(text)
    const { auth } = JSON.parse(text) as { auth: { identity?: Body; scope?: Body } }
    const method = (auth?.identity?.methods as unknown as string[] | undefined)?.[0]
    if (auth?.identity === undefined || method === undefined) return badRequest('identity')
    const asked = (auth.identity[method] ?? {}) as Record<string, unknown>
    if (method === 'application_credential') return byCredential(asked, auth.scope)
    const scope = auth.scope?.project as Scope | undefined
    if (scope !== undefined && scope.id === undefined && scope.domain === undefined)
      return badRequest('domain')
    if (method === 'token') return byToken(asked, scope)
    return method === 'password'
      ? byPassword((asked.user ?? {}) as Record<string, unknown>, scope)
      : unauthorized()
  }

  function byPassword(asked: Record<string, unknown>, scope: Scope | undefined): Answer {
    if (asked.id === undefined && asked.domain === undefined) return badRequest('domain')
    const user = userOf(asked)
    return issue(user?.password === asked.password ? user : undefined, scope, 'password')
  }

  /** Such a token ends with the one that it is got for. */
  function byToken(asked: Record<string, unknown>, scope: Scope | undefined): Answer {
    const known = tokenOf(asked.id as string)
    if (known === undefined) return unauthorized(404, 'Failed to validate token')
    if (known.method === 'application_credential')
      return unauthorized(403, 'Using method application_credential')
    const user = users.find(({ name }) => name === known.user)
    return issue(user, scope, 'token', known.expiresAt)
  }

  function userOf({ id, name, domain }: Record<string, unknown>): FakeUser | undefined {
    return users.find((user) =>
      id === undefined ? user.name === name && isDefault(domain) : idOf(user.name) === id,
    )
  }

  function byCredential(asked: Record<string, unknown>, scope: unknown): Answer {
    const owner = asked.user === undefined ? undefined : userOf(asked.user as Record<string, unknown>)
    const credential = credentials.find(({ id, name, user }) =>
      asked.id === undefined ? name === asked.name && user === owner?.name : id === asked.id,
    )
    if (credential === undefined) {
      return unauthorized(404, `Could not find Application Credential: ${asked.id ?? asked.name}.`)
    }
    if (scope !== undefined) {
      return unauthorized(401, 'Application credentials cannot request a scope.')
    }
    if (credential.secret !== asked.secret) return unauthorized()
    const { user, project, roles } = credential
    return issueToken({ user, project, roles, method: 'application_credential' })
  }

  function issue(
    user: FakeUser | undefined,
    scope: Scope | undefined,
    method: string,
    expiresAt?: number,
  ): Answer {
    if (user === undefined) return unauthorized()
    if (scope === undefined)
      return issueToken({ user: user.name, project: undefined, roles: [], method, expiresAt })
    const project = Object.keys(user.roles).find((name) =>
      scope.id === undefined ? name === scope.name && isDefault(scope.domain) : idOf(name) === scope.id,
    )
    if (project === undefined) return unauthorized()
    return issueToken({ user: user.name, project, roles: user.roles[project] ?? [], method, expiresAt })
  }

  function issueToken(
    token: Pick<IssuedToken, 'user' | 'project' | 'roles' | 'method'> & { expiresAt?: number | undefined },
  ): Answer {
    const value = `gAAAAA${randomBytes(40).toString('base64url')}`
    const expiresAt = token.expiresAt ?? now() + lifetime() * 1000
    const issued: IssuedToken = { ...token, value, expiresAt }
    tokens.set(value, issued)
    const { user, project, roles, method } = issued
    const domain = { id: 'default', name: 'Default' }
    const scoped = project !== undefined && {
      project: { id: idOf(project), name: project, domain },
      is_domain: false,
      roles: roles.map((name) => ({ id: idOf(name), name })),
      catalog: [
        { type: 'identity', name: 'keystone', endpoints: [] },
        { type: 'image', name: 'glance', endpoints: endpoints() },
      ],
    }
    return {
      status: 201,
      headers: { 'x-subject-token': value, vary: 'X-Auth-Token' },
      body: {
        token: {
          methods: [method],
          user: { id: idOf(user), name: user, domain, password_expires_at: null },
          audit_ids: [randomBytes(16).toString('base64url')],
          expires_at: written(expiresAt),
          issued_at: written(now()),
          ...scoped,
        },
      },
    }
  }

  const allProjects = [
    ...[...new Set(users.flatMap(({ roles }) => Object.keys(roles)))].map((name) => ({
      name,
      domain: 'Default',
    })),
    ...projects,
  ].map(({ name, domain, enabled = true }: FakeProject) => ({
    id: idOf(name),
    name,
    domain_id: domainIdOf(domain),
    enabled,
    is_domain: false,
  }))
  const allDomains = [...new Set(['Default', ...projects.map(({ domain }) => domain)])].map((name) => ({
    id: domainIdOf(name),
    name,
    enabled: true,
  }))

  /** An admin looks everything up; everybody else the own project and domain by their ids. */
  function lookUp(
    what: 'projects' | 'domains',
    id: string | undefined,
    query: URLSearchParams,
    asker: IssuedToken,
  ): Answer {
    const own = what === 'projects' ? idOf(asker.project ?? '') : 'default'
    const action = `${id === undefined ? 'list' : 'get'}_${id === undefined ? what : what.slice(0, -1)}`
    if (!asker.roles.includes('admin') && id !== own) {
      return unauthorized(403, `You are not authorized to perform the requested action: identity:${action}.`)
    }
    const all: readonly Record<string, unknown>[] = what === 'projects' ? allProjects : allDomains
    if (id !== undefined) {
      const found = all.find((one) => one.id === id)
      if (found === undefined) return unauthorized(404, `Could not find ${what.slice(0, -1)}: ${id}.`)
      return { status: 200, body: { [what.slice(0, -1)]: found } }
    }
    const filters = [...query].filter(([name]) => name !== 'marker')
    const fitting = all.filter((one) => filters.every(([name, value]) => String(one[name]) === value))
    const from = fitting.findIndex((one) => one.id === query.get('marker')) + 1
    const page = fitting.slice(from, from + pageSize)
    const isLast = from + page.length >= fitting.length
    const next = isLast ? null : `http://elsewhere/v3/${what}?marker=${page.at(-1)?.id}`
    return { status: 200, body: { [what]: page, links: { next, previous: null } } }
  }

  function answerTo(
    method: string,
    url: string,
    { host = '', 'x-auth-token': token }: IncomingHttpHeaders,
    body: string,
  ): Answer | undefined {
    const { pathname: path, searchParams } = new URL(url, 'http://keystone')
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined
    const rest = path.slice(prefix.length).replaceAll(/\/+/g, '/').replace(/\/$/, '')
    const version = {
      id: 'v3.14',
      status: 'stable',
      updated: '2020-04-07T00:00:00Z',
      links: [{ rel: 'self', href: `http://${host}${prefix}/v3/` }],
      'media-types': [],
    }
    if (rest === '') return { status: 300, body: { versions: { values: [version] } } }
    if (rest === '/v3' && method === 'GET') return { status: 200, body: { version } }
    if (rest === '/v3/auth/tokens' && method === 'POST') return logIn(body)
    const asker = tokenOf(token as string)
    const [, what, id] = /^\/v3\/(projects|domains)(?:\/([^/]+))?$/.exec(rest) ?? []
    if (asker === undefined || what === undefined) return rest.startsWith('/v3/') ? unauthorized() : undefined
    return lookUp(what as 'projects', id && decodeURIComponent(id), searchParams, asker)
  }

  return {
    handle({ method = 'GET', url = '/', headers }, response, body) {
      const answer = answerTo(method, url, headers, body)
      if (answer === undefined) return false
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body))
      return true
    },
    tokenOf,
    revokeAll: () => tokens.clear(),
    logins,
  }
}

function domainIdOf(name: string): string {
  return name === 'Default' ? 'default' : idOf(name)
}

function isDefault(domain: unknown): boolean {
  const { id, name } = domain as { id?: string; name?: string }
  return id === undefined ? name === 'Default' : id === 'default'
}

/** Keystone's form: microseconds. */
function written(time: number): string {
  return new Date(time).toISOString().replace('Z', '000Z')
}

function badRequest(property: string): Answer {
  const message = `Expecting to find ${property} in project. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`
  return { status: 400, body: { error: { code: 400, message, title: 'Bad Request' } } }
}

function unauthorized(status = 401, message = 'The request you have made requires authentication.'): Answer {
  return { status, body: { error: { code: status, message, title: 'Unauthorized' } } }
}
