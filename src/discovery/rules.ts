import type { CatalogFile } from '../catalog/parse.ts'
import { matchesNames } from '../catalog/select.ts'
import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import type { SourceRule, SourceSignature } from './options.ts'
import type { ManifestSignature, ResolverContext, Search } from './resolver.ts'
import { findResolver } from './resolvers/index.ts'
import { strategies } from './strategies/index.ts'

/** Who finds an image's newest build, and how. */
export interface Chosen {
  readonly resolver: ResolverContext['resolver']
  readonly search: Search
}

/** The first rule that names the image. */
function ruleFor(image: Image, rules: readonly SourceRule[]): SourceRule | undefined {
  return rules.find(({ images }) => matchesNames(image, images))
}

/** The catalogue with the rules' URLs in place of the images' own. */
export function withSources(files: readonly CatalogFile[], rules: readonly SourceRule[]): CatalogFile[] {
  return files.map((file) => ({
    ...file,
    images: file.images.map((image) => withRule(image, ruleFor(image, rules))),
  }))
}

function withRule(image: Image, rule: SourceRule | undefined): Image {
  if (rule === undefined) return image
  return {
    ...image,
    latestUrl: rule.latestUrl ?? image.latestUrl,
    latestChecksumUrl:
      rule.strategy === 'first-use' ? undefined : (rule.latestChecksumUrl ?? image.latestChecksumUrl),
  }
}

/**
 * Returns the resolver that the first rule for an image stands for; without a rule its URLs decide.
 * @param image with the rule's URLs
 * @throws UpdaterError DISCOVERY_UNSUPPORTED, CONFIGURATION if the URLs do not have the form that the rule's strategy
 * reads
 */
export function chooseResolver(image: Image, rules: readonly SourceRule[]): Chosen {
  const rule = ruleFor(image, rules)
  if (rule === undefined) return findResolver(image)
  const { name, strategy, signature } = rule
  const search = strategies[strategy](image)
  if (search !== undefined) {
    const isSigned = signature !== undefined && strategy !== 'first-use'
    return { resolver: { name, signature: isSigned ? signatureOf(signature) : undefined }, search }
  }
  throw new UpdaterError(
    'CONFIGURATION',
    `The URLs of ${image.name} are not of the form that the strategy "${strategy}" of source ${name} reads`,
    {
      remedy:
        'docs/adding-a-distribution.md says what each strategy expects of latest_url and latest_checksum_url',
    },
  )
}

function signatureOf({
  form,
  suffixes = ['.asc', '.sig', '.gpg'],
  keys,
  keyUrl,
  required = false,
}: SourceSignature): ManifestSignature {
  return {
    form: form === 'clearsigned' ? form : suffixes,
    knownToSign: required,
    hosts: 'any',
    fingerprints: keys,
    keyUrl,
    keyHint: 'Put the key into the keyring folder, or name its URL as keyUrl of the source',
  }
}
