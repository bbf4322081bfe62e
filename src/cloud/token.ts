import { UpdaterError } from '../errors.ts'
import { readText } from '../http/answer.ts'
import type { HttpClient } from '../http/client.ts'
import { isUntrusted } from '../http/failure.ts'
import type { OpenBody } from '../http/transport.ts'
import { redactUrl } from '../http/url.ts'
import { misconfigured } from './cloud-files.ts'
import type { Cloud, Domain, Login, Named } from './login.ts'

/** What Keystone gives for a login. */
export interface Token {
  readonly value: string
  /** Milliseconds from its arrival to its end. */
  readonly lifetime: number
  readonly project: {
    readonly id: string
    readonly name: string
    readonly domain: { readonly id: string; readonly name: string }
  }
  readonly roles: readonly string[]
  /** Of the image service, as the catalogue of services has them. */
  readonly endpoints: readonly Endpoint[]
}

export interface Endpoint {
  readonly interface: string
  readonly region: string | undefined
  readonly url: string
}

/** Bytes of an answer. A catalogue of services has some hundreds for each endpoint. */
const versionsLimit = 256 * 1024
export const answerLimit = 4 * 1024 * 1024

/**
 * Returns the address of version 3 of the Identity API. One that ends with `/v3` is taken as it is; else the versions
 * are asked for, of which only the path is read: links have the host that a proxy in between was asked by.
 * @throws UpdaterError CLOUD_CONFIGURATION, CLOUD_UNREACHABLE, CLOUD_FAILED, ABORTED
 * @see https://docs.openstack.org/api-ref/identity/v3/#list-versions
 */
export async function findIdentity(
  { cloud, authUrl }: Cloud,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (/\/v3$/.test(authUrl)) return authUrl
  if (/\/v2\.0$/.test(authUrl)) {
    const what = `auth_url of the cloud "${cloud}", ${authUrl}, is of version 2.0 of the Identity API, which no cloud has any more`
    throw misconfigured(what, 'Let it end with /v3')
  }
  const answer = await ask(http, 'GET', `${authUrl}/`, { signal })
  refuseRedirect(authUrl, answer)
  // Some gateways hide the list of versions, and nothing else.
  if (answer.status !== 200 && answer.status !== 300) {
    await answer.discard()
    return `${authUrl}/v3`
  }
  const { versions } = recordOf(await readJson(authUrl, answer, versionsLimit))
  const values = Array.isArray(versions) ? versions : recordOf(versions).values
  const ids = (Array.isArray(values) ? values : []).map((version) => textOf(recordOf(version).id) ?? '')
  if (ids.some((id) => /^v3(\.|$)/.test(id))) return `${authUrl}/v3`
  throw misconfigured(
    `${authUrl}, auth_url of the cloud "${cloud}", has no version 3 of the Identity API`,
    'Correct auth_url: it names Keystone, and no other service',
  )
}

/**
 * Logs in.
 * @param identity the address of version 3 of the Identity API
 * @throws UpdaterError CLOUD_AUTH, CLOUD_CONFIGURATION, CLOUD_UNREACHABLE, CLOUD_FAILED, ABORTED
 * @see https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management
 */
export async function requestToken(
  cloud: Cloud,
  identity: string,
  http: HttpClient,
  signal: AbortSignal | undefined,
): Promise<Token> {
  const { login } = cloud
  const body = JSON.stringify({ auth: { identity: identityOf(login), scope: scopeOf(login) } })
  const answer = await ask(http, 'POST', `${identity}/auth/tokens`, { body, signal })
  refuseRedirect(identity, answer)
  if (answer.status !== 201) throw await refusal(cloud, identity, answer)
  const value = answer.headers['x-subject-token'] ?? ''
  const { token } = recordOf(await readJson(identity, answer, answerLimit))
  // It becomes a header again.
  if (!/^[\x21-\x7e]{1,8192}$/.test(value))
    throw strange(identity, 'a login without a token that can be sent')
  return tokenOf(cloud, identity, value, recordOf(token))
}

function identityOf(login: Login): object {
  switch (login.method) {
    case 'password': {
      const password = { user: { ...login.user, password: login.secret } }
      return { methods: ['password'], password }
    }
    case 'token':
      return { methods: ['token'], token: { id: login.secret } }
    case 'application_credential': {
      const credential = { ...login.credential, secret: login.secret }
      return { methods: ['application_credential'], application_credential: credential }
    }
  }
}

/** An application credential has its own, and may name none. */
function scopeOf(login: Login): object | undefined {
  return login.method === 'application_credential' ? undefined : { project: login.project }
}

function tokenOf(
  cloud: Cloud,
  identity: string,
  value: string,
  token: Readonly<Record<string, unknown>>,
): Token {
  const [project, roles, catalog] = [recordOf(token.project), listOf(token.roles), listOf(token.catalog)]
  const [id, name] = [textOf(project.id), textOf(project.name)]
  if (id === undefined || name === undefined) throw strange(identity, 'a token that is of no project')
  const domain = recordOf(project.domain)
  if (cloud.project.id !== undefined && cloud.project.id !== id)
    throw otherProject(cloud, cloud.project.id, id)
  const isNamed = cloud.project.name?.toLowerCase() === name.toLowerCase()
  if (cloud.project.name !== undefined && !isNamed) throw otherProject(cloud, cloud.project.name, name)
  // Their difference, since the clock of this machine may be wrong.
  const lifetime = timeOf(token.expires_at) - timeOf(token.issued_at)
  if (!(lifetime > 0)) throw strange(identity, 'a token whose end is not told, or over')
  return {
    value,
    lifetime,
    project: { id, name, domain: { id: textOf(domain.id) ?? '', name: textOf(domain.name) ?? '' } },
    roles: roles.flatMap((role) => textOf(role.name) ?? []),
    endpoints: catalog
      .filter(({ type }) => type === 'image')
      .flatMap(({ endpoints }) => listOf(endpoints))
      .map((endpoint) => ({
        interface: textOf(endpoint.interface) ?? '',
        region: textOf(endpoint.region_id) ?? textOf(endpoint.region),
        url: textOf(endpoint.url) ?? '',
      })),
  }
}

function otherProject({ cloud, origin, login }: Cloud, wanted: string, got: string): UpdaterError {
  return misconfigured(
    `The login of the cloud "${cloud}" is of the project "${got}", not of "${wanted}" as in ${origin}`,
    login.method === 'application_credential'
      ? 'An application credential is of one project: remove or correct what is said of the project'
      : 'Correct the project',
  )
}

/** What an answer other than 201 means; Keystone never says which part of a login is wrong. */
async function refusal(cloud: Cloud, identity: string, answer: OpenBody): Promise<UpdaterError> {
  const { status, headers } = answer
  const { login } = cloud
  const text = await readText(answer, answerLimit).catch(() => '')
  const told = messageOf(text, login.secret)
  const where = `Keystone at ${redactUrl(identity)}`
  const who = `${describeLogin(login)}, for the cloud "${cloud.cloud}" of ${cloud.origin}`
  const said = told === undefined ? '' : ` (${told})`
  if (headers['openstack-auth-receipt'] !== undefined) {
    return new UpdaterError('CLOUD_AUTH', `${where} wants a second factor of ${who}`, {
      remedy: 'Use an application credential',
    })
  }
  if (status === 404 && login.method === 'password') {
    return misconfigured(`${where} has no version 3 of the Identity API${said}`, 'Correct auth_url')
  }
  if (status === 400) return misconfigured(`${where} does not understand the login of ${who}${said}`)
  if (status === 401 || status === 403 || status === 404) {
    return new UpdaterError('CLOUD_AUTH', `${where} refuses ${who}${said}`, {
      remedy: remedies[login.method],
    })
  }
  if (status === 429 || status >= 500) {
    return new UpdaterError('CLOUD_UNREACHABLE', `${where} answered ${status} to the login${said}`, {
      remedy: 'Keystone is in trouble: run again later',
    })
  }
  return strange(identity, `status ${status}${said}`)
}

const remedies: Readonly<Record<Login['method'], string>> = {
  password:
    'Keystone does not say why: check user, password, project, both domains, and that the user has a role in the project',
  token: 'It may have ended, or be one of an application credential, which gets no other: log in anew',
  application_credential: 'It may have ended, or been deleted with its user: check its id and its secret',
}

/** Without what is secret. */
export function describeLogin(login: Login): string {
  const of = (what: string, named: Named) =>
    'id' in named
      ? `the ${what} ${named.id}`
      : `the ${what} "${named.name}" of ${describeDomain(named.domain)}`
  switch (login.method) {
    case 'password':
      return `${of('user', login.user)} in ${of('project', login.project)}`
    case 'token':
      return `the token in ${of('project', login.project)}`
    case 'application_credential': {
      const { credential } = login
      return 'id' in credential
        ? `the application credential ${credential.id}`
        : `the application credential "${credential.name}" of ${of('user', credential.user)}`
    }
  }
}

function describeDomain(domain: Domain): string {
  return 'id' in domain ? `the domain with the id ${domain.id}` : `the domain "${domain.name}"`
}

/** Keystone's own words, unless they tell nothing, or a secret. */
function messageOf(text: string, secret: string): string | undefined {
  const { message } = recordOf(recordOf(parseJson(text)).error)
  const plain =
    typeof message === 'string'
      ? message
          .replace(/<[^>]*>/g, ' ')
          .trim()
          .slice(0, 300)
      : ''
  const isEmpty = plain === '' || plain === 'The request you have made requires authentication.'
  return isEmpty || (message as string).includes(secret) ? undefined : plain
}

interface Asking {
  readonly body?: string
  readonly signal: AbortSignal | undefined
}

/** A login may be repeated: it only makes another token. */
async function ask(
  http: HttpClient,
  method: string,
  url: string,
  { body, signal }: Asking,
): Promise<OpenBody> {
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  try {
    return await http.send(method, url, { body, headers, signal, redirects: 0 })
  } catch (thrown) {
    throw unreachable(thrown)
  }
}

/** What HTTP has failed with, as a failure of the cloud. */
export function unreachable(thrown: unknown): unknown {
  if (!(thrown instanceof UpdaterError) || !thrown.code.startsWith('HTTP_')) return thrown
  const remedy = isUntrusted(thrown)
    ? "Name the file with the authority's certificate as cacert of the cloud, if it is one of your own"
    : thrown.remedy
  return new UpdaterError('CLOUD_UNREACHABLE', thrown.message, { remedy, cause: thrown })
}

/** A password goes where it was meant to go. */
function refuseRedirect(asked: string, { status, headers }: OpenBody): void {
  if (![301, 302, 303, 307, 308].includes(status)) return
  const { location = '' } = headers
  const target = URL.canParse(location, asked) ? redactUrl(new URL(location, asked)) : 'nowhere'
  throw misconfigured(
    `Keystone at ${redactUrl(asked)} redirects to ${target.slice(0, 500)}, where no login is sent`,
    'Correct auth_url, if you trust that address',
  )
}

/** @throws UpdaterError CLOUD_FAILED: too long, or no JSON; CLOUD_UNREACHABLE, ABORTED */
export async function readJson(asked: string, answer: OpenBody, limit: number): Promise<unknown> {
  const text = await readText(answer, limit).catch((thrown) => {
    const isTooLarge = thrown instanceof UpdaterError && thrown.code === 'HTTP_TOO_LARGE'
    throw isTooLarge ? strange(asked, `more than ${limit} bytes`) : unreachable(thrown)
  })
  const json = parseJson(text)
  if (json !== undefined) return json
  throw strange(asked, /^\s*</.test(text) ? 'a web page' : 'something else than JSON')
}

function strange(asked: string, what: string): UpdaterError {
  return new UpdaterError('CLOUD_FAILED', `Keystone at ${redactUrl(asked)} answered with ${what}`, {
    remedy: 'Check that auth_url names Keystone, and not a dashboard or another service',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An answer is read with doubt: what is no object has nothing in it. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

export function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(recordOf) : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `2026-11-27T23:16:56.000000Z` in milliseconds, or NaN. */
function timeOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(/[Z+]/.test(value) ? value : `${value}Z`) : Number.NaN
}
