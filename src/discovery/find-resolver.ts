import type { CatalogFile } from '../catalog/parse.ts'
import { matchesNames } from '../catalog/select.ts'
import { UpdaterError } from '../errors.ts'
import { withoutNeedlessEncoding } from '../http/url.ts'
import type { Image } from '../image.ts'
import type { SourceRule, SourceSignature } from './options.ts'
import { hasPlaceholder } from './pattern.ts'
import type { DistributionSignature, OwnResolver, ResolverContext, Search } from './resolver.ts'
import { resolvers } from './resolvers/index.ts'
import { isOwnHost } from './signatures/expected.ts'
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
 * Finds the resolver of an image: what the first rule that names it stands for, else the first whose strategies can
 * read its URLs.
 * @param image with the rule's URLs
 * @param own are asked before those that the program knows
 * @throws UpdaterError DISCOVERY_UNSUPPORTED, CONFIGURATION if the URLs do not have the form that the rule's strategy
 * reads
 */
export function findResolver(
  image: Image,
  rules: readonly SourceRule[] = [],
  own: readonly OwnResolver[] = [],
): Chosen {
  if ([image.latestUrl, image.latestChecksumUrl].some(isNoUrl)) throw unsupported(image)
  const rule = ruleFor(image, rules)
  if (rule !== undefined) return resolverOfRule(rule, image)
  const { osDistro } = image
  const latestUrl = plainSpelling(image.latestUrl ?? '')
  const passedOver: OwnResolver[] = []
  for (const resolver of [...own, ...resolvers]) {
    const { serves } = resolver
    if (serves.latestUrl?.test(latestUrl) || (osDistro !== undefined && serves.osDistro === osDistro)) {
      const search = searchOf(resolver, image)
      const signature = resolver.signature ? undefined : signatureAt(image.latestChecksumUrl, passedOver)
      if (search !== undefined) return { resolver: signature ? { ...resolver, signature } : resolver, search }
      passedOver.push(resolver)
    }
  }
  throw unsupported(image)
}

/** What a distribution signs at its own host has its signature there, whoever can read the URL. */
function signatureAt(
  checksumUrl: string | undefined,
  candidates: readonly OwnResolver[],
): DistributionSignature | undefined {
  if (checksumUrl === undefined || !URL.canParse(checksumUrl)) return undefined
  const url = new URL(checksumUrl)
  return candidates
    .flatMap(({ signature = [] }) => signature)
    .find((signature) => signature.knownToSign === true && isOwnHost(signature, url))
}

/** The text by which a resolver is chosen: how a URL is written must not lead to one that looks at no signature. */
function plainSpelling(url: string): string {
  if (hasPlaceholder(url) || !URL.canParse(url)) return withoutNeedlessEncoding(url)
  const { origin, pathname } = new URL(url)
  return origin + withoutNeedlessEncoding(pathname)
}

/** The search of the first strategy that can read the image's URLs. */
function searchOf(resolver: OwnResolver, image: Image): Search | undefined {
  const { outgrown = [] } = resolver
  const present = (url: string | undefined) =>
    outgrown.reduce((text, [was, is]) => text?.replaceAll(was, is), url)
  const { latestUrl, latestChecksumUrl } = image
  const asNow = { ...image, latestUrl: present(latestUrl), latestChecksumUrl: present(latestChecksumUrl) }
  for (const named of resolver.strategies) {
    const search = (typeof named === 'function' ? named : strategies[named])(asNow)
    if (search !== undefined) return search
  }
  return undefined
}

function resolverOfRule({ name, strategy, feed, signature }: SourceRule, image: Image): Chosen {
  if ((strategy === 'feed') !== (feed !== undefined)) {
    const what = feed === undefined ? 'lacks' : 'has'
    throw new UpdaterError(
      'CONFIGURATION',
      `Source ${name} has the strategy "${strategy}" and ${what} feed`,
      {
        remedy: 'Give feed to a source with the strategy "feed", and to no other: docs/json-feed.md',
      },
    )
  }
  const search = strategies[strategy](image, feed)
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
}: SourceSignature): DistributionSignature {
  return {
    form: form === 'clearsigned' ? form : suffixes,
    knownToSign: required,
    hosts: 'any',
    fingerprints: keys,
    keyUrl,
    keyHint:
      'Put the key into the keyring folder, name its URL as keyUrl of the source, or a server that has it by --keyserver',
  }
}

function unsupported(image: Image): UpdaterError {
  const [why, remedy] = defectOf(image)
  return new UpdaterError(
    'DISCOVERY_UNSUPPORTED',
    `The newest build of ${image.name} cannot be found: ${why}`,
    { remedy },
  )
}

function defectOf({ latestUrl, latestChecksumUrl }: Image): readonly [why: string, remedy: string] {
  if (latestUrl === undefined) return ['it has no latest_url', 'Give it one']
  if (isNoUrl(latestUrl)) return ['its latest_url is no http or https URL', correctUrl]
  if (isNoUrl(latestChecksumUrl)) return ['its latest_checksum_url is no http or https URL', correctUrl]
  if (latestChecksumUrl === undefined) {
    return ['it has no latest_checksum_url', 'Give it the URL of the checksum file that lists latest_url']
  }
  return ['its latest_url is not the http(s) URL of a file', 'Give it one that ends with a file name']
}

const correctUrl = 'Correct it in the catalogue file; nothing is read by FTP, rsync or from a folder'

/** Patterns may stand in a URL, also for parts of its host. */
function isNoUrl(url: string | undefined): boolean {
  return url !== undefined && !/^https?:\/\/[^\s/]\S*$/i.test(url)
}
