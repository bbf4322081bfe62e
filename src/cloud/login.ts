import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { closest } from '../catalog/closest.ts'
import { explainRefusal } from '../files.ts'
import type { TlsSettings } from '../http/proxy.ts'
import { isLoopback } from '../http/url.ts'
import type { Places, Settings, Value } from './cloud-files.ts'
import { Doubtful, entryOf, isSettings, misconfigured, readSmallFile } from './cloud-files.ts'
import { type CloudSettings, environment, type Note } from './clouds.ts'

/** A domain, by its id or its name. */
export type Domain = { readonly id: string } | { readonly name: string }
/** A user or a project, whose name is unique in its domain alone. */
export type Named = { readonly id: string } | { readonly name: string; readonly domain: Domain }

/** How to log in. */
export type Login =
  | { readonly method: 'password'; readonly user: Named; readonly secret: string; readonly project: Named }
  | { readonly method: 'token'; readonly secret: string; readonly project: Named }
  /** It is of one project, which must not be named. */
  | {
      readonly method: 'application_credential'
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: Named }
      readonly secret: string
    }

/** A cloud that can be logged in to. */
export interface Cloud {
  /** `NAME` or `NAME/REGION`, for messages. */
  readonly cloud: string
  /** Where it stands, for messages. */
  readonly origin: string
  /** Without a final slash. */
  readonly authUrl: string
  readonly login: Login
  /** What the project has to be, where the settings say it. */
  readonly project: { readonly id: string | undefined; readonly name: string | undefined }
  readonly image: {
    /** In place of what the catalogue says; without version and final slash. */
    readonly endpoint: string | undefined
    readonly interface: Interface
    /** Undefined: the only one that the catalogue has. */
    readonly region: string | undefined
  }
  readonly tls: TlsSettings
}

export const interfaces = ['public', 'internal', 'admin'] as const
export type Interface = (typeof interfaces)[number]

/**
 * Reads what is needed to log in.
 * @throws UpdaterError CLOUD_CONFIGURATION
 */
export async function readLogin(found: CloudSettings, places: Places, note: Note): Promise<Cloud> {
  const keys = new Keys(found)
  const login = loginOf(keys)
  const authUrl = addressOf(keys, 'auth_url')
  if (authUrl === undefined) throw keys.missing('auth_url')
  if (authUrl.startsWith('http:') && !isLoopback(new URL(authUrl))) {
    note('warning', `The cloud "${found.cloud}" is logged in to without TLS, at ${authUrl}`)
  }
  for (const file of found.openFiles) {
    note('warning', `${file} can be read by every user of this machine: chmod o-r ${file}`)
  }
  return {
    cloud: found.cloud,
    origin: found.origin,
    authUrl,
    login,
    project: { id: keys.text('project_id', 'tenant_id'), name: keys.text('project_name', 'tenant_name') },
    image: imageOf(keys),
    tls: await tlsOf(keys, places, note),
  }
}

/** The settings of a cloud, as texts. `auth` goes over what stands beside it. */
class Keys {
  readonly found: CloudSettings
  readonly #auth: Settings

  constructor(found: CloudSettings) {
    this.found = found
    const { auth = {} } = found.settings
    if (auth !== null && !isSettings(auth)) throw this.wrong('auth', 'is no mapping')
    this.#auth = auth ?? {}
  }

  /** The text of the first key that has one, of those that mean the same. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      for (const settings of [this.#auth, this.found.settings]) {
        const text = this.#textOf(name, entryOf(settings, name))
        if (text !== undefined) return text
      }
    }
    return undefined
  }

  /** The same, with `{key}` replaced by the value of that key. */
  formatted(...names: readonly string[]): string | undefined {
    return this.text(...names)?.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (part, key: string | undefined) => {
      if (part === '{{' || part === '}}') return part.charAt(0)
      const value =
        key !== undefined && /^\w+$/.test(key) && !/password|secret|token/.test(key) && this.text(key)
      if (!value) throw this.wrong(names[0] as string, `has ${part}, which stands for no key of the cloud`)
      return value
    })
  }

  /** `yes` and its like in quotes are a doubt: OpenStack's clients take any text for true in one key, for false in another. */
  flag(name: string): boolean | undefined {
    const value = entryOf(this.found.settings, name)
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'boolean') return value
    if (typeof value === 'string' && /^(true|false)$/i.test(value) && this.isOfEnvironment)
      return /^t/i.test(value)
    throw this.wrong(name, 'is neither true nor false', 'Write true or false, without quotes')
  }

  get isOfEnvironment(): boolean {
    return this.found.origin === environment
  }

  has(name: string): boolean {
    return this.text(name) !== undefined
  }

  missing(name: string, remedy?: string) {
    const present = [...Object.keys(this.#auth), ...Object.keys(this.found.settings)]
    const [meant] = closest(name, present)
    const { cloud, origin } = this.found
    return misconfigured(
      `${this.#shown(name)} of the cloud "${cloud}" is missing in ${origin}`,
      meant === undefined ? remedy : `Is "${this.#shown(meant)}" a misspelling of it?`,
    )
  }

  wrong(name: string, what: string, remedy?: string, cause?: unknown) {
    const { cloud, origin } = this.found
    return misconfigured(`${this.#shown(name)} of the cloud "${cloud}" in ${origin} ${what}`, remedy, cause)
  }

  /** As the user has to write it. */
  #shown(name: string): string {
    return this.isOfEnvironment ? `OS_${name.toUpperCase()}` : name
  }

  #textOf(name: string, value: Value | undefined): string | undefined {
    if (value === undefined || value === null || value === '') return undefined
    if (value instanceof Doubtful) {
      const what = 'is a number or a date to YAML, and not the text that stands there'
      throw this.wrong(name, what, 'Put it in quotes')
    }
    if (typeof value !== 'string') throw this.wrong(name, 'is no text', 'Put it in quotes')
    return value
  }
}

const methods = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application_credential',
} as const

/** Keys that make another login of it, which is none for images, or that nobody here has. */
const unsupported: Readonly<Record<string, string>> = {
  system_scope: 'is set, but images belong to a project: name one instead',
  trust_id: 'is set, but trusts are not supported: use an application credential',
  passcode: 'is set, but one-time passwords are not supported: use an application credential',
  default_domain: 'is no key: write default_domain_id or default_domain_name',
}

function loginOf(keys: Keys): Login {
  for (const [name, what] of Object.entries(unsupported)) if (keys.has(name)) throw keys.wrong(name, what)
  const method = methodOf(keys)
  if (method === 'application_credential') {
    const secret = required(keys, 'application_credential_secret')
    const id = keys.text('application_credential_id')
    if (id !== undefined) return { method, credential: { id }, secret }
    const name = keys.text('application_credential_name')
    if (name === undefined) throw keys.missing('application_credential_id')
    return { method, credential: { name, user: userOf(keys) }, secret }
  }
  if (method === 'token')
    return { method, secret: required(keys, 'token', 'auth_token'), project: projectOf(keys) }
  return { method, user: userOf(keys), secret: required(keys, 'password'), project: projectOf(keys) }
}

/** Without a type, what is there tells it; a password goes first, as it does for OpenStack's clients. */
function methodOf(keys: Keys): Login['method'] {
  const type = keys.text('auth_type', 'auth_plugin')
  if (type === undefined) {
    if (keys.has('password')) return 'password'
    const hasCredential = keys.has('application_credential_id') || keys.has('application_credential_name')
    return hasCredential
      ? 'application_credential'
      : keys.has('token') || keys.has('auth_token')
        ? 'token'
        : 'password'
  }
  const name = type.toLowerCase()
  if (Object.hasOwn(methods, name)) return methods[name as keyof typeof methods]
  if (name === 'none')
    throw keys.wrong('auth_type', 'is none: without Keystone nobody knows whose an image is')
  const [meant] = closest(name, Object.keys(methods))
  throw keys.wrong(
    'auth_type',
    `is "${type}", which is not supported`,
    meant === undefined ? `Use one of ${Object.keys(methods).join(', ')}` : `Did you mean ${meant}?`,
  )
}

function required(keys: Keys, ...names: readonly [string, ...string[]]): string {
  const text = keys.text(...names)
  if (text !== undefined) return text
  const [name] = names
  const hasCredential = name === 'password' && keys.has('application_credential_id')
  throw keys.missing(name, hasCredential ? 'Write auth_type: v3applicationcredential' : undefined)
}

function userOf(keys: Keys): Named {
  const id = keys.text('user_id')
  if (id !== undefined) return { id }
  return { name: required(keys, 'username', 'user_name'), domain: domainOf(keys, 'user_domain') }
}

/** Without one, Keystone lists images of everybody, and images that are made belong to nobody. */
function projectOf(keys: Keys): Named {
  const id = keys.text('project_id', 'tenant_id')
  if (id !== undefined) return { id }
  return { name: required(keys, 'project_name', 'tenant_name'), domain: domainOf(keys, 'project_domain') }
}

/** What is said of it goes over what is said of both, and that over the defaults. */
function domainOf(keys: Keys, which: 'user_domain' | 'project_domain'): Domain {
  for (const prefix of [which, 'domain', 'default_domain']) {
    const id = keys.text(`${prefix}_id`)
    if (id !== undefined) return { id }
    const name = keys.text(`${prefix}_name`)
    if (name !== undefined) return { name }
  }
  throw keys.missing(`${which}_name`, 'Keystone assumes none; the one that every cloud has is called Default')
}

function imageOf(keys: Keys): Cloud['image'] {
  const version = keys.text('image_api_version')
  if (version !== undefined && !/^2(\.\d+)?$/.test(version)) {
    throw keys.wrong('image_api_version', `is ${version}, and only version 2 is spoken here`)
  }
  const asked =
    keys.formatted('image_interface', 'image_endpoint_type', 'endpoint_type', 'interface') ?? 'public'
  const wanted = asked.replace(/URL$/, '')
  const found = interfaces.find((name) => name === wanted)
  if (found === undefined)
    throw keys.wrong('interface', `is "${asked}"`, `Use one of ${interfaces.join(', ')}`)
  return {
    endpoint: addressOf(keys, 'image_endpoint_override', 'image_endpoint')?.replace(version2, ''),
    interface: found,
    region: keys.formatted('image_region_name', 'region_name'),
  }
}

/** How catalogues and overrides may end; paths of requests begin with it. */
export const version2 = /\/v2(\.\d+)?$/

/** Without a final slash. */
function addressOf(keys: Keys, ...names: readonly [string, ...string[]]): string | undefined {
  const text = keys.formatted(...names)
  if (text === undefined) return undefined
  const address = plainAddress(text)
  if (address === undefined) {
    const what = 'is no URL of http or https, or has a user, a query or a fragment in it'
    throw keys.wrong(names[0], what, 'Write it as https://HOST:PORT/PATH')
  }
  return address
}

/** A URL of http(s) that is nothing but origin and path, without a final slash; undefined: it is not. */
export function plainAddress(text: string): string | undefined {
  if (/[\u0000-\u0020\u007f]/.test(text) || !URL.canParse(text)) return undefined
  const { protocol, username, password, search, hash, origin, pathname } = new URL(text)
  if (!/^https?:$/.test(protocol) || username + password + search + hash !== '' || /[?#]$/.test(text))
    return undefined
  return origin + pathname.replace(/\/+$/, '')
}

async function tlsOf(keys: Keys, places: Places, note: Note): Promise<TlsSettings> {
  const isChecked = keys.flag('insecure') !== true && keys.flag('verify') !== false
  const [ca, cert, key] = await Promise.all(
    ['cacert', 'cert', 'key'].map((name) =>
      name === 'cacert' && !isChecked ? undefined : pemOf(keys, name, places),
    ),
  )
  if (!isChecked) {
    const ignored = keys.has('cacert') ? '; so cacert is not used' : ''
    note(
      'warning',
      `The certificates of the cloud "${keys.found.cloud}" are not checked (insecure, verify)${ignored}`,
    )
  }
  if (ca !== undefined && !/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(ca))
    throw keys.wrong('cacert', 'names a file without certificates')
  if (key !== undefined && cert === undefined) throw keys.missing('cert')
  const tls = { ca, cert, key: key ?? cert }
  if (ca !== undefined || cert !== undefined) assertUsable(keys, tls)
  return { ...tls, ...(isChecked ? {} : { rejectUnauthorized: false }) }
}

function assertUsable(keys: Keys, tls: TlsSettings): void {
  try {
    createSecureContext(tls)
  } catch (cause) {
    throw keys.wrong(
      tls.cert === undefined ? 'cacert' : 'cert',
      'names a file that cannot be used',
      'Name files in PEM; the key must need no password',
      cause,
    )
  }
}

/** As OpenStack's clients read it: `~` is the user's folder, other paths count from the working folder. */
async function pemOf(keys: Keys, name: string, { cwd, home }: Places): Promise<string | undefined> {
  const path = keys.formatted(name)
  if (path === undefined) return undefined
  const file = resolve(cwd, path.replace(/^~(?=\/|$)/, home))
  try {
    return (await readSmallFile(file)).text
  } catch (cause) {
    const { why } = explainRefusal(cause)
    throw keys.wrong(name, `names ${file}, which cannot be read: ${why}`, undefined, cause)
  }
}
