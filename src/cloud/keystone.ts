import { UpdaterError } from '../errors.ts'
import { type sleep, unlessAborted } from '../http/abort.ts'
import { HttpClient } from '../http/client.ts'
import type { Policy } from '../http/policy.ts'
import type { OpenBody } from '../http/transport.ts'
import { redactUrl } from '../http/url.ts'
import type { Places } from './cloud-files.ts'
import { misconfigured } from './cloud-files.ts'
import { type CloudName, findCloud, type Note } from './clouds.ts'
import { type Cloud, plainAddress, readLogin, version2 } from './login.ts'
import { findProjects, type Project } from './projects.ts'
import type { CloudRequest, CloudSession } from './session.ts'
import {
  answerLimit,
  describeLogin,
  findIdentity,
  readJson,
  requestToken,
  type Token,
  unreachable,
} from './token.ts'

/** The machine and the run that a cloud is logged in to from. */
export interface CloudSurroundings extends Places {
  readonly note?: Note | undefined
  /** Gets each secret as soon as it is known, so that nothing prints it. */
  readonly hide?: ((secrets: readonly string[]) => void) | undefined
  /** Numbers that differ from the policy of HTTP. */
  readonly policy?: Partial<Policy> | undefined
  /** Ends the first login; each request has its own. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds. Default: the machine's clock. */
  readonly now?: (() => number) | undefined
  /** How HTTP waits between attempts. */
  readonly sleep?: typeof sleep | undefined
}

/**
 * Finds a cloud as OpenStack's own clients do, logs in, and finds its Image API.
 * @param wanted without a name: that of OS_CLOUD, else what the OS_* variables say, else the only cloud of the file
 * @throws UpdaterError CLOUD_CONFIGURATION, CLOUD_AUTH, CLOUD_UNREACHABLE, CLOUD_FAILED, ABORTED
 */
export async function openCloud(
  wanted: Partial<CloudName>,
  { note = () => undefined, hide = () => undefined, ...surroundings }: CloudSurroundings,
): Promise<CloudSession> {
  const cloud = await readLogin(await findCloud(wanted, surroundings, note), surroundings, note)
  hide([cloud.login.secret])
  const { policy, signal, sleep, now = Date.now } = surroundings
  const http = new HttpClient({ policy, sleep, tls: cloud.tls, note: (message) => note('debug', message) })
  try {
    const identity = await findIdentity(cloud, http, signal)
    const logIn = async () => {
      const token = await requestToken(cloud, identity, http, undefined)
      hide([token.value])
      const until = `${Math.round(token.lifetime / 60_000)} min`
      const { project, roles } = token
      const what = `${describeLogin(cloud.login)}: project ${project.id}, roles ${roles.join(', ')}`
      note('debug', `Logged in to the cloud "${cloud.cloud}" at ${identity} for ${until} with ${what}`)
      return token
    }
    const token = await (signal === undefined ? logIn() : unlessAborted(logIn(), signal))
    tellRoles(cloud, token, note)
    return new Session(cloud, http, { token, identity, logIn, now, imageUrl: imageUrlOf(cloud, token, note) })
  } catch (thrown) {
    await http.close()
    throw thrown
  }
}

/** Glance's policies since 2023.1 let a member without the role reader make images, and find none. */
function tellRoles({ cloud, login }: Cloud, { roles }: Token, note: Note): void {
  const isMember = roles.some((role) => /^_?member_?$/i.test(role))
  if (login.method !== 'application_credential' || !isMember) return
  if (roles.some((role) => /^(reader|manager|admin)$/i.test(role))) return
  note(
    'warning',
    `The application credential of the cloud "${cloud}" has the role member without reader: where Glance enforces its own ` +
      'roles it finds no image; make one with both, or without a choice of roles',
  )
}

/** The address of the Image API that the settings name, else that of the catalogue of services. */
function imageUrlOf({ cloud, origin, authUrl, image }: Cloud, { endpoints }: Token, note: Note): string {
  if (image.endpoint !== undefined) return image.endpoint
  const override = 'Name its address as image_endpoint_override of the cloud'
  const listed = (names: readonly (string | undefined)[]) =>
    [...new Set(names)].map((name) => `"${name}"`).join(', ')
  const ofInterface = endpoints.filter(
    (endpoint) => endpoint.interface.replace(/URL$/, '') === image.interface,
  )
  if (ofInterface.length === 0) {
    const others = endpoints.length === 0 ? '' : `, but ${listed(endpoints.map((one) => one.interface))}`
    const what = `The cloud "${cloud}" has no ${image.interface} endpoint of the image service${others}`
    throw misconfigured(what, others === '' ? override : 'Correct interface of the cloud')
  }
  const regions = ofInterface.map(({ region }) => region)
  if (image.region === undefined && new Set(regions).size > 1) {
    throw misconfigured(
      `The cloud "${cloud}" has the regions ${listed(regions)}, and none is named`,
      `Name one: --cloud ${cloud}/REGION, or region_name in ${origin}`,
    )
  }
  const fitting = ofInterface.filter(({ region }) => image.region === undefined || region === image.region)
  const [first, second] = fitting
  if (first === undefined) {
    const what = `The cloud "${cloud}" has no image service in the region "${image.region}", but in ${listed(regions)}`
    throw misconfigured(what, 'Names of regions are case-sensitive')
  }
  const address = plainAddress(first.url)
  if (address === undefined) {
    const what = `The cloud "${cloud}" names ${redactUrl(first.url).slice(0, 500)} as its image service, which is no URL of http or https`
    throw new UpdaterError('CLOUD_FAILED', what, { remedy: override })
  }
  if (authUrl.startsWith('https:') && address.startsWith('http:')) {
    const what = `The cloud "${cloud}" names ${address} as its image service, where the token would go without TLS`
    throw new UpdaterError('CLOUD_FAILED', what, { remedy: override })
  }
  if (second !== undefined && second.url !== first.url) {
    note('warning', `The cloud "${cloud}" has several image services: ${address} is taken`)
  }
  return address.replace(version2, '')
}

interface Asked {
  readonly method: string
  /** Address of an API. */
  readonly base: string
  readonly path: string
}

interface Opened {
  readonly token: Token
  /** Of version 3 of the Identity API. */
  readonly identity: string
  readonly imageUrl: string
  readonly logIn: () => Promise<Token>
  readonly now: () => number
}

/** Milliseconds before its end that a token is renewed. */
const earliness = 120_000
/** Milliseconds that no other token is asked for after a new one was refused, too: Glance may not reach Keystone. */
const resignation = 60_000
/** Milliseconds to the next try where a renewal has failed, and the token is still good. */
const renewalPause = 15_000

class Session implements CloudSession {
  readonly cloud: string
  readonly project: Token['project']
  readonly roles: readonly string[]
  readonly imageUrl: string
  readonly #http: HttpClient
  readonly #identity: string
  readonly #logIn: () => Promise<Token>
  readonly #now: () => number
  readonly #isRenewable: boolean
  #token: Token
  #endsAt = 0
  #renewAt = 0
  #resignedUntil = 0
  #renewing: Promise<Token> | undefined

  constructor({ cloud, login }: Cloud, http: HttpClient, { token, identity, imageUrl, logIn, now }: Opened) {
    this.cloud = cloud
    this.project = token.project
    this.roles = token.roles
    this.imageUrl = imageUrl
    this.#http = http
    this.#identity = identity
    this.#logIn = logIn
    this.#now = now
    // A token that is got for a token ends with it.
    this.#isRenewable = login.method !== 'token'
    this.#token = this.#keep(token)
  }

  request(method: string, path: string, options: CloudRequest = {}): Promise<OpenBody> {
    return this.#ask({ method, base: this.imageUrl, path }, options)
  }

  findProjects(wanted: string, signal?: AbortSignal): Promise<readonly Project[]> {
    const { domain } = this.project
    const get = async (path: string) => {
      const answer = await this.#ask({ method: 'GET', base: this.#identity, path }, { signal })
      const { status } = answer
      if (status === 200) return { status, json: await readJson(this.#identity, answer, answerLimit) }
      await answer.discard()
      if (status !== 401) return { status, json: undefined }
      throw new UpdaterError('CLOUD_AUTH', `Keystone at ${this.#identity} refuses its own token`)
    }
    return findProjects(wanted, { cloud: this.cloud, domain, get })
  }

  async #ask(asked: Asked, options: CloudRequest): Promise<OpenBody> {
    const token = await this.#current(options.signal)
    const answer = await this.#send(token, asked, options)
    if (answer.status !== 401) return answer
    if (typeof options.body === 'object' && Symbol.asyncIterator in options.body) {
      if (token === this.#token) this.#renewAt = 0 // for the next one: the stream is gone
      return answer
    }
    if (token === this.#token && this.#now() < this.#resignedUntil) return answer
    await answer.discard()
    const renewed = token === this.#token ? await this.#renew(options.signal) : this.#token
    const second = await this.#send(renewed, asked, options)
    if (second.status === 401) this.#resignedUntil = this.#now() + resignation
    return second
  }

  close(): Promise<void> {
    return this.#http.close()
  }

  /** The token goes to the Image API and to Keystone alone. */
  async #send(token: Token, { method, base, path }: Asked, options: CloudRequest): Promise<OpenBody> {
    if (!path.startsWith('/')) throw new UpdaterError('INTERNAL', `"${path}" is no path of an API`)
    const { isRepeatable = /^(GET|HEAD|PUT|DELETE)$/.test(method), headers, ...others } = options
    const sent = { accept: 'application/json', ...headers, 'x-auth-token': token.value }
    const url = `${base}${path}`
    const answer = await this.#http
      .send(method, url, { ...others, isRepeatable, headers: sent, redirects: 0 })
      .catch((thrown) => {
        throw unreachable(thrown)
      })
    if (![301, 302, 303, 307, 308].includes(answer.status)) return answer
    await answer.discard()
    const target = redactUrl(answer.headers.location ?? '').slice(0, 500)
    throw new UpdaterError(
      'CLOUD_FAILED',
      `${redactUrl(url)} of the cloud "${this.cloud}" redirects ${method} to ${target}, where no token is sent`,
      { remedy: 'Name the address that it really has as image_endpoint_override or auth_url of the cloud' },
    )
  }

  async #current(signal: AbortSignal | undefined): Promise<Token> {
    if (this.#now() < this.#renewAt) return this.#token
    try {
      return await this.#renew(signal)
    } catch (thrown) {
      const isGood = this.#now() < this.#endsAt && !signal?.aborted
      if (!isGood || !(thrown instanceof UpdaterError) || thrown.code !== 'CLOUD_UNREACHABLE') throw thrown
      this.#renewAt = this.#now() + renewalPause
      return this.#token
    }
  }

  /** Requests that need another token at the same time get one. */
  #renew(signal: AbortSignal | undefined): Promise<Token> {
    this.#renewing ??= this.#logIn()
      .then((token) => this.#keep(token))
      .finally(() => {
        this.#renewing = undefined
      })
    return signal === undefined ? this.#renewing : unlessAborted(this.#renewing, signal)
  }

  #keep(token: Token): Token {
    if (token.project.id !== this.project.id) {
      const what = `The login of the cloud "${this.cloud}" is of another project than before`
      throw new UpdaterError('CLOUD_FAILED', what)
    }
    this.#endsAt = this.#now() + token.lifetime
    this.#renewAt = this.#isRenewable
      ? this.#endsAt - Math.min(earliness, token.lifetime / 2)
      : Number.POSITIVE_INFINITY
    this.#token = token
    return token
  }
}
