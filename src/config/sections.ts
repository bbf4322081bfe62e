import { type ImageOverride, type SourceRule, strategyNames } from '../discovery/options.ts'
import { choice, flag, list, type Type, text, WrongValue, written } from '../option.ts'
import { keep, signaturePolicy } from '../options.ts'
import type { SkipRule } from '../run/options.ts'

/** What a mapping of the file holds. The key of `latestUrl` is `latest_url`. */
export interface Mapping<Value> {
  readonly fields: { readonly [Key in keyof Value]-?: Field<NonNullable<Value[Key]>> }
}

export interface Field<Value> {
  readonly is: Type<Value> | Mapping<Value>
  readonly optional?: true
  /** For editors. */
  readonly description?: string
}

const images = 'Names, shortnames or files of images; * and ? are wildcards'

const ruleName = written(
  'name',
  (name) => {
    if (/^[A-Za-z0-9-]+$/.test(name)) return name
    throw new WrongValue('is not made of letters, digits and hyphens')
  },
  { type: 'string', minLength: 1, pattern: '^[A-Za-z0-9-]+$' },
)

const source: Mapping<SourceRule> = {
  fields: {
    name: { is: ruleName },
    images: { is: list('names'), description: images },
    strategy: { is: choice('strategy', strategyNames), description: 'How a build is looked for' },
    latestUrl: { is: text(), optional: true, description: "In place of the image's own" },
    latestChecksumUrl: { is: text(), optional: true, description: "In place of the image's own" },
    feed: {
      is: {
        fields: {
          url: { is: text(), description: 'Path of the URLs in the document: /releases/*/url' },
          version: { is: text(), optional: true, description: 'Path of their versions' },
          digest: { is: list('digest'), description: 'Paths of their digests' },
        },
      },
      optional: true,
      description: 'Where a JSON document tells of files; for the strategy feed',
    },
    signature: {
      is: {
        fields: {
          form: { is: choice('form', ['clearsigned', 'detached']) },
          suffixes: {
            is: list('suffixes'),
            optional: true,
            description: "Of a detached signature, after the manifest's URL. Default: .asc, .sig, .gpg",
          },
          keys: { is: list('keys'), description: 'Full fingerprints of primary keys' },
          keyUrl: { is: text(), optional: true, description: 'Where the keys can be had' },
          required: { is: flag(), optional: true, description: 'A manifest without it is an error' },
        },
      },
      optional: true,
      description: 'Who signs the manifests',
    },
  },
}

const override: Mapping<ImageOverride> = {
  fields: {
    names: { is: list('names'), description: images },
    keepVersions: { is: keep(), optional: true },
    signatures: { is: signaturePolicy(), optional: true },
  },
}

const skip: Mapping<SkipRule> = {
  fields: {
    images: { is: list('names'), description: images },
    versions: {
      is: list('versions'),
      optional: true,
      description: 'Versions of the catalogue; absent: all of them',
    },
    reason: { is: text(), description: 'Why, as reports show it' },
  },
}

/** The lists of the file that are no options. */
export const sections = {
  overrides: {
    item: override,
    description: 'What is different for some images; the first that names an image counts',
  },
  sources: {
    item: source,
    description: "Where the newest builds of some images are found; an image's first match counts",
  },
  skip: {
    item: skip,
    description: 'Builds that are not to be brought into a cloud',
  },
} as const
