import { UpdaterError } from '../errors.ts'
import type { HttpClient } from '../http/client.ts'
import { decodeSegment } from '../http/url.ts'
import type { Image } from '../image.ts'
import { camel, defaultOf, type ValuesOf } from '../option.ts'
import { directory } from './directory/options.ts'
import { below, folderPrefix, type NamedBuild, objectKey, probeKey } from './naming.ts'
import { own } from './own/options.ts'
import { type S3Options, s3 } from './s3/options.ts'
import type { Store, StoreKind, Surroundings } from './store.ts'

/** Every kind of store, by the name that `MirrorOptions.kind` has for it. */
const kinds = { s3, directory, store: own }

type Kinds = typeof kinds
type OptionsOf<Kind> = Kind extends { read(values: never): infer Options } ? Options : never
type StoreRow = Kinds[keyof Kinds]['options'][number]

/** What `MirrorOptions.kind` may be. */
export const mirrorKinds: readonly string[] = [...Object.keys(kinds), 'none']

interface CommonOptions {
  /** Before every object's key, e.g. `images/`; may be empty. */
  readonly keyPrefix: string
  /** Public base of the mirror: `mirror_url` is `baseUrl/shortname/file`. Default: what the other options make of it. */
  readonly baseUrl?: string | undefined
}

type StoredMirror = {
  readonly [Kind in keyof Kinds]: { readonly kind: Kind } & OptionsOf<Kinds[Kind]> & CommonOptions
}[keyof Kinds]

interface NoMirror {
  /** Nothing is uploaded. */
  readonly kind: 'none'
  /** `mirror_url` is written if, and only if, the object already answers under this base. */
  readonly baseUrl?: string | undefined
}

/** Where mirrored images go. */
export type MirrorOptions = StoredMirror | NoMirror

/** A mirror as a program gives it: of what it leaves out the command's default counts. */
export type GivenMirror =
  | ({ readonly kind: 's3' } & Partial<S3Options & CommonOptions>)
  | {
      readonly [Kind in Exclude<keyof Kinds, 's3'>]: { readonly kind: Kind } & OptionsOf<Kinds[Kind]> &
        Partial<CommonOptions>
    }[Exclude<keyof Kinds, 's3'>]
  | NoMirror

/** Which kind has which options and values is lost to the types here. */
type AnyKind = StoreKind<StoredMirror>
const entries = Object.entries(kinds) as unknown as readonly (readonly [StoredMirror['kind'], AnyKind])[]
const kindOf = ({ kind }: StoredMirror) => kinds[kind] as unknown as AnyKind

/** The rows of all kinds, for the table of options. */
export const storeOptions = entries.flatMap(
  ([, { options }]) => options,
) as readonly unknown[] as readonly StoreRow[]

/** The options that make a mirror one of their kind. */
export const choosingOptions: readonly string[] = entries.flatMap(([, { chosenBy }]) => chosenBy ?? [])

/** The values of the options that a mirror is made of. */
export type MirrorValues = ValuesOf<readonly StoreRow[]> & {
  readonly mirror: boolean
  readonly mirrorBaseUrl?: string | undefined
  readonly mirrorKeyPrefix: string
}

/**
 * Makes a mirror of the values of options: of the kind that is chosen by one, else of the kind that needs no choice.
 * @throws UpdaterError CONFIGURATION
 */
export function mirrorFrom(values: MirrorValues): MirrorOptions {
  const { mirrorBaseUrl: baseUrl, mirrorKeyPrefix: keyPrefix } = values
  const given: Readonly<Record<string, unknown>> = values
  const isChosen = ({ chosenBy }: AnyKind) => chosenBy !== undefined && given[camel(chosenBy)] !== undefined
  const found = entries.find(([, kind]) => isChosen(kind)) ?? entries.find(([, one]) => !one.chosenBy)
  if (!values.mirror || found === undefined) return { kind: 'none', baseUrl }
  const [kind, { read }] = found
  return { ...read(values), kind, keyPrefix, baseUrl } as StoredMirror
}

/**
 * Fills in what a program has left out of a mirror; without any it is the command's.
 * @throws UpdaterError CONFIGURATION
 */
export function settleMirror(given: GivenMirror = { kind: 's3' }): MirrorOptions {
  const kind: unknown = Object(given).kind
  if (typeof kind !== 'string' || !mirrorKinds.includes(kind)) {
    throw new UpdaterError('CONFIGURATION', 'No mirror is given', {
      remedy: "Give one as `mirror`; { kind: 'none' } uploads nothing",
    })
  }
  if (given.kind === 'none') return given
  const { options, read } = kinds[given.kind] as unknown as AnyKind
  const values = Object.fromEntries(options.map((row) => [camel(row.name), defaultOf(row)]))
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const usual: object = { ...read(values as never), keyPrefix: '' }
  const settled: Readonly<Record<string, unknown>> = { ...usual, ...Object.fromEntries(said) }
  const wrong = Object.entries(settled).find(([key, value]) => {
    return key === 'store' ? !isStore(value) : value !== undefined && typeof value !== 'string'
  })
  const missing = given.kind === 'directory' && !settled.dir ? 'dir' : undefined
  const key = wrong?.[0] ?? (given.kind === 'store' && settled.store === undefined ? 'store' : missing)
  if (key === undefined) return settled as unknown as StoredMirror
  const what = key === 'store' ? 'no store' : 'no text, or is missing'
  throw new UpdaterError('CONFIGURATION', `mirror.${key} is ${what}`)
}

function isStore(value: unknown): boolean {
  const store: Readonly<Record<keyof Store, unknown>> = Object(value)
  const methods = ['ready', 'stat', 'read', 'begin', 'list', 'remove', 'abortStale'] as const
  return typeof store.place === 'string' && methods.every((name) => typeof store[name] === 'function')
}

/** Returns what must never be printed of a mirror's options. */
export function secretsOf(mirror: MirrorOptions): readonly string[] {
  return mirror.kind === 'none' ? [] : kindOf(mirror).secrets(mirror)
}

/**
 * Opens the store that the options name, and loads what it needs only now.
 * @throws UpdaterError CONFIGURATION, STORE_CREDENTIALS
 */
export async function openStore(
  mirror: MirrorOptions,
  http: HttpClient,
  around?: Surroundings,
): Promise<Store | undefined> {
  return mirror.kind === 'none' ? undefined : kindOf(mirror).open(mirror, http, around)
}

/** Returns what goes before every key, a prefix of the store's own included. @throws UpdaterError CONFIGURATION */
export function keyPrefixOf(mirror: MirrorOptions): string {
  return mirror.kind === 'none' ? '' : kindOf(mirror).keyPrefix(mirror) + folderPrefix(mirror.keyPrefix)
}

/** Returns what all public URLs begin with, without a slash at the end. @throws UpdaterError CONFIGURATION */
export function baseOf(mirror: MirrorOptions): string | undefined {
  if (mirror.baseUrl !== undefined) return below(parseBase(mirror.baseUrl))
  if (mirror.kind === 'none') return undefined
  return below(kindOf(mirror).publicBase(mirror), folderPrefix(mirror.keyPrefix))
}

/** Where a version of an image lies, or shall lie, on a mirror. */
export interface Address {
  readonly key: string
  /** Its public URL, which becomes `mirror_url`. */
  readonly url: string
}

/**
 * Returns the address of an image's build, or undefined if the mirror has no public base.
 * @throws UpdaterError CONFIGURATION
 */
export function addressOf(
  mirror: MirrorOptions,
  { shortname, format }: Pick<Image, 'shortname' | 'format'>,
  build: NamedBuild,
): Address | undefined {
  if (shortname === undefined) return undefined
  const image = { shortname, format }
  const key = objectKey(image, build, keyPrefixOf(mirror))
  const base = baseOf(mirror)
  return base === undefined ? undefined : { key, url: below(base, objectKey(image, build, '')) }
}

/** Returns the address of a probe, or undefined if the mirror has no public base. @throws UpdaterError CONFIGURATION */
export function probeAddress(mirror: MirrorOptions, random: string): Address | undefined {
  const base = baseOf(mirror)
  if (base === undefined) return undefined
  return { key: probeKey(random, keyPrefixOf(mirror)), url: below(base, probeKey(random, '')) }
}

/**
 * Returns the key of the object that a `mirror_url` names, or undefined if it does not lie below the mirror's public
 * address, or is no plain path: a query, empty segments, hidden names, control characters.
 * @throws UpdaterError CONFIGURATION
 */
export function keyOfUrl(mirror: MirrorOptions, url: string): string | undefined {
  const base = baseOf(mirror)
  if (base === undefined || !url.startsWith(`${base}/`)) return undefined
  const path = url.slice(base.length + 1)
  const segments = path.split('/').map((segment) => decodeSegment(segment) ?? '')
  const isPlain = segments.every((segment) =>
    /^[^.\u0000-\u001f\u007f\\/][^\u0000-\u001f\u007f\\/]*$/.test(segment),
  )
  return isPlain && !/[?#]/.test(path) ? `${keyPrefixOf(mirror)}${segments.join('/')}` : undefined
}

/** Names the options that say where a mirror is and where users find it, for remedies. */
export function placeOptions(mirror: MirrorOptions): string {
  const own = mirror.kind === 'none' ? [] : [kindOf(mirror).placeOptions, kindOf(mirror).publicOptions].flat()
  return [own.map((name) => `--${name}`).join(', '), '--mirror-base-url'].filter(Boolean).join(' and ')
}

/** The options that say where users find what is stored, of whatever kind the store is. */
export const publicOptions: readonly string[] = [
  ...entries.flatMap(([, kind]) => kind.publicOptions),
  'mirror-base-url',
].map((name) => `--${name}`)

/** Returns what to do if a public URL answers this status to a reader without credentials, of whatever kind the store is. */
export function adviceOn(status: number): string | undefined {
  const all = entries.flatMap(([, { advice }]) => advice[status] ?? [])
  return all.length === 0 ? undefined : all.join('. ')
}

function parseBase(text: string): string {
  const refused = (what: string, remedy: string) =>
    new UpdaterError('CONFIGURATION', `The public base of the mirror ${what}`, { remedy })
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:', 'file:'].includes(url.protocol)) {
    throw refused('is not a URL', 'Give one that begins with https:// with --mirror-base-url')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refused(
      'holds more than a host and a path',
      'Leave user name, password, query and fragment out of --mirror-base-url',
    )
  }
  return url.href
}
