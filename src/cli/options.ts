import { type Command, Option } from 'commander'

/** The options of `addImagesOptions`. */
export interface ImagesFlags {
  readonly images: readonly string[]
  readonly name?: readonly string[] | undefined
}

/** The options of `addMirrorOptions`. */
export interface MirrorFlags {
  readonly minioServer: string
  readonly minioBucket: string
  readonly minioRegion: string
  readonly minioAccessKey?: string | undefined
  readonly minioSecretKey?: string | undefined
  readonly swiftPrefix: string
  readonly mirrorBaseUrl?: string | undefined
  readonly mirrorKeyPrefix: string
  readonly mirrorDir?: string | undefined
  readonly mirror: boolean
  readonly acl: string
  readonly checksumFiles: boolean
}

/** What every command has that brings images to a mirror. */
export interface RunFlags extends ImagesFlags, MirrorFlags {
  readonly includeDisabled?: boolean | undefined
  readonly checkPublic: boolean
  readonly verify: 'range' | 'full'
  readonly maxImageSize: string
  readonly strict?: boolean | undefined
  readonly dryRun?: boolean | undefined
  readonly jobs: string
  readonly transfers: string
  readonly connections: string
}

/** Every option of `prune`. */
export interface PruneFlags extends MirrorFlags, Pick<ImagesFlags, 'images'> {
  readonly grace: string
  readonly yes?: boolean | undefined
}

/** Every option of `verify`. */
export interface VerifyFlags extends ImagesFlags {
  readonly includeDisabled?: boolean | undefined
  readonly full?: boolean | undefined
  readonly maxImageSize: string
  readonly jobs: string
  readonly transfers: string
}

/** Every option of an update, as commander holds it: unchecked text, whether from a flag or the environment. */
export interface UpdateFlags extends RunFlags {
  readonly allowDowngrade?: boolean | undefined
  readonly keepVersions: string
  readonly shard?: string | undefined
  readonly cache: boolean
  readonly signatures: 'require' | 'prefer' | 'off'
  readonly keyring: string
}

/** Who is told of a run that changed something. */
export interface HookFlags {
  readonly onUpdate?: string | undefined
  readonly webhook?: string | undefined
  readonly hookTimeout: string
}

/** The options of a service. */
export interface ServeFlags {
  readonly listen: string
  readonly schedule: string
  readonly jitter: string
  readonly grace: string
  readonly allowHost?: readonly string[] | undefined
  readonly tokenFile?: string | undefined
}

/** What a check takes of them. */
export type CheckFlags = Pick<
  UpdateFlags,
  'images' | 'name' | 'includeDisabled' | 'checkPublic' | 'cache' | 'signatures' | 'keyring' | 'jobs'
>

/** The options that every command has. */
export interface SharedFlags {
  readonly quiet?: boolean | undefined
  readonly debug?: boolean | undefined
}

/** What goes to standard output; each command has formats of its own. */
export interface OutputFlags<Format extends string = 'text' | 'json'> {
  readonly output: Format
}

export interface ReportFlags {
  readonly report?: string | undefined
}

/** What a run leaves behind in files. */
export interface FileFlags extends ReportFlags {
  /** Absent: the extension of the report's file decides. */
  readonly reportFormat?: 'json' | 'junit' | 'markdown' | undefined
  readonly metricsFile?: string | undefined
}

/** The page of `report`. */
export interface PageFlags {
  readonly html?: string | undefined
  readonly from?: string | undefined
}

/** Options whose value the shell completes, by their attribute's name. */
export const pathOptions: Readonly<Record<string, 'files' | 'directories'>> = {
  images: 'files',
  config: 'files',
  mirrorDir: 'directories',
  keyring: 'directories',
  report: 'files',
  tokenFile: 'files',
  metricsFile: 'files',
  html: 'files',
  from: 'files',
}

/** Where the catalogue is. */
export function addImagesOption(command: Command): Command {
  const images = repeatable(
    '--images <dir>',
    'folder or file of image definitions; repeatable, in the variable separated by :',
    ['/etc/images'],
  )
  return command.optionsGroup('Catalogue:').addOption(images.env('IMAGE_UPDATER_IMAGES'))
}

/** Which images of which catalogue, for commands that look at disabled ones too. */
export function addImagesOptions(command: Command): Command {
  return addImagesOption(command).addOption(
    repeatable('--name <name>', 'the same as the argument NAME; repeatable'),
  )
}

/** Which images of which catalogue. */
export function addCatalogueOptions(command: Command): Command {
  return addImagesOptions(command).option('--include-disabled', 'also images with enable: false')
}

/** What becomes of an image's older versions. */
export function addHistoryOptions(command: Command): Command {
  return command
    .optionsGroup('Catalogue:')
    .addOption(
      option(
        '--keep-versions <n>',
        'versions that stay, the newest in front: a number, uuid-validity (N of last-N), or replace the first',
        'replace',
      ),
    )
}

/** Where the mirror is, how it is reached, and whether there is one. */
export function addMirrorOptions(command: Command): Command {
  return addMirror(command, noMirrorOption())
}

/** The same for a command that does nothing without a mirror: it refuses `--no-mirror`, and offers none. */
export function addNeededMirrorOptions(command: Command): Command {
  return addMirror(command, noMirrorOption().hideHelp())
}

function addMirror(command: Command, none: Option): Command {
  return command
    .optionsGroup('Mirror:')
    .addOption(
      option(
        '--minio-server <host>',
        'object store: HOST[:PORT] or a URL (http://… for plain HTTP)',
        'swift.services.a.regiocloud.tech',
      ).env('MINIO_SERVER'),
    )
    .addOption(option('--minio-bucket <bucket>', 'its bucket', 'openstack-images').env('MINIO_BUCKET'))
    .addOption(option('--minio-region <region>', 'its region', 'us-east-1').env('MINIO_REGION'))
    .addOption(option('--minio-access-key <key>', 'else the usual places of AWS').env('MINIO_ACCESS_KEY'))
    .addOption(
      option('--minio-secret-key <key>', 'better in the variable: ps shows flags').env('MINIO_SECRET_KEY'),
    )
    .addOption(
      option(
        '--swift-prefix <path>',
        'path between server and bucket in public URLs',
        'swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/',
      ).env('SWIFT_PREFIX'),
    )
    .addOption(
      option(
        '--mirror-base-url <url>',
        'public base of the mirror; mirror_url is URL/shortname/file (default: from server, prefix and bucket)',
      ).env('MIRROR_BASE_URL'),
    )
    .addOption(option('--mirror-key-prefix <prefix>', "goes before every object's key", ''))
    .addOption(option('--mirror-dir <dir>', 'the mirror is this folder, no object store needed'))
    .addOption(none)
    .option('--no-checksum-files', 'write no SHA256SUMS beside the mirrored images')
    .addOption(option('--acl <acl>', "canned ACL of uploaded objects, '' for none", 'public-read'))
}

/** How strictly the bytes and the mirror are looked at. */
export function addTransferOptions(command: Command): Command {
  return command
    .optionsGroup('Integrity:')
    .addOption(option('--verify <how>', 'read back from the mirror', 'range').choices(['range', 'full']))
    .option('--no-check-public', 'do not ask the public URL (private mirrors)')
    .addOption(sizeOption())
    .option('--strict', 'an image larger than its min_disk is an error')
}

/** How strictly builds and the mirror are looked at. */
export function addIntegrityOptions(command: Command): Command {
  return addTransferOptions(command)
    .addOption(signaturesOption())
    .addOption(keyringOption())
    .option('--allow-downgrade', 'also take a newest build older than ours')
    .addOption(cacheOption())
}

/** How a check goes, which writes nothing. */
export function addCheckOptions(command: Command): Command {
  return command
    .optionsGroup('Integrity:')
    .option('--no-check-public', "do not ask the mirror's public URLs")
    .addOption(signaturesOption())
    .addOption(keyringOption())
    .optionsGroup('Run:')
    .addOption(jobsOption())
    .addOption(cacheOption())
}

/** What `prune` may do. */
export function addPruneOptions(command: Command): Command {
  return command
    .optionsGroup('Run:')
    .addOption(option('--grace <time>', 'what is younger stays, named or not', '14d'))
    .option('--yes', 'remove it; without this it is only listed')
}

/** How `verify` goes. */
export function addVerifyOptions(command: Command): Command {
  return command
    .optionsGroup('Run:')
    .option('--full', 'also download every file and compare its digest')
    .addOption(sizeOption())
    .addOption(option('--jobs <n>', 'URLs asked at once', '256'))
    .addOption(option('--transfers <n>', 'downloads at once', '2'))
}

/** The page of a check. */
export function addPageOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(option('--html <file>', 'where the page goes'))
    .addOption(option('--from <file>', 'of this JSON report of check, instead of checking now'))
}

/** How a run goes. */
export function addRunOptions(command: Command): Command {
  return command
    .optionsGroup('Run:')
    .option('--dry-run', 'write nothing, show the plan as a unified diff')
    .addOption(jobsOption())
    .addOption(option('--transfers <n>', 'mirrorings at once', '2'))
    .addOption(option('--connections <n>', 'connections to the source for each download', '1'))
}

/** A catalogue that several runs share. */
export function addShardOption(command: Command): Command {
  return command
    .optionsGroup('Run:')
    .addOption(
      option('--shard <i/n>', 'only the Ith of N parts of the files, for runs side by side').env(
        'IMAGE_UPDATER_SHARD',
      ),
    )
}

/** Who is told of a run that changed something. */
export function addHookOptions(command: Command): Command {
  return command
    .optionsGroup('Hooks:')
    .addOption(
      option(
        '--on-update <command>',
        'a command line for sh -c, run after a run that changed something; the JSON report is its input',
      ).env('IMAGE_UPDATER_ON_UPDATE'),
    )
    .addOption(
      option(
        '--webhook <url>',
        'POST the JSON report there after such a run, signed with IMAGE_UPDATER_WEBHOOK_SECRET',
      ).env('IMAGE_UPDATER_WEBHOOK'),
    )
    .addOption(option('--hook-timeout <time>', 'how long each of them may take', '5m'))
}

/** How a service listens and when its runs begin. */
export function addServiceOptions(command: Command): Command {
  return command
    .optionsGroup('Service:')
    .addOption(option('--listen <address>', 'ADDRESS:PORT', '127.0.0.1:9464'))
    .addOption(
      option('--schedule <cron>', "when runs begin, in local time; '': only on request", '0 3 * * *').env(
        'IMAGE_UPDATER_SCHEDULE',
      ),
    )
    .addOption(option('--jitter <time>', 'begin up to this much later, at random', '10m'))
    .addOption(option('--grace <time>', 'SIGTERM lets a run go on this long before it is aborted', '0s'))
    .addOption(
      repeatable(
        '--allow-host <name>',
        'a name that the server is reached by, beside IP addresses; repeatable',
      ),
    )
    .addOption(
      option('--token-file <file>', 'holds the bearer token for POST (else in IMAGE_UPDATER_TOKEN)').env(
        'IMAGE_UPDATER_TOKEN_FILE',
      ),
    )
}

/** The form of the answer on standard output; the first one is the default. */
export function addOutputOption(command: Command, formats: readonly string[] = ['text', 'json']): Command {
  return command
    .optionsGroup('Output:')
    .addOption(option('--output <format>', 'what goes to standard output', formats[0]).choices(formats))
}

/** The report of a run as a file. */
export function addReportOption(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(option('--report <file>', 'also write the JSON report to a file'))
}

/** What a run leaves behind in files, its report in several forms. */
export function addFileOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(
      option('--report <file>', 'also write the report to a file: .json, .xml (JUnit) or .md (Markdown)'),
    )
    .addOption(
      option('--report-format <format>', 'its format, whatever its extension').choices([
        'json',
        'junit',
        'markdown',
      ]),
    )
    .addOption(
      option('--metrics-file <file>', "also write metrics for node_exporter's textfile collector").env(
        'IMAGE_UPDATER_METRICS_FILE',
      ),
    )
}

/** How much is told; shared by all commands. */
export function addSharedOptions(command: Command): Command {
  return command
    .optionsGroup('Output:')
    .addOption(option('--quiet', 'only warnings and errors, no summary').conflicts('debug'))
    .option('--debug', 'also what is behind an error')
}

function noMirrorOption(): Option {
  return option(
    '--no-mirror',
    'upload nothing; an updated mirror_url is removed, or written where it answers under --mirror-base-url',
  ).conflicts('mirrorDir')
}

function cacheOption(): Option {
  return new Option('--no-cache', 'let servers send listings and checksum files anew').helpGroup('Run:')
}

function signaturesOption(): Option {
  return option('--signatures <policy>', 'OpenPGP signatures of checksum files', 'prefer').choices([
    'require',
    'prefer',
    'off',
  ])
}

function keyringOption(): Option {
  return option('--keyring <dir>', 'folder of OpenPGP public keys', '/etc/image-updater/keys')
}

function jobsOption(): Option {
  return option('--jobs <n>', 'checks at once', '256')
}

function sizeOption(): Option {
  return option('--max-image-size <size>', 'largest image once decompressed', '64GiB')
}

function option(flags: string, description: string, value?: string): Option {
  return new Option(flags, description).default(value)
}

function repeatable(flags: string, description: string, values?: readonly string[]): Option {
  return new Option(flags, description)
    .default(values)
    .argParser<readonly string[] | undefined>((value, previous) =>
      previous === undefined || previous === values ? [value] : [...previous, value],
    )
}
