import { z } from 'zod'
import type { ImageOverride } from '../discovery/options.ts'
import { type SourceRule, strategyNames } from '../discovery/source-rule.ts'
import { secretOptions } from './secrets.ts'
import { anyText, choice, count, days, flag, keep, list, shard, size, text, time } from './values.ts'

/**
 * `image-updater.yml`. This is the one definition of its shape: types are inferred from it, and
 * `schema/configuration.schema.json` is printed from it (`npm run schema`).
 */

const policies = ['require', 'prefer', 'off'] as const

/** An option of the command line has its key here: `--mirror-dir` is `mirror_dir`, `--no-mirror` is `mirror: false`. */
const optionKeys = z.object({
  images: list(),
  name: list(),
  include_disabled: flag(),
  keep_versions: keep(),
  minio_server: text(),
  minio_bucket: text(),
  minio_region: text(),
  minio_access_key: text(),
  minio_secret_key: text(),
  swift_prefix: anyText(),
  mirror_base_url: text(),
  mirror_key_prefix: anyText(),
  mirror_dir: text(),
  mirror: flag(),
  acl: anyText(),
  checksum_files: flag(),
  verify: choice(['range', 'full']),
  check_public: flag(),
  full: flag(),
  signatures: choice(policies),
  keyring: text(),
  max_image_size: size(),
  strict: flag(),
  allow_downgrade: flag(),
  dry_run: flag(),
  shard: shard(),
  jobs: count(256),
  transfers: count(64),
  connections: count(16),
  cache: flag(),
  on_update: text(),
  webhook: text(),
  hook_timeout: time(),
  listen: text(),
  schedule: anyText(),
  jitter: time(),
  grace: time(),
  allow_host: list(),
  token_file: text(),
  forge: choice(['github', 'gitlab']),
  base: text(),
  branch_prefix: text(),
  within: days(),
  offline: flag(),
  endoflife_api: text(),
  gardenlinux_releases: text(),
  output: text(),
  report: text(),
  report_format: choice(['json', 'junit', 'markdown']),
  metrics_file: text(),
  quiet: flag(),
  debug: flag(),
})

const source = z.strictObject(
  {
    name: text().regex(/^[A-Za-z0-9-]+$/, 'is not made of letters, digits and hyphens'),
    images: list().meta({ description: 'Names, shortnames or files of images; * and ? are wildcards' }),
    strategy: choice(strategyNames).meta({ description: 'How a build is looked for' }),
    latest_url: text().optional().meta({ description: "In place of the image's own" }),
    latest_checksum_url: text().optional().meta({ description: "In place of the image's own" }),
    signature: z
      .strictObject(
        {
          form: choice(['clearsigned', 'detached']),
          suffixes: list().optional().meta({
            description: "Of a detached signature, after the manifest's URL. Default: .asc, .sig, .gpg",
          }),
          keys: list().meta({ description: 'Full fingerprints of primary keys' }),
          key_url: text().optional().meta({ description: 'Where the keys can be had' }),
          required: flag().optional().meta({ description: 'A manifest without it is an error' }),
        },
        'is not a mapping',
      )
      .optional()
      .meta({ description: 'Who signs the manifests' }),
  },
  'is not a mapping',
)

const override = z.strictObject(
  {
    names: list().meta({ description: 'Names, shortnames or files of images; * and ? are wildcards' }),
    keep_versions: keep().optional(),
    signatures: choice(policies).optional(),
  },
  'is not a mapping',
)

const someOptions = optionKeys.partial()

export const fileSchema = z.strictObject(
  {
    ...someOptions.shape,
    commands: z
      .record(z.string(), z.strictObject(someOptions.shape, 'is not a mapping'), 'is not a mapping')
      .optional()
      .meta({ description: 'Options of single commands, by the name of the command' }),
    overrides: z.array(override, 'is not a list').optional().meta({
      description: 'What is different for some images; the first that names an image counts',
    }),
    sources: z.array(source, 'is not a list').optional().meta({
      description: "Where the newest builds of some images are found; an image's first match counts",
    }),
  },
  'is not a mapping',
)

/** Options as a file holds them, by their key. */
export type ConfiguredOptions = z.infer<typeof someOptions>
export type OptionKey = keyof ConfiguredOptions
export const optionNames = Object.keys(optionKeys.shape) as OptionKey[]

/** Options that are on or off. */
export function isSwitch(key: OptionKey): boolean {
  return optionKeys.shape[key] instanceof z.ZodBoolean
}

/** Options that name a file or a folder: what is not absolute counts from the folder of the configuration file. */
export const pathOptions: readonly OptionKey[] = [
  'images',
  'mirror_dir',
  'keyring',
  'token_file',
  'report',
  'metrics_file',
]

/**
 * What a file that nobody named may not set: commands, secrets, whom to tell and to serve, how far builds are
 * believed and whose keys vouch for them, what is checked of them, files to be written. It lies in the working
 * folder, which in a checkout is written by whoever proposes a change.
 */
export const trustedOptions: readonly OptionKey[] = [
  ...secretOptions,
  'on_update',
  'listen',
  'allow_host',
  'token_file',
  'forge',
  'base',
  'branch_prefix',
  'signatures',
  'allow_downgrade',
  'check_public',
  'max_image_size',
  'verify',
  'keyring',
  'mirror_dir',
  'report',
  'metrics_file',
]

type Source = z.infer<typeof source>
type Override = z.infer<typeof override>

export const texts = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value

export function toSourceRule({ images, signature, ...rule }: Source): SourceRule {
  return {
    name: rule.name,
    images: texts(images),
    strategy: rule.strategy,
    latestUrl: rule.latest_url,
    latestChecksumUrl: rule.latest_checksum_url,
    signature: signature && {
      form: signature.form,
      suffixes: signature.suffixes === undefined ? undefined : texts(signature.suffixes),
      keys: texts(signature.keys),
      keyUrl: signature.key_url,
      required: signature.required,
    },
  }
}

export function toOverride({ names, keep_versions: keepVersions, signatures }: Override): ImageOverride {
  return { names: texts(names), keepVersions, signatures }
}
