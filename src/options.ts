/**
 * The one table of options. Flags, help, completion, environment, configuration file, its JSON Schema, the types of
 * the values, docs/commands.md and the man page are made from it. What belongs to a kind of store stands in its folder.
 */
import { isIP } from 'node:net'
import { closest } from './catalog/closest.ts'
import { type CommandName, commandNames } from './commands.ts'
import type { KeepVersions, SignaturePolicy } from './discovery/options.ts'
import { UpdaterError } from './errors.ts'
import {
  type AnyRow,
  anyText,
  type Camel,
  camel,
  choice,
  count,
  days,
  defaultOf,
  duration,
  flag,
  list,
  mirrors,
  option,
  parseUrl,
  path,
  paths,
  plainPath,
  size,
  type Type,
  text,
  url,
  type ValuesOf,
  WrongValue,
  written,
} from './option.ts'
import { listEndings, type ReportFormat, reportFormats } from './report/formats.ts'
import { optionalRules, profiles } from './rules.ts'
import { choosingOptions, storeOptions } from './stores/kinds.ts'

/** Commands that look for the newest builds. */
const seekers = ['update', 'check', 'report', 'serve'] as const
/** Commands that bring images into a cloud. */
const publishing = ['publish', 'update', 'serve'] as const
/** Commands that say how an image stands in a cloud, and so have to know what is to become of it. */
const inspecting = [...publishing, 'check', 'report'] as const
/** Commands that look at images one by one. */
const selecting = [...seekers, 'mirror', 'publish', 'verify', 'list'] as const
/** Commands that bring images to the mirror. */
const bringing = ['update', 'mirror', 'serve'] as const
/** Commands that move images. */
const moving = [...bringing, 'publish'] as const
const updating = ['update', 'serve'] as const
/** What each command can print, its default first. */
const formats = {
  update: ['text', 'json'],
  check: ['text', 'json', 'markdown', 'csv'],
  mirror: ['text', 'json'],
  publish: ['text', 'json'],
  verify: ['text', 'json', 'markdown'],
  prune: ['text', 'json'],
  list: ['text', 'markdown', 'rst', 'csv', 'json'],
  diff: ['text', 'markdown', 'json'],
  validate: ['text', 'json', 'markdown', 'github'],
  init: ['text', 'json'],
  lifecycle: ['text', 'json', 'markdown', 'csv'],
  propose: ['text', 'json'],
  config: ['text', 'json'],
} as const
export type Printing = keyof typeof formats
export type FormatOf<Command extends Printing> = (typeof formats)[Command][number]

/** What the rows of a group share. */
const lifecycle = { commands: ['lifecycle'], group: 'Lifecycle' } as const
const mirrorRow = { commands: mirrors, group: 'Mirror' } as const
const catalogue = { group: 'Catalogue' } as const
const run = { group: 'Run' } as const
/** They say how much is shown. */
const output = { group: 'Output', harmless: true } as const
const hooks = { commands: updating, group: 'Hooks' } as const
const service = { commands: ['serve'], group: 'Service' } as const
const cloud = { commands: publishing, group: 'Cloud' } as const
const forge = { commands: ['propose'], group: 'Forge' } as const

const catalogueOptions = [
  option('images', paths('dir'), {
    default: ['/etc/images'],
    env: 'IMAGE_UPDATER_IMAGES',
    formerly: 'images-dir',
    ...catalogue,
    commands: [...selecting, 'prune', 'diff', 'validate', 'init', 'lifecycle'],
    help: 'folder or file of image definitions; repeatable, in the variable separated by :',
  }),
  option('name', list('name'), {
    ...catalogue,
    commands: [...selecting, 'validate', 'lifecycle'],
    help: 'the same as the argument NAME; repeatable',
  }),
] as const

/** These reach `settings`, and so do `runOptions`; they are two arrays only for the order of the help. */
const lookOptions = [
  option('include-disabled', flag(), {
    ...catalogue,
    commands: selecting,
    help: 'also images with enable: false',
  }),
  option('keep-versions', keep(), {
    default: 'replace',
    ...catalogue,
    commands: updating,
    help: 'versions that an image keeps, the newest in front: a number, uuid-validity (N of last-N), or replace (as many as it has)',
  }),
  option('within', days(), {
    default: '90d',
    ...lifecycle,
    harmless: true,
    help: 'an end counts as coming soon',
  }),
  option('acknowledge', list('release'), {
    ...lifecycle,
    help: 'a missing release that is not wanted, as "opensuse 16.0", or all of a product; repeatable',
  }),
  option('offline', flag(), {
    ...lifecycle,
    help: 'ask nobody: the dates that ship with the program',
  }),
] as const

const placeOptions = [
  option('endoflife-api', url(), {
    ...lifecycle,
    help: 'a mirror of https://endoflife.date/api/v1/',
  }),
  option('gardenlinux-releases', url(), {
    ...lifecycle,
    help: "a mirror of Garden Linux's releases-major.json",
  }),
  ...storeOptions,
  option('mirror-base-url', url(), {
    env: 'MIRROR_BASE_URL',
    ...mirrorRow,
    help: 'public base of the mirror; mirror_url is URL/shortname/file (default: from server, prefix and bucket)',
  }),
  option('mirror-key-prefix', anyText('prefix', plainPath), {
    default: '',
    ...mirrorRow,
    help: "goes before every object's key",
  }),
  option('mirror', flag(), {
    default: true,
    ...mirrorRow,
    conflicts: choosingOptions,
    help: 'upload nothing; an updated mirror_url is removed, or written where it answers under --mirror-base-url',
    // Commands that do nothing without a mirror refuse it.
    own: { mirror: { hidden: true }, prune: { hidden: true } },
  }),
] as const

/** These reach `settings`, as `lookOptions` do. */
const runOptions = [
  option('checksum-files', flag(), {
    default: true,
    ...mirrorRow,
    help: 'write no SHA256SUMS beside the mirrored images',
  }),
  option('verify', choice('how', ['range', 'full']), {
    default: 'range',
    commands: bringing,
    group: 'Integrity',
    help: 'read back from the mirror',
    own: { mirror: { help: 'full: hash what is there, and bring anew what is wrong' } },
  }),
  option('check-public', flag(), {
    default: true,
    commands: [...seekers, 'mirror'],
    group: 'Integrity',
    help: 'do not ask the public URL (private mirrors)',
    own: {
      check: { help: "do not ask the mirror's public URLs" },
      report: { help: "do not ask the mirror's public URLs" },
    },
  }),
  option('file-root', paths('dir', 'directories'), {
    default: [],
    commands: [...seekers, 'mirror', 'publish', 'verify', 'validate'],
    group: 'Integrity',
    help: 'a folder of this machine whose files may be read where a catalogue names them by file://; repeatable',
  }),
  option('allow-private', flag(), {
    commands: [...seekers, 'mirror', 'publish', 'verify'],
    group: 'Integrity',
    help: 'servers of the internet may redirect to addresses that are not of the internet',
  }),
  option('full', flag(), {
    ...run,
    commands: ['verify'],
    help: 'also download every file and compare its digest',
  }),
  option('max-image-size', size(), {
    default: '64GiB',
    commands: [...moving, 'verify'],
    group: 'Integrity',
    help: 'largest image once decompressed',
    own: { verify: { group: 'Run' } },
  }),
  option('strict', flag(), {
    harmless: true,
    commands: [...moving, 'validate'],
    group: 'Integrity',
    help: 'an image larger than its min_disk is an error',
    own: { validate: { group: 'Run', help: 'warnings are errors' } },
  }),
  option('allow-unknown-raw', flag(), {
    commands: moving,
    group: 'Integrity',
    help: 'also take a raw image that shows no sign of a disk',
  }),
  option('profile', choice('rules', profiles), {
    default: 'upstream+scs',
    commands: ['validate'],
    group: 'Run',
    help: "upstream: Image Manager's schema; scs: the rules of SCS-0102 and SCS-0104",
  }),
  option('ignore-rule', ruleNames(), {
    commands: ['validate'],
    group: 'Run',
    help: 'switch a rule off: what it finds is not told; repeatable',
  }),
  option('signatures', signaturePolicy(), {
    default: 'prefer',
    commands: seekers,
    group: 'Integrity',
    help: 'OpenPGP signatures of checksum files and images',
  }),
  option('keyring', path('directories'), {
    default: '/etc/image-updater/keys',
    commands: seekers,
    group: 'Integrity',
    help: 'folder of OpenPGP public keys',
  }),
  option('keyserver', keyservers(), {
    default: ['https://keyserver.ubuntu.com', 'https://keys.openpgp.org'],
    commands: seekers,
    group: 'Integrity',
    help: "where a pinned key comes from that its distribution has at no URL; repeatable; '': from nowhere",
  }),
  option('allow-downgrade', flag(), {
    commands: updating,
    group: 'Integrity',
    help: 'also take a newest build older than ours',
  }),
  option('accept-unsigned', list('name'), {
    default: [],
    commands: updating,
    group: 'Integrity',
    help: 'an image that was signed before and is no longer; repeatable',
  }),
  option('cache', flag(), {
    default: true,
    ...run,
    commands: seekers,
    help: 'let servers send listings and checksum files anew',
  }),
  option('fix', flag(), {
    file: false,
    commands: ['lifecycle'],
    group: 'Run',
    help: 'write enable: false into enabled images of expired releases',
  }),
  option('dry-run', flag(), {
    ...run,
    commands: [...moving, 'init', 'lifecycle', 'propose'],
    help: 'write nothing, show the plan as a unified diff',
    own: {
      publish: { help: 'change nothing, show every call that would be made' },
      init: { help: 'write nothing, say what would be' },
      lifecycle: { help: 'with --fix: write nothing, show what would change as a unified diff' },
      propose: { help: 'commit, push and ask nothing, say what would be proposed; needs no token' },
    },
  }),
  option('grace', duration(3650), {
    default: '14d',
    ...run,
    commands: ['prune'],
    help: 'what is younger stays, named or not',
  }),
  option('jobs', count(256), {
    default: '256',
    ...run,
    commands: [...seekers, 'mirror', 'publish', 'verify'],
    harmless: true,
    help: 'checks at once',
    own: { verify: { help: 'URLs asked at once' } },
  }),
  option('transfers', count(64), {
    default: '2',
    ...run,
    commands: [...moving, 'verify'],
    harmless: true,
    help: 'mirrorings at once',
    own: { publish: { help: 'images at once into each cloud' }, verify: { help: 'downloads at once' } },
  }),
  option('connections', count(16), {
    default: '1',
    ...run,
    commands: moving,
    harmless: true,
    help: 'connections to the source for each download',
  }),
  option('timeout', duration(20), {
    default: '10m',
    ...run,
    commands: [...seekers, 'mirror', 'publish', 'verify'],
    help: 'how long servers may take over one look at an image; transfers have limits of their own',
  }),
  option('shard', shard(), {
    env: 'IMAGE_UPDATER_SHARD',
    ...run,
    commands: [...updating, 'publish'],
    help: 'only the Ith of N parts of the files, for runs side by side',
  }),
  option('lock-dir', path('directories'), {
    ...run,
    commands: [...bringing, 'prune', 'lifecycle'],
    help: 'folder for the lock of the catalogue folder (default: beside it, inside where that cannot be)',
  }),
  option('state-dir', path('directories'), {
    env: 'IMAGE_UPDATER_STATE_DIR',
    ...run,
    commands: [...seekers, 'mirror', 'publish', 'prune'],
    help: 'folder in which this machine remembers what later runs need: signatures, uploads, hooks that failed (default: $XDG_STATE_HOME/image-updater)',
  }),
  option('wait', duration(20), {
    default: '0s',
    ...run,
    commands: [...moving, 'prune', 'lifecycle'],
    harmless: true,
    help: 'how long to wait while another run works on the catalogue',
    own: { publish: { help: 'how long to wait while another run of this machine publishes into the cloud' } },
  }),
] as const

/** These reach `settings`, as `lookOptions` do. */
const cloudOptions = [
  option('cloud', list('name'), {
    ...cloud,
    commands: inspecting,
    help: 'a cloud of clouds.yaml, NAME or NAME/REGION; repeatable (default with publish: $OS_CLOUD)',
    own: {
      check: {
        help: 'also say how the catalogue stands in this cloud of clouds.yaml, NAME or NAME/REGION; repeatable',
      },
      report: {
        help: 'also show how the catalogue stands in this cloud of clouds.yaml, NAME or NAME/REGION; repeatable',
      },
    },
  }),
  option('publish', flag(), {
    ...cloud,
    commands: updating,
    help: 'at the end bring what the catalogue names into every --cloud',
  }),
  option('import', choice('method', ['auto', 'glance-direct', 'upload', 'web-download']), {
    default: 'auto',
    ...cloud,
    help: 'how Glance gets the bytes; auto: from here, verified as they flow, by glance-direct where it is offered',
  }),
  option('import-timeout', duration(20), {
    default: '30m',
    ...cloud,
    commands: inspecting,
    help: 'how long Glance may take to import an image',
  }),
  option('retire', choice('how', ['hide', 'community', 'deactivate', 'delete', 'none']), {
    default: 'hide',
    ...cloud,
    commands: inspecting,
    help: 'what becomes of images that uuid_validity keeps no longer; delete needs --yes',
  }),
  option('delete-after', duration(3650), {
    ...cloud,
    commands: inspecting,
    help: 'delete images that have been retired for so long; needs --yes',
  }),
  option('tag', text('tag'), {
    default: 'managed_by_osism',
    ...cloud,
    commands: inspecting,
    help: 'the tag that makes an image of our project one of ours',
  }),
  option('min-age', duration(365), {
    default: '0s',
    ...cloud,
    commands: inspecting,
    help: 'a build younger than this waits',
  }),
  option('gate', text('command'), {
    env: 'IMAGE_UPDATER_GATE',
    ...cloud,
    help: 'a command line for sh -c that tries each new image while nobody else sees it; JSON is its input, a status but 0 refuses it',
  }),
  option('gate-timeout', duration(20), {
    default: '30m',
    ...cloud,
    help: 'how long it may take',
  }),
  option('share', list('project'), {
    ...cloud,
    help: 'a project, or domain:DOMAIN for all of its projects, that shared images are for; repeatable',
  }),
  option('prove', flag(), {
    file: false,
    ...cloud,
    commands: ['publish'],
    help: "read the bytes of images whose digest nobody knows in Glance's algorithm, once",
  }),
  option('rollback', flag(), {
    file: false,
    ...cloud,
    commands: ['publish'],
    help: 'give the name of each NAME back to the image before, and skip the build that has it now',
  }),
  option('reason', text(), {
    file: false,
    ...cloud,
    commands: ['publish'],
    help: 'with --rollback: why, as reports show it',
  }),
] as const

const callOptions = [
  option('yes', flag(), {
    file: false,
    commands: ['prune', ...publishing, 'lifecycle'],
    group: 'Run',
    help: 'remove it; without this it is only listed',
    own: {
      update: { help: 'with --publish: retire however many there are, and delete what is to be deleted' },
      serve: { help: 'with --publish: retire however many there are, and delete what is to be deleted' },
      publish: { help: 'retire however many there are, and delete what is to be deleted' },
      lifecycle: { help: 'with --fix: switch off however many there are' },
    },
  }),
  option('on-update', text('command'), {
    env: 'IMAGE_UPDATER_ON_UPDATE',
    ...hooks,
    help: 'a command line for sh -c, run after a run that changed something; the JSON report is its input',
  }),
  option('webhook', webhook(), {
    env: 'IMAGE_UPDATER_WEBHOOK',
    secret: true,
    ...hooks,
    help: 'POST the JSON report there after such a run, signed with IMAGE_UPDATER_WEBHOOK_SECRET',
  }),
  option('hook-timeout', duration(20), {
    default: '5m',
    ...hooks,
    help: 'how long each of them may take',
  }),
  option('listen', address(), {
    default: '127.0.0.1:9464',
    ...service,
    help: 'ADDRESS:PORT',
  }),
  option('schedule', anyText('cron'), {
    default: '0 3 * * *',
    env: 'IMAGE_UPDATER_SCHEDULE',
    ...service,
    help: "when runs begin, in local time; '': only on request",
  }),
  option('jitter', duration(20), {
    default: '10m',
    ...service,
    help: 'begin up to this much later, at random',
  }),
  option('shutdown-timeout', duration(20), {
    default: '0s',
    formerly: 'grace',
    ...service,
    help: 'SIGTERM lets a run go on this long before it is aborted',
  }),
  option('allow-host', list('name'), {
    ...service,
    help: 'a name that the server is reached by, beside IP addresses; repeatable',
  }),
  option('token-file', path('files'), {
    env: 'IMAGE_UPDATER_TOKEN_FILE',
    ...service,
    help: 'holds the bearer token for POST (else in IMAGE_UPDATER_TOKEN)',
  }),
  option('forge', choice('name', ['github', 'gitlab']), {
    ...forge,
    help: 'where the repository lives (default: where the job runs)',
  }),
  option('base', text('branch'), {
    ...forge,
    help: "the branch that shall take the changes (default: the job's)",
  }),
  option('branch-prefix', branchPrefix(), {
    default: 'image-updater/',
    ...forge,
    help: 'before the name of every branch',
  }),
  option('html', path('files'), {
    file: false,
    commands: ['report'],
    group: 'Output',
    help: 'where the page goes',
  }),
  option('from', path('files'), {
    file: false,
    commands: ['report'],
    group: 'Output',
    help: 'of this JSON report of check, instead of checking now',
  }),
  option('output', text('format'), {
    ...output,
    commands: Object.keys(formats) as Printing[],
    help: 'what goes to standard output',
    own: Object.fromEntries(
      Object.entries(formats).map(([command, [first, ...others]]) => [
        command,
        { type: choice('format', [first, ...others]), default: first },
      ]),
    ),
  }),
  option('report', path('files'), {
    commands: ['update', 'check', 'mirror', 'publish', 'verify'],
    group: 'Output',
    help: `also write the report to a file: ${listEndings()}`,
    own: {
      mirror: { help: 'also write the JSON report to a file' },
      publish: { help: 'also write the JSON report to a file' },
      verify: { help: 'also write the JSON report to a file' },
    },
  }),
  option('report-format', choice('format', Object.keys(reportFormats) as [ReportFormat]), {
    ...output,
    commands: ['update', 'check'],
    help: 'its format, whatever its extension',
  }),
  option('metrics-file', path('files'), {
    env: 'IMAGE_UPDATER_METRICS_FILE',
    commands: ['update', 'check', 'publish'],
    group: 'Output',
    help: "also write metrics for node_exporter's textfile collector",
  }),
  option('config', path('files'), {
    env: 'IMAGE_UPDATER_CONFIG',
    file: false,
    commands: commandNames,
    group: 'Configuration',
    help: 'options from a file (default: ./image-updater.yml or /etc/image-updater/image-updater.yml)',
  }),
  option('log', choice('what', ['all', 'changes', 'exceptions']), {
    default: 'all',
    ...output,
    commands: [...moving, 'verify', 'prune'],
    help: 'how much is told: every step; what changed or failed; nothing unless something did',
  }),
  option('quiet', flag(), {
    ...output,
    conflicts: ['debug'],
    commands: commandNames,
    help: 'only warnings and errors, no summary',
  }),
  option('debug', flag(), {
    ...output,
    commands: commandNames,
    help: 'also what is behind an error',
  }),
] as const

/** In the order of the help. */
export const options = [
  ...catalogueOptions,
  ...lookOptions,
  ...placeOptions,
  ...runOptions,
  ...cloudOptions,
  ...callOptions,
] as const

type Rows = (typeof options)[number]
type OptionName = Rows['name']
export const rows: readonly AnyRow[] = options as readonly unknown[] as readonly AnyRow[]

/** Variables that hold secrets of this program; two of them are no options. */
export const secretVariables: readonly string[] = [
  'IMAGE_UPDATER_TOKEN',
  'IMAGE_UPDATER_WEBHOOK_SECRET',
  ...rows.flatMap(({ secret, env }) => (secret === true ? (env ?? []) : [])),
]

/** Variables that hold secrets of a cloud, as OpenStack's own clients have them. */
export const cloudSecretVariables = [
  'OS_PASSWORD',
  'OS_APPLICATION_CREDENTIAL_SECRET',
  'OS_TOKEN',
  'OS_AUTH_TOKEN',
] as const

/** The values of the options of a command; of several commands: of those that all of them have. */
export type Values<Command extends CommandName> = Pick<AllValues, KeyOf<Command>> & Printed<Command>

type AllValues = ValuesOf<readonly Rows[]>

type KeyOf<Command extends CommandName> = {
  [Name in OptionName]: [Command] extends [CommandOf<Extract<Rows, { readonly name: Name }>>]
    ? Camel<Name>
    : never
}[Exclude<OptionName, 'output'>]

type Printed<Command extends CommandName> = [Command] extends [Printing]
  ? { readonly output: FormatOf<Command> }
  : unknown

const taken: readonly AnyRow[] = [
  ...lookOptions,
  ...runOptions,
  ...cloudOptions,
] as readonly unknown[] as readonly AnyRow[]
type TakenKey<Command extends CommandName> = KeyOf<Command> &
  Camel<(typeof lookOptions | typeof runOptions | typeof cloudOptions)[number]['name']>

/** What the use-case of a command takes of its options: of what is left out the default counts. */
export type TakenOptions<Command extends CommandName> = {
  readonly [Key in TakenKey<Command>]?: AllValues[Key] | undefined
}

/** The same with every default filled in. */
export type Settled<Command extends CommandName> = Pick<AllValues, TakenKey<Command>>

/** @throws UpdaterError CONFIGURATION where a program that uses the library gives a value that is none of its option */
export function withDefaults<Command extends CommandName>(
  command: Command,
  options: TakenOptions<Command> = {},
): Settled<Command> {
  assertOptions(options)
  const given: Readonly<Record<string, unknown>> = options
  const values = taken
    .filter(({ commands }) => commands.includes(command))
    .map((row) => {
      const key = camel(row.name)
      assertTyped(key, row.type, given[key])
      return [key, given[key] ?? defaultOf(row)]
    })
  return Object.fromEntries(values) as Settled<Command>
}

/** @throws UpdaterError CONFIGURATION */
export function assertOptions(options: unknown, what = 'The options'): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  throw new UpdaterError('CONFIGURATION', `${what} are not an object`, {
    remedy: 'docs/library.md says what each function takes',
  })
}

/** Returns the texts of a list that a program gives. @throws UpdaterError CONFIGURATION */
export function textsOf(name: string, value: unknown): readonly string[] {
  if (isTexts(value)) return value
  throw new UpdaterError('CONFIGURATION', `${name} is not a list of texts`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

/** What every use-case takes that looks at a catalogue. */
export interface CatalogueOptions {
  /** Folders of `*.yml` and `*.yaml` files, or single files. Default: `/etc/images`. */
  readonly images?: readonly string[] | undefined
  /** Only images whose name, shortname or file matches one of these (globs: `*`, `?`). Empty or absent: all. */
  readonly names?: readonly string[] | undefined
}

/** Returns the value of an option where none is given. */
export function defaultValueOf<Name extends OptionName>(name: Name): AllValues[Camel<Name>] {
  const row: AnyRow | undefined = rows.find((one) => one.name === name)
  const value: unknown = row && defaultOf(row)
  return value as AllValues[Camel<Name>]
}

/** The folder of the command's catalogue where none is named. */
export const defaultFolder: string = defaultValueOf('images')[0] ?? ''

/** Which files are read, and which of their images are meant. */
export interface CatalogueSettings {
  readonly images: readonly string[]
  readonly names: readonly string[]
}

const furtherKeys = ['names', 'overrides', 'sources', 'resolvers', 'remove', 'skip']

/** A mistyped option would have its default. */
function assertKnown(keys: readonly string[]): void {
  const known = [...rows.map(({ name }) => camel(name)), ...furtherKeys]
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  const [meant] = closest(unknown, known)
  throw new UpdaterError('CONFIGURATION', `"${unknown}" is no option`, {
    remedy: meant === undefined ? 'docs/commands.md lists the options' : `Did you mean ${meant}?`,
  })
}

/** @throws UpdaterError CONFIGURATION */
export function settleCatalogue(options: CatalogueOptions = {}): CatalogueSettings {
  assertOptions(options)
  assertKnown(Object.keys(options))
  const images = textsOf('images', options.images ?? defaultValueOf('images'))
  const names = textsOf('names', options.names ?? [])
  if (images.length > 0) return { images, names }
  throw new UpdaterError('CONFIGURATION', 'No catalogue folder is given', {
    remedy: 'Give `images`: a list of folders or files of image definitions',
  })
}

/** @throws UpdaterError CONFIGURATION that names the value; one that is left out is right */
export function assertTyped(name: string, type: Type<unknown>, value: unknown): void {
  const { is, what } = type.typed ?? { is: () => isWritten(type, value), what: type.what }
  if (value !== undefined && !is(value)) throw new UpdaterError('CONFIGURATION', `${name} ${what}`)
}

/** Whether the type makes the value of its own text. */
function isWritten(type: Type<unknown>, value: unknown): boolean {
  if (type.form === 'flag') return typeof value === 'boolean'
  try {
    if (type.form === 'list') return isTexts(value) && Array.isArray(type.parse(value))
    return ['string', 'number'].includes(typeof value) && type.parse(String(value)) === value
  } catch {
    return false
  }
}

/** `config` has the options of all commands. */
type CommandOf<Option extends Rows> = Option['commands'][number] | 'config'

/** The rows that a command has, with what is its own. `config` has those of all commands, and hides them in its help. */
export function optionsOf(command: CommandName): readonly AnyRow[] {
  return rows.flatMap((row): AnyRow[] => {
    if (row.commands.includes(command)) return [{ ...row, ...row.own[command] }]
    return command === 'config' ? [{ ...row, hidden: true }] : []
  })
}

/** The key of an option in a configuration file: `mirror_dir`. */
export function keyOf({ name }: { readonly name: string }): string {
  return name.replaceAll('-', '_')
}

/** The older name of an option does not stand in the way of another one's own name where a command has that. */
export function rowOfKey(key: string, command?: CommandName): AnyRow | undefined {
  const current = rows.find((row) => row.file !== false && keyOf(row) === key)
  const older = rows.find(({ formerly }) => formerly === key.replaceAll('_', '-'))
  const isOwn = command !== undefined && current?.commands.includes(command)
  return isOwn ? current : (older ?? current)
}

export function keep(): Type<KeepVersions> {
  const parse = (text: string) => {
    if (text === 'replace' || text === 'uuid-validity') return text
    const value = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
    return value >= 1 ? value : undefined
  }
  const schema = {
    anyOf: [
      { type: 'integer', minimum: 1, maximum: 999 },
      { type: 'string', enum: ['uuid-validity', 'replace'] },
    ],
  } as const
  return written('n', parse, schema, 'is neither a number from 1 to 999 nor uuid-validity nor replace')
}

export function signaturePolicy(): Type<SignaturePolicy> {
  return choice('policy', ['require', 'prefer', 'off'])
}

/** URLs of key servers, HKP's own forms of them too. An empty text stands for none. */
function keyservers(): Type<readonly string[]> {
  const type = list('url', (text) => {
    if (text !== '')
      parseUrl(text.replace(/^hkp(s?):/, 'http$1:'), 'Give a URL such as https://keyserver.ubuntu.com')
    return text
  })
  const items = { type: 'string' } as const
  return {
    ...type,
    schema: { anyOf: [items, { type: 'array', items }] },
    what: 'is neither a URL nor a list of URLs',
    parse: (given) => type.parse(given).filter((one) => one !== ''),
  }
}

/** Rules of `validate`. */
function ruleNames(): Type<readonly string[]> {
  const what = 'names no rule that can be switched off'
  const type = list('rule', (name) => {
    if (optionalRules.includes(name)) return name
    const [meant] = closest(name, optionalRules)
    const remedy = meant === undefined ? 'docs/validating.md lists them' : `Perhaps ${meant} is meant`
    throw new WrongValue(what, remedy)
  })
  const items = { type: 'string', enum: optionalRules } as const
  return { ...type, schema: { anyOf: [items, { minItems: 1, type: 'array', items }] }, what }
}

/** `I/N` */
export function shard(): Type<{ readonly index: number; readonly count: number }> {
  const parse = (text: string) => {
    const [, index, count] = /^([0-9]{1,4})\/([0-9]{1,4})$/.exec(text.trim()) ?? []
    const shard = { index: Number(index), count: Number(count) }
    return shard.index >= 1 && shard.index <= shard.count ? shard : undefined
  }
  const schema = { type: 'string', pattern: '^[0-9]{1,4}\\/[0-9]{1,4}$' } as const
  const type = written(
    'i/n',
    parse,
    schema,
    'is no shard of several',
    'Give I/N with I from 1 to N, such as 2/4',
  )
  const is = (value: unknown) => {
    const { index, count } = Object(value)
    return parse(`${index}/${count}`) !== undefined
  }
  return { ...type, typed: { is, what: 'is not { index, count } with an index from 1 to count' } }
}

/** Of its parts only the origin is ever printed: a token may stand in the rest. */
function webhook(): Type<string> {
  return written('url', (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.hash === '') return text
    throw new WrongValue('is not a web address', 'Give a URL that begins with https:// or http://')
  })
}

function address(): Type<{ readonly host: string; readonly port: number }> {
  return written('address', (text) => {
    const [, bracketed, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):([0-9]{1,5})$/i.exec(text) ?? []
    const host = bracketed ?? name
    const isHost = bracketed === undefined || isIP(bracketed) === 6
    if (host !== undefined && isHost && Number(port) <= 65_535) return { host, port: Number(port) }
    throw new WrongValue(
      'is not an address to listen on',
      'Give ADDRESS:PORT, such as 127.0.0.1:9464 or [::]:9464',
    )
  })
}

function branchPrefix(): Type<string> {
  return written('prefix', (text) => {
    const isPrefix = /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(text) && !/\.\.|\/[./]|\.lock\//.test(text)
    if (isPrefix) return text
    throw new WrongValue('cannot begin a branch', 'Give a prefix such as image-updater/')
  })
}
