import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Document, ParseOptions, ScalarTag, SchemaOptions } from 'yaml'
import { formatPlace, UpdaterError } from '../errors.ts'
import { explainRefusal, isErrno } from '../files.ts'
import { parseYaml } from '../yaml.ts'

/**
 * A plain scalar that YAML 1.1, which OpenStack's clients read, takes for a number or a date that is written otherwise:
 * `0123` is 83, `1.10` is 1.1, `12:30` is 750.
 */
export class Doubtful {}

/** What stands in a file. Whole numbers are texts, as OpenStack's clients make them. */
export type Value = string | boolean | null | Doubtful | readonly Value[] | Settings

/** A mapping. */
export interface Settings {
  readonly [key: string]: Value
}

/** A file of clouds, of their secrets or of their vendors. */
export interface CloudFile {
  readonly path: string
  /** It merely lies in the working folder: a stranger may have written it. */
  readonly isFound: boolean
  /** Every user of this machine can read it. */
  readonly isOpen: boolean
  readonly settings: Settings
}

/** Where files are looked for. */
export interface Places {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Working folder. */
  readonly cwd: string
  /** The user's folder. */
  readonly home: string
  /** The machine's folder of configurations. Default: /etc. */
  readonly etc?: string | undefined
}

/** Bytes. */
const maximumSize = 1024 * 1024

/**
 * Returns the folders that are searched, in this order, for `clouds`, `secure` and `clouds-public`.
 * @see https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
 */
function foldersOf({ env, cwd, home, etc = '/etc' }: Places): { folder: string; isFound: boolean }[] {
  const siteFolders = env.XDG_CONFIG_DIRS || join(etc, 'xdg')
  const trusted = [
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'openstack'),
    join(env.SNAP_REAL_HOME || home, '.config', 'openstack'),
    ...siteFolders.split(':').map((folder) => join(folder, 'openstack')),
    join(etc, 'openstack'),
  ].map((folder) => resolve(cwd, folder))
  const own = resolve(cwd)
  return [
    ...(trusted.includes(own) ? [] : [{ folder: own, isFound: true }]),
    ...[...new Set(trusted)].map((folder) => ({ folder, isFound: false })),
  ]
}

/** What a search has found, and what it had to pass over. */
export interface Found {
  /** At most one of the working folder, and one of the other folders. */
  readonly files: readonly CloudFile[]
  /** Files that this user may not read, which OpenStack's clients pass over in silence. */
  readonly unreadable: readonly string[]
}

/**
 * Reads the first file of a name, `.yaml` before `.yml` before `.json`; after one of the working folder, the user's first
 * one too. One that a variable names counts alone.
 * @throws UpdaterError CLOUD_CONFIGURATION: one that is named is not there or cannot be read, one is no such file
 */
export async function findFiles(
  name: 'clouds' | 'secure' | 'clouds-public',
  variable: 'OS_CLIENT_CONFIG_FILE' | 'OS_CLIENT_SECURE_FILE' | undefined,
  places: Places,
): Promise<Found> {
  const named = variable && places.env[variable]
  if (named) return { files: [await readNamed(resolve(places.cwd, named), variable)], unreadable: [] }
  const files: CloudFile[] = []
  const unreadable: string[] = []
  const paths = foldersOf(places).flatMap(({ folder, isFound }) =>
    ['yaml', 'yml', 'json'].map((ending) => ({ path: join(folder, `${name}.${ending}`), isFound })),
  )
  for (const { path, isFound } of paths) {
    if (isFound && files.length > 0) continue
    const file = await readIfThere(path, isFound)
    if (file === 'unreadable') unreadable.push(path)
    else if (file !== undefined) files.push(file)
    if (file !== undefined && file !== 'unreadable' && !isFound) break
  }
  return { files, unreadable }
}

async function readNamed(path: string, variable: string): Promise<CloudFile> {
  try {
    return await readFile(path, false)
  } catch (cause) {
    if (cause instanceof UpdaterError) throw cause
    const { why } = explainRefusal(cause)
    throw misconfigured(
      `${path}, which ${variable} names, cannot be read: ${why}`,
      `Correct ${variable}`,
      cause,
    )
  }
}

async function readIfThere(path: string, isFound: boolean): Promise<CloudFile | 'unreadable' | undefined> {
  try {
    return await readFile(path, isFound)
  } catch (cause) {
    if (isErrno(cause, 'ENOENT', 'ENOTDIR')) return undefined
    if (isErrno(cause, 'EACCES')) return 'unreadable'
    if (cause instanceof UpdaterError) throw cause
    throw misconfigured(`${path} cannot be read: ${explainRefusal(cause).why}`, undefined, cause)
  }
}

async function readFile(path: string, isFound: boolean): Promise<CloudFile> {
  const { text, mode } = await readSmallFile(path)
  return { path, isFound, isOpen: (mode & 0o004) !== 0, settings: parse(path, text) }
}

/**
 * Reads a text of at most 1 MiB from a regular file; symbolic links are followed, since Kubernetes mounts secrets so.
 * @throws UpdaterError CLOUD_CONFIGURATION, or the system's error
 */
export async function readSmallFile(path: string): Promise<{ text: string; mode: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw misconfigured(`${path} is no regular file`, 'Name a file')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maximumSize + 1))
    if (bytesRead > maximumSize) throw misconfigured(`${path} is larger than ${maximumSize} bytes`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead))
    return { text, mode: stats.mode }
  } catch (cause) {
    if (cause instanceof TypeError) throw misconfigured(`${path} is not UTF-8`, undefined, cause)
    throw cause
  } finally {
    await file.close()
  }
}

/** The scalars of YAML 1.1 as PyYAML resolves them; the others are texts. */
const scalars: readonly ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:null', default: true, test: /^(?:~|null|Null|NULL|)$/, resolve: () => null },
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    resolve: (text) => /^(?:yes|true|on)$/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][\d_]*|0x[\da-fA-F_]+|[1-9][\d_]*(?::[0-5]?\d)+)$/,
    resolve: (text) => (/^(?:0|-?[1-9]\d*)$/.test(text) ? text : new Doubtful()),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|[-+]?\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    resolve: (text) => (/^-?(?:0|[1-9]\d{0,7})\.(?:0|\d{0,2}[1-9])$/.test(text) ? text : new Doubtful()),
  },
  {
    tag: 'tag:yaml.org,2002:timestamp',
    default: true,
    test: /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
    resolve: () => new Doubtful(),
  },
]

const options: ParseOptions & SchemaOptions = { schema: 'failsafe', merge: true, customTags: [...scalars] }

function parse(file: string, text: string): Settings {
  const { document, errors, place } = parseYaml(file, text, options)
  const strange = [
    ...errors,
    ...(document?.warnings ?? []).map(({ pos, message }) => ({ offset: pos[0], message })),
  ]
  const [first] = strange
  if (first !== undefined) {
    throw misconfigured(
      `${formatPlace(place(first.offset))}: ${withoutText(first.message)}`,
      'Correct the file',
    )
  }
  const content = contentOf(file, document)
  if (!isSettings(content)) throw misconfigured(`${file} is no mapping`, 'Begin it with clouds:')
  return content
}

function contentOf(file: string, document: Document.Parsed | undefined): Value {
  try {
    return (document?.toJS() ?? {}) as Value
  } catch (cause) {
    // Too many aliases, an unknown one, or `<<` with something else than a mapping. It is no cause: it shows the text.
    const why = cause instanceof Error ? withoutText(cause.message) : 'it is strange'
    throw misconfigured(`${file} cannot be read: ${why}`, 'Correct the file')
  }
}

/** What follows a colon or a quote is text of the file, which may be a secret. */
function withoutText(message: string): string {
  return message.replace(/\s*[:"].*$/s, '')
}

/** Whether it is a mapping. */
export function isSettings(value: Value | undefined): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Doubtful)
}

/** The key's value, never one of JavaScript's own. */
export function entryOf(settings: Settings, key: string): Value | undefined {
  return Object.hasOwn(settings, key) ? settings[key] : undefined
}

export function misconfigured(message: string, remedy?: string, cause?: unknown): UpdaterError {
  return new UpdaterError('CLOUD_CONFIGURATION', message, { remedy, cause })
}
