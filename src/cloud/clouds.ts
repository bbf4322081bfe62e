import { closest } from '../catalog/closest.ts'
import type { CloudFile, Found, Places, Settings, Value } from './cloud-files.ts'
import { entryOf, findFiles, isSettings, misconfigured } from './cloud-files.ts'

/** A cloud as the user names it. */
export interface CloudName {
  readonly name: string
  readonly region?: string | undefined
}

/** Tells something that is no error. */
export type Note = (level: 'debug' | 'info' | 'warning', message: string) => void

/** What the files and the environment say of one cloud: merged, for one region, and not judged yet. */
export interface CloudSettings {
  /** `NAME` or `NAME/REGION`, as it was asked for. */
  readonly cloud: string
  /** Where it stands, for messages: a file, or `the OS_* variables`. */
  readonly origin: string
  /** Keys have `_` for `-`. */
  readonly settings: Settings
  /** Files that hold settings of this cloud, and that every user of this machine can read. */
  readonly openFiles: readonly string[]
}

/** Reads `NAME` or `NAME/REGION`; undefined: it is neither. */
export function parseCloudName(text: string): CloudName | undefined {
  const [, name, region] = /^([^/\u0000-\u001f\u007f]+)(?:\/([^/\u0000-\u001f\u007f]+))?$/.exec(text) ?? []
  return name === undefined ? undefined : { name, region }
}

/** `NAME` or `NAME/REGION`. */
export function formatCloudName({ name, region }: CloudName): string {
  return region === undefined ? name : `${name}/${region}`
}

/**
 * Finds a cloud as OpenStack's own clients find it, in `clouds.yaml`, `secure.yaml`, `clouds-public.yaml` and the `OS_*`
 * variables. What they do in silence, and what a file in a stranger's checkout could do, is an error or a warning here.
 * @param wanted without a name: that of OS_CLOUD, else what the OS_* variables say, else the only cloud of the file
 * @throws UpdaterError CLOUD_CONFIGURATION
 * @see https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
 */
export async function findCloud(
  wanted: Partial<CloudName>,
  places: Places,
  note: Note,
): Promise<CloudSettings> {
  const { env } = places
  const file = chooseFile(await findFiles('clouds', 'OS_CLIENT_CONFIG_FILE', places), wanted.name, note)
  const clouds = file === undefined ? {} : mappingOf(file.settings, 'clouds', file.path)
  const choice = chooseCloud(wanted.name, clouds, file, env)
  const named = { name: choice.name, region: wanted.region }
  if (choice.isOfEnvironment) {
    const settings = withoutSelectors(variablesOf(env))
    const source = { name: choice.name, origin: environment, isFound: false }
    const profile = await profileOf(settings, source, places, note)
    return settle(named, environment, { profile, own: settings }, [])
  }
  const { path, isFound } = file as CloudFile
  if (isFound) {
    if (wanted.name === undefined) throw unnamed(path, choice.name)
    note('info', `The cloud "${choice.name}" is that of ${path}, in the working folder`)
  } else note('debug', `The cloud "${choice.name}" is that of ${path}`)
  tellIgnored(choice.name, wanted.name === undefined, env, note)
  const own = normalized(mappingOf(clouds, choice.name, path))
  const secure = await fitting('secure', 'OS_CLIENT_SECURE_FILE', isFound, places, note)
  const secrets = secure && entryOf(mappingOf(secure.settings, 'clouds', secure.path), choice.name)
  const merged = isSettings(secrets) ? mergeDeep(own, normalized(secrets)) : own
  const profile = await profileOf(merged, { name: choice.name, origin: path, isFound }, places, note)
  const open = [file as CloudFile, ...(isSettings(secrets) && secure !== undefined ? [secure] : [])]
  const openFiles = open.filter(({ isOpen }) => isOpen).map(({ path }) => path)
  return settle(named, path, { profile, own: merged }, openFiles)
}

/**
 * The first file counts alone. One that merely lies in the working folder counts only for a cloud that is asked for by
 * name and that the user's own file has not.
 */
function chooseFile(
  { files, unreadable }: Found,
  wanted: string | undefined,
  note: Note,
): CloudFile | undefined {
  for (const path of unreadable) note('warning', `${path} is passed over: permission denied`)
  const [first, own] = files
  if (first?.isFound !== true || own === undefined) return first
  const has = ({ settings }: CloudFile) => {
    const clouds = entryOf(settings, 'clouds')
    return wanted !== undefined && isSettings(clouds) && Object.hasOwn(clouds, wanted)
  }
  if (has(first) && has(own)) {
    throw misconfigured(
      `The cloud "${wanted}" is in ${first.path}, which lies in the working folder, and in ${own.path}`,
      'Name the file that is meant with OS_CLIENT_CONFIG_FILE',
    )
  }
  if (has(first)) return first
  note('warning', `${first.path} is passed over: it merely lies in the working folder`)
  return own
}

function unnamed(path: string, cloud: string) {
  return misconfigured(
    `${path} merely lies in the working folder: its cloud "${cloud}" is used only if it is asked for`,
    `Use --cloud ${cloud}, or name the file with OS_CLIENT_CONFIG_FILE`,
  )
}

/** Where a cloud stands that no file has. */
export const environment = 'the OS_* variables'

/** Variables that choose a cloud and say nothing of one. */
const selectors = new Set([
  'OS_CLOUD',
  'OS_CLOUD_NAME',
  'OS_REGION_NAME',
  'OS_CLIENT_CONFIG_FILE',
  'OS_CLIENT_SECURE_FILE',
])

type Environment = Places['env']

/** The `OS_*` variables that describe a cloud, by the names of its keys. */
function variablesOf(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      /^OS_(?!TEST|STD|LOG)/.test(name) && value ? [[name.slice(3).toLowerCase(), value] as const] : [],
    ),
  )
}

/** Their names; selectors are none. */
function describingVariables(env: Environment): string[] {
  return Object.keys(variablesOf(env))
    .map((key) => `OS_${key.toUpperCase()}`)
    .filter((name) => !selectors.has(name))
}

function withoutSelectors(variables: Record<string, string>): Settings {
  const none = ['cloud', 'cloud_name', 'client_config_file', 'client_secure_file', 'auth', 'regions']
  return Object.fromEntries(Object.entries(variables).filter(([key]) => !none.includes(key)))
}

interface Choice {
  readonly name: string
  readonly isOfEnvironment: boolean
}

/** By its name, else OS_CLOUD, else what the variables say, else the only one. */
function chooseCloud(
  wanted: string | undefined,
  clouds: Settings,
  file: CloudFile | undefined,
  env: Environment,
): Choice {
  const ofEnvironment = env.OS_CLOUD_NAME || 'envvars'
  const variables = describingVariables(env)
  const hasEnvironment = variables.length > 0
  const names = Object.keys(clouds)
  const name =
    (wanted ?? env.OS_CLOUD) ||
    (hasEnvironment ? ofEnvironment : names.length === 1 ? (names[0] as string) : undefined)
  const known = `${file?.path} has ${listed(names)}`
  if (name === undefined) {
    const what = file === undefined ? 'no clouds.yaml was found, and no OS_AUTH_URL is set' : known
    throw misconfigured(`No cloud is named: ${what}`, 'Name one with --cloud or OS_CLOUD')
  }
  const isOfEnvironment = hasEnvironment && name === ofEnvironment
  if (isOfEnvironment && Object.hasOwn(clouds, name)) {
    throw misconfigured(
      `The cloud "${name}" is in ${file?.path}, and ${variables[0]} describes one of the same name`,
      `Unset ${listed(variables, '')}, or set OS_CLOUD_NAME to another name`,
    )
  }
  if (isOfEnvironment) {
    if (names.length > 0 && !env.OS_AUTH_URL) throw hidden(variables, names, file as CloudFile)
    return { name, isOfEnvironment }
  }
  if (Object.hasOwn(clouds, name)) return { name, isOfEnvironment }
  const [meant] = closest(name, names)
  throw misconfigured(
    `The cloud "${name}" is not known: ${file === undefined ? 'no clouds.yaml was found' : known}`,
    meant === undefined
      ? 'Name a file with OS_CLIENT_CONFIG_FILE, or a cloud that it has'
      : `Did you mean "${meant}"?`,
  )
}

function hidden(variables: readonly string[], names: readonly string[], { path }: CloudFile) {
  return misconfigured(
    `The cloud would be that of the environment, since ${listed(variables, '')} is set, but there is no OS_AUTH_URL; ` +
      `so ${path} with ${listed(names)} is not looked at`,
    `Use --cloud ${names[0]} or OS_CLOUD=${names[0]}, or unset ${listed(variables, '')}`,
  )
}

/** Settings of a cloud that is named come from its file alone, and other clients of OpenStack differ in that. */
function tellIgnored(cloud: string, isByVariable: boolean, env: Environment, note: Note): void {
  const names = [...describingVariables(env), ...(env.OS_REGION_NAME ? ['OS_REGION_NAME'] : [])]
  const of = names.filter((name) => !name.startsWith('OS_CLIENT_'))
  if (of.length === 0) return
  const isDoubt = isByVariable || of.some((name) => /^OS_(REGION_NAME|INTERFACE|ENDPOINT_TYPE)$/.test(name))
  note(
    isDoubt ? 'warning' : 'info',
    `The cloud "${cloud}" is named, so ${listed(of, '')} ${of.length === 1 ? 'is' : 'are'} not used`,
  )
}

/** A file of the working folder has to do with another one there, and with no other. */
async function fitting(
  name: 'secure' | 'clouds-public',
  variable: 'OS_CLIENT_SECURE_FILE' | undefined,
  isFound: boolean,
  places: Places,
  note: Note,
): Promise<CloudFile | undefined> {
  const { files, unreadable } = await findFiles(name, variable, places)
  for (const one of unreadable) note('warning', `${one} is passed over: permission denied`)
  const why = isFound
    ? 'a cloud of a file that merely lies in the working folder gets nothing from elsewhere'
    : 'it merely lies in the working folder'
  const fits = (file: CloudFile) => file.isFound === isFound
  for (const { path } of files.filter((file) => !fits(file))) {
    note('warning', `${path} is passed over: ${why}`)
  }
  return files.find(fits)
}

/** What a vendor says of its cloud. Lists of vendors that other clients bring along are not known here. */
async function profileOf(
  cloud: Settings,
  { name, origin, isFound }: { readonly name: string; readonly origin: string; readonly isFound: boolean },
  places: Places,
  note: Note,
): Promise<Settings> {
  const wanted = entryOf(cloud, 'profile') ?? entryOf(cloud, 'cloud')
  if (wanted === undefined || wanted === null || wanted === '') return {}
  const vendors = await fitting('clouds-public', undefined, isFound, places, note)
  const known = vendors && mappingOf(vendors.settings, 'public-clouds', vendors.path)
  if (typeof wanted === 'string' && known !== undefined && Object.hasOwn(known, wanted)) {
    return normalized(mappingOf(known, wanted, (vendors as CloudFile).path))
  }
  const message = `The profile of the cloud "${name}" in ${origin} is in no clouds-public.yaml; those that come with other clients are not known here`
  const auth = entryOf(cloud, 'auth')
  const hasAddress = entryOf(cloud, 'auth_url') ?? (isSettings(auth) ? entryOf(auth, 'auth_url') : undefined)
  if (hasAddress === undefined)
    throw misconfigured(message, 'Write auth_url and regions into the cloud itself')
  note('warning', message)
  return {}
}

/** Lays a cloud over its profile, and the values of a region over both. */
function settle(
  { name, region: wanted }: CloudName,
  origin: string,
  { profile, own }: { readonly profile: Settings; readonly own: Settings },
  openFiles: readonly string[],
): CloudSettings {
  const regions = regionsOf(own, name, origin) ?? regionsOf(profile, name, origin) ?? []
  const region = chooseRegion(regions, name, origin, wanted)
  const given = Object.fromEntries(Object.entries(region.values).filter(([, value]) => value !== null))
  const { regions: _, ...rest } = mergeAuth(mergeAuth(profile, own), given)
  const settings = region.name === undefined ? rest : { ...rest, region_name: region.name }
  return { cloud: formatCloudName({ name, region: wanted }), origin, settings, openFiles }
}

interface Region {
  /** Undefined: the cloud has one, and does not say how it is called. */
  readonly name: string | undefined
  readonly values: Settings
}

/** Those that a cloud or a profile tells of; undefined: it tells of none. */
function regionsOf(settings: Settings, cloud: string, origin: string): Region[] | undefined {
  const { regions, region_name: single } = settings
  const told = regions ?? (typeof single === 'string' && single !== '' ? single.split(',') : single)
  if (told === undefined || told === null || told === '') return undefined
  return (Array.isArray(told) ? told : [told]).map((entry: Value) => regionOf(entry, cloud, origin))
}

/** The one that is asked for, else the first. */
function chooseRegion(
  regions: readonly Region[],
  cloud: string,
  origin: string,
  wanted: string | undefined,
): Region {
  const [first = { name: wanted, values: {} }] = regions
  const found = wanted === undefined ? first : [first, ...regions].find(({ name }) => name === wanted)
  if (found !== undefined) return found
  throw misconfigured(
    `The cloud "${cloud}" of ${origin} has no region "${wanted}": it has ${listed(regions.map(({ name }) => name))}`,
    'Names of regions are case-sensitive',
  )
}

function regionOf(entry: Value, cloud: string, origin: string): Region {
  if (typeof entry === 'string') return { name: entry.trim(), values: {} }
  if (isSettings(entry)) {
    const { name, values = {}, ...others } = entry
    if (typeof name === 'string' && isSettings(values) && Object.keys(others).length === 0)
      return { name, values }
  }
  throw misconfigured(
    `A region of the cloud "${cloud}" of ${origin} is neither a name nor a mapping of name and values`,
    'Write the names of regions in quotes',
  )
}

/** Keys of `auth` are laid over each other one by one, all others as a whole. */
function mergeAuth(below: Settings, above: Settings): Settings {
  const [lower, upper] = [entryOf(below, 'auth'), entryOf(above, 'auth')]
  const merged = { ...below, ...above }
  return isSettings(lower) && isSettings(upper) ? { ...merged, auth: { ...lower, ...upper } } : merged
}

function mergeDeep(below: Settings, above: Settings): Settings {
  const entries = Object.entries(above).map(([key, value]) => {
    const lower = entryOf(below, key)
    return [key, isSettings(lower) && isSettings(value) ? mergeDeep(lower, value) : value] as const
  })
  return { ...below, ...Object.fromEntries(entries) }
}

function normalized(settings: Settings): Settings {
  const inner = (value: Value): Value =>
    isSettings(value) ? normalized(value) : Array.isArray(value) ? value.map(inner) : value
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.replaceAll('-', '_'), inner(value)]),
  )
}

/** @throws UpdaterError CLOUD_CONFIGURATION: it is something else than a mapping */
function mappingOf(settings: Settings, key: string, path: string): Settings {
  const value = entryOf(settings, key) ?? {}
  if (isSettings(value)) return value
  throw misconfigured(`"${key}" of ${path} is no mapping`, 'Correct the file')
}

function listed(names: readonly (string | undefined)[], quote = '"'): string {
  const shown = names.slice(0, 20).map((name) => `${quote}${name}${quote}`)
  const more = names.length > shown.length ? [`${names.length - shown.length} more`] : []
  return shown.length === 0 ? 'no cloud' : [...shown, ...more].join(', ')
}
