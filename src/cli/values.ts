/**
 * Makes what the use-cases take of the options in force. Each value is right by now: what is judged here depends on
 * several of them, or on the job that the program runs in.
 */
import { readFile } from 'node:fs/promises'
import { UpdaterError } from '../errors.ts'
import { explainRefusal } from '../files.ts'
import type {
  CheckOptions,
  HookOptions,
  MirrorOptions,
  PublishOptions,
  ServeOptions,
  UpdateOptions,
} from '../index.ts'
import { shard } from '../options.ts'
import { stateFolder } from '../state.ts'
import { choosingOptions, mirrorFrom } from '../stores/kinds.ts'
import { invalid, type Options, type Origin, parsed } from './settings.ts'

type Mirroring = Options<'update' | 'mirror' | 'prune' | 'serve'>
type Selecting = Options<
  'update' | 'check' | 'mirror' | 'publish' | 'verify' | 'list' | 'validate' | 'lifecycle' | 'serve'
>

/** @throws UpdaterError USAGE, CONFIGURATION */
export function toUpdateOptions(
  options: Options<'update' | 'serve'>,
  names: readonly string[],
): UpdateOptions {
  return {
    ...options.values,
    ...toCheckOptions(options, names),
    cloud: toClouds(options),
    mirror: toMirror(options),
    shard: toShard(options, process.env),
  }
}

/** A file's clouds are those of other commands, too. */
function toClouds({
  values: { cloud, publish },
  origin,
}: Options<'update' | 'serve'>): UpdateOptions['cloud'] {
  if (publish || origin('cloud').source === 'file') return publish ? cloud : undefined
  if (cloud === undefined) return undefined
  throw invalid(origin('cloud'), 'names a cloud, and nothing is to be published', 'Add --publish')
}

export function toCheckOptions(
  options: Options<'update' | 'check' | 'report' | 'serve'>,
  names: readonly string[],
): CheckOptions {
  const { values, configuration, origin } = options
  // A flag or a variable goes over the whole file, its overrides too.
  const isOver = (name: string) => ['flag', 'environment'].includes(origin(name).source)
  return {
    ...values,
    ...toSelection(options, names),
    // A folder that nobody named need not be there.
    keyring: origin('keyring').source === 'default' ? undefined : values.keyring,
    fileRoot: toFileRoot(options),
    sources: configuration?.sources,
    skip: configuration?.skip,
    overrides: configuration?.overrides.map(({ names, keepVersions, signatures }) => ({
      names,
      keepVersions: isOver('keep-versions') ? undefined : keepVersions,
      signatures: isOver('signatures') ? undefined : signatures,
    })),
  }
}

export function toPublishOptions(options: Options<'publish'>, names: readonly string[]): PublishOptions {
  const { values, configuration } = options
  const shard = toShard(options, process.env)
  return { ...values, ...toSelection(options, names), shard, skip: configuration?.skip }
}

/** @throws UpdaterError CONFIGURATION */
export function toHookOptions(options: Options<'update' | 'serve'>): HookOptions {
  const { values } = options
  const { onUpdate, webhook: url, hookTimeout: timeout, stateDir = stateFolder(process.env) } = values
  const secret = process.env.IMAGE_UPDATER_WEBHOOK_SECRET || undefined
  if (url !== undefined && secret !== undefined && secret.length < 16) {
    throw invalid(
      variable('IMAGE_UPDATER_WEBHOOK_SECRET'),
      'is shorter than 16 characters',
      'Make one that cannot be guessed: openssl rand -hex 32',
    )
  }
  // Shards run side by side, so each remembers by itself.
  const { images } = values
  const part = toShard(options, process.env)
  const catalogue = part === undefined ? images : [...images, `shard ${part.index}/${part.count}`]
  const memory = stateDir === undefined ? undefined : { folder: stateDir, catalogue }
  return { onUpdate, webhook: url === undefined ? undefined : { url, secret }, timeout, memory }
}

/**
 * The token's file is read anew each time.
 * @throws UpdaterError USAGE, CONFIGURATION
 */
export async function toServeOptions(
  options: Options<'serve'>,
  names: readonly string[],
): Promise<ServeOptions> {
  const { listen, schedule, jitter, shutdownTimeout, allowHost, tokenFile } = options.values
  return {
    update: toUpdateOptions(options, names),
    listen,
    schedule,
    jitter,
    shutdownTimeout,
    allowedHosts: allowHost,
    token:
      tokenFile === undefined ? process.env.IMAGE_UPDATER_TOKEN || undefined : await readToken(tokenFile),
    hooks: toHookOptions(options),
  }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new UpdaterError(
      'CONFIGURATION',
      `The token's file ${file} cannot be read: ${explainRefusal(cause).why}`,
      {
        remedy: 'Name a file that the user of this program can read with --token-file',
        cause,
      },
    )
  }
}

/**
 * Returns the one folder (or file) that a command is about.
 * @throws UpdaterError USAGE, CONFIGURATION
 */
export function toFolder({ values, origin }: Options<'diff' | 'init'>): string {
  const [folder, second] = values.images
  if (folder !== undefined && second === undefined) return folder
  throw invalid(origin('images'), 'does not name one folder', 'Name the folder of the image definitions once')
}

/**
 * Says which files are read, and which of their images are meant. The names in a configuration file count only where
 * the command line has none.
 */
export function toSelection(
  { values, origin }: Selecting,
  names: readonly string[],
): { readonly images: readonly string[]; readonly names: readonly string[] } {
  const further = names.length > 0 && origin('name').source === 'file' ? [] : (values.name ?? [])
  if (names.some((name) => name.trim() === '')) {
    throw invalid(origin('name'), 'is empty', 'Give it a value or leave it out')
  }
  return { images: values.images, names: [...names, ...further] }
}

/** The mirror's own folder is one that the operator has named, too. */
export function toFileRoot({
  values: { fileRoot, mirrorDir },
}: {
  readonly values: Pick<Options<'check'>['values'], 'fileRoot' | 'mirrorDir'>
}): readonly string[] {
  return mirrorDir === undefined ? fileRoot : [...fileRoot, mirrorDir]
}

/** `--shard`, else what an Indexed Job of Kubernetes says of itself, else the file. */
function toShard(
  { values, origin }: Options<'update' | 'publish' | 'serve'>,
  { IMAGE_UPDATER_SHARDS: count, JOB_COMPLETION_INDEX: index }: NodeJS.ProcessEnv,
): UpdateOptions['shard'] {
  const { source } = origin('shard')
  if (source === 'flag' || source === 'environment' || !count) return values.shard
  const shards = variable('IMAGE_UPDATER_SHARDS')
  if (!index) throw invalid(shards, 'is set without JOB_COMPLETION_INDEX', 'Set both, or give --shard')
  return parsed(shard(), `${Number(index) + 1}/${count}`, shards)
}

function variable(name: string): Origin {
  return { source: 'environment', name }
}

/** @throws UpdaterError USAGE, CONFIGURATION */
export function toMirror(options: Mirroring): MirrorOptions {
  return mirrorFrom({ ...options.values, mirror: isMirrored(options) })
}

/** On the command line, what chooses a kind of mirror takes back what a file says. */
function isMirrored({ values, origin }: Mirroring): boolean {
  const chosen = choosingOptions.map(origin).find(({ source }) => source !== 'default')
  if (values.mirror || chosen === undefined || origin('mirror').source !== 'file') return values.mirror
  if (chosen.source !== 'file') return true
  throw invalid(chosen, 'stands beside mirror: false', 'Leave out one of the two')
}
