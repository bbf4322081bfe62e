import type { CheckOptions } from '../check/check.ts'
import { UpdaterError } from '../errors.ts'
import type { MirrorOptions, RunOptions } from '../run/options.ts'
import type { UpdateOptions } from '../update/options.ts'
import type { VerifyOptions } from '../verify/verify.ts'
import { type Flags, invalid, type Origin } from './flags.ts'
import type { CheckFlags, ImagesFlags, MirrorFlags, RunFlags, UpdateFlags, VerifyFlags } from './options.ts'

type Key = keyof MirrorFlags

/**
 * Checks what was given and makes the options of a run of it.
 * @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable
 */
export function toUpdateOptions(flags: Flags<UpdateFlags>, names: readonly string[]): UpdateOptions {
  const { values, origin } = flags
  return {
    ...toCheckOptions(flags, names),
    ...toRunOptions(flags, names),
    allowDowngrade: values.allowDowngrade,
    keepVersions: parseKeep(values.keepVersions, origin('keepVersions')),
    shard: toShard(flags, process.env),
    overrides: toOverrides(flags),
  }
}

/** @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable */
export function toRunOptions(flags: Flags<RunFlags>, names: readonly string[]): RunOptions {
  const { values, origin } = flags
  return {
    ...toSelection(flags, names),
    mirror: toMirror(flags),
    dryRun: values.dryRun,
    includeDisabled: values.includeDisabled,
    checkPublic: values.checkPublic,
    checksumFiles: values.checksumFiles,
    verify: values.verify,
    transfers: parseCount(values.transfers, origin('transfers'), 64),
    connections: parseCount(values.connections, origin('connections'), 16),
    strict: values.strict,
    maxImageSize: parseSize(values.maxImageSize, origin('maxImageSize')),
    jobs: parseCount(values.jobs, origin('jobs'), 256),
  }
}

/**
 * The same for a check.
 * @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable
 */
export function toCheckOptions(flags: Flags<CheckFlags>, names: readonly string[]): CheckOptions {
  const { values, origin, configuration } = flags
  return {
    ...toSelection(flags, names),
    includeDisabled: values.includeDisabled,
    checkPublic: values.checkPublic,
    jobs: parseCount(values.jobs, origin('jobs'), 256),
    cache: values.cache,
    signatures: values.signatures,
    overrides: configuration?.overrides.map(({ names: own, signatures }) => ({
      names: own,
      signatures: isFiled(origin('signatures')) ? signatures : undefined,
    })),
    sources: configuration?.sources,
    keyring: origin('keyring').source === 'default' ? undefined : filled(values.keyring, origin('keyring')),
  }
}

/** @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable */
export function toVerifyOptions(flags: Flags<VerifyFlags>, names: readonly string[]): VerifyOptions {
  const { values, origin } = flags
  return {
    ...toSelection(flags, names),
    includeDisabled: values.includeDisabled,
    full: values.full,
    maxImageSize: parseSize(values.maxImageSize, origin('maxImageSize')),
    jobs: parseCount(values.jobs, origin('jobs'), 256),
    transfers: parseCount(values.transfers, origin('transfers'), 64),
  }
}

/**
 * The one folder (or file) that a command is about.
 * @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable
 */
export function toFolder({ values, origin }: Flags<Pick<ImagesFlags, 'images'>>): string {
  const [folder, second] = parseImages(values.images, origin('images'))
  if (folder !== undefined && second === undefined) return folder
  throw invalid(origin('images'), 'does not name one folder', 'Name the folder of the image definitions once')
}

/**
 * Which files are read, and which of their images are meant. The names in a configuration file count only
 * where the command line has none.
 * @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable
 */
export function toSelection(
  { values, origin }: Flags<ImagesFlags>,
  names: readonly string[],
): { readonly images: readonly string[]; readonly names: readonly string[] } {
  const further = names.length > 0 && origin('name').source === 'file' ? [] : (values.name ?? [])
  return {
    images: parseImages(values.images, origin('images')),
    names: [...names, ...further].map((name) => filled(name, origin('name'))),
  }
}

/** `--shard`, else what an Indexed Job of Kubernetes says of itself, else the file. */
function toShard(
  { values: { shard }, origin }: Flags<UpdateFlags>,
  { IMAGE_UPDATER_SHARDS: count, JOB_COMPLETION_INDEX: index }: NodeJS.ProcessEnv,
): UpdateOptions['shard'] {
  const { source } = origin('shard')
  if (source === 'flag' || source === 'environment' || !count) {
    return shard === undefined ? undefined : parseShard(shard, origin('shard'))
  }
  const variables = { source: 'environment', name: 'IMAGE_UPDATER_SHARDS' } as const
  if (!index) throw invalid(variables, 'is set without JOB_COMPLETION_INDEX', 'Set both, or give --shard')
  return parseShard(`${Number(index) + 1}/${count}`, variables)
}

function parseShard(text: string, origin: Origin): UpdateOptions['shard'] {
  const [, index, count] = /^([0-9]{1,4})\/([0-9]{1,4})$/.exec(text.trim()) ?? []
  const shard = { index: Number(index), count: Number(count) }
  if (shard.index >= 1 && shard.index <= shard.count) return shard
  throw invalid(origin, 'is no shard of several', 'Give I/N with I from 1 to N, such as 2/4')
}

/** A flag or a variable goes over the whole file, its overrides too. */
function isFiled({ source }: Origin): boolean {
  return source === 'file' || source === 'default'
}

function toOverrides({ configuration, origin }: Flags<UpdateFlags>): UpdateOptions['overrides'] {
  return configuration?.overrides.map(({ names, keepVersions, signatures }) => ({
    names,
    keepVersions: isFiled(origin('keepVersions')) ? keepVersions : undefined,
    signatures: isFiled(origin('signatures')) ? signatures : undefined,
  }))
}

/** A folder on the command line takes back what a file says. */
function isMirrored({ mirror, mirrorDir }: MirrorFlags, origin: Flags<MirrorFlags>['origin']): boolean {
  if (mirror || mirrorDir === undefined || origin('mirror').source !== 'file') return mirror
  if (origin('mirrorDir').source !== 'file') return true
  throw invalid(origin('mirrorDir'), 'stands beside mirror: false', 'Leave out one of the two')
}

/** @throws UpdaterError USAGE for a flag, CONFIGURATION for an environment variable */
export function toMirror({ values, origin }: Flags<MirrorFlags>): MirrorOptions {
  const optional = <T>(key: Key, parse: (text: string, origin: Origin) => T): T | undefined => {
    const value = values[key]
    return typeof value === 'string' ? parse(value, origin(key)) : undefined
  }
  const baseUrl = optional('mirrorBaseUrl', parseBaseUrl)
  if (!isMirrored(values, origin)) return { kind: 'none', baseUrl }
  const keyPrefix = parsePath(values.mirrorKeyPrefix, origin('mirrorKeyPrefix'))
  const dir = optional('mirrorDir', filled)
  if (dir !== undefined) return { kind: 'directory', dir, keyPrefix, baseUrl }
  return {
    kind: 's3',
    server: parseServer(values.minioServer, origin('minioServer')),
    bucket: parseBucket(values.minioBucket, origin('minioBucket')),
    region: parseRegion(values.minioRegion, origin('minioRegion')),
    swiftPrefix: parsePath(values.swiftPrefix, origin('swiftPrefix')),
    keyPrefix,
    ...parseKeys(optional('minioAccessKey', filled), optional('minioSecretKey', filled)),
    acl: parseAcl(values.acl, origin('acl')),
    baseUrl,
  }
}

/**
 * Keys are sent to a server, and may write to every bucket that is theirs: where they are used, a file that was
 * merely found says neither where, nor who may read what is written.
 * @throws UpdaterError CONFIGURATION
 */
export function assertVouched({ configuration, origin }: Flags<MirrorFlags>, mirror: MirrorOptions): void {
  if (configuration?.trusted !== false || mirror.kind !== 's3') return
  const keys = ['minioServer', 'minioBucket', 'mirrorKeyPrefix', 'acl'] as const
  const found = keys.find((key) => origin(key).source === 'file')
  if (found === undefined) return
  throw invalid(
    origin(found),
    'is not taken from a file that was merely found in the working folder, where keys of the object store are used',
    'If you trust the file, name it with --config or IMAGE_UPDATER_CONFIG',
  )
}

function parseKeys(accessKey: string | undefined, secretKey: string | undefined) {
  if ((accessKey === undefined) === (secretKey === undefined)) return { accessKey, secretKey }
  const [given, missing, option, variable] =
    secretKey === undefined
      ? ['an access key', 'no secret key', '--minio-secret-key', 'MINIO_SECRET_KEY']
      : ['a secret key', 'no access key', '--minio-access-key', 'MINIO_ACCESS_KEY']
  throw new UpdaterError('CONFIGURATION', `There is ${given} for the mirror but ${missing}`, {
    remedy: `Set ${variable} or ${option} too, or neither of the two to use AWS's usual places`,
  })
}

const unprintable = /[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]/

function filled(text: string, origin: Origin): string {
  if (text.trim() !== '') return text
  throw invalid(origin, 'is empty', 'Give it a value or leave it out')
}

export function parseImages(given: readonly string[], origin: Origin): readonly string[] {
  const paths = origin.source === 'environment' ? given.flatMap((value) => value.split(':')) : given
  return paths.map((path) => filled(path, origin))
}

function parseCount(text: string, origin: Origin, most: number): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= most) return value
  throw invalid(origin, 'is not a whole number in its range', `Give a number from 1 to ${most}`)
}

function parseKeep(text: string, origin: Origin): UpdateOptions['keepVersions'] {
  if (text === 'replace' || text === 'uuid-validity') return text
  const value = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (value >= 1) return value
  throw invalid(origin, 'is no number of versions', 'Give a number from 1 to 999, uuid-validity, or replace')
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
  t: 2 ** 40,
  tib: 2 ** 40,
  tb: 1e12,
}

function parseSize(text: string, origin: Origin): number {
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = sizeUnits[unit.toLowerCase()]
  const bytes = number === '' || factor === undefined ? Number.NaN : Math.floor(Number(number) * factor)
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw invalid(origin, 'is not a size', 'Give bytes or a number with a unit, such as 64GiB or 500MB')
}

function parseServer(text: string, origin: Origin): string {
  const remedy = 'Give HOST, HOST:PORT, or a URL that begins with https:// or http://'
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`, origin, remedy)
  if (url.pathname !== '/') {
    throw invalid(origin, 'has a path', 'Name the server alone; the path of public URLs is --swift-prefix')
  }
  return text
}

export function parseBaseUrl(text: string, origin: Origin): string {
  return parseUrl(text, origin, 'Give a URL that begins with https:// or http://') && text
}

function parseUrl(text: string, origin: Origin, remedy: string): URL {
  const url = !unprintable.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '' || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid(origin, 'is not the address of a web server', remedy)
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(origin, 'holds a user or a password', 'Leave them out: the URL is printed and published')
  }
  if (/[?#]/.test(text)) throw invalid(origin, 'has a query or a fragment', 'Leave out what follows ? or #')
  return url
}

function parseBucket(text: string, origin: Origin): string {
  const [bucket = '', ...prefix] = text.split('/')
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket)) {
    parsePath(prefix.join('/'), origin)
    return text
  }
  throw invalid(origin, 'is not the name of a bucket', 'Give BUCKET or BUCKET/PREFIX')
}

function parseRegion(text: string, origin: Origin): string {
  if (/^[A-Za-z0-9_.-]{1,64}$/.test(text)) return text
  throw invalid(origin, 'is not the name of a region', 'Give a name such as us-east-1')
}

function parseAcl(text: string, origin: Origin): string {
  if (/^[a-z-]{0,64}$/.test(text)) return text
  throw invalid(origin, 'is not a canned ACL', "Give one such as public-read or private, or '' for none")
}

/** A path below the server or the bucket; may be empty. */
function parsePath(text: string, origin: Origin): string {
  const segments = text.split('/')
  if (!/[\u0000-\u001f\u007f?#\\]/.test(text) && !segments.some((segment) => /^\.{1,2}$/.test(segment)))
    return text
  throw invalid(origin, 'is not a plain path', 'Leave out ., .., ?, #, backslashes and control characters')
}
