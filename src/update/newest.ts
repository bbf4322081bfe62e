import { compareBuilds, type Discovered, type DiscoveryContext, discover } from '../discovery/discover.ts'
import { pinsOfRules } from '../discovery/rules.ts'
import { createSignatureCheck, type SignatureCheck } from '../discovery/signature.ts'
import { pins } from '../discovery/signatures/pins.ts'
import { UpdaterError } from '../errors.ts'
import type { ImageStep } from '../events.ts'
import { defaultTextCache, withCache } from '../http/cache.ts'
import { askOnce } from '../http/once.ts'
import { withTokens } from '../http/tokens.ts'
import { type Build, formatDigest, type Image } from '../image.ts'
import type { Settled } from '../run/options.ts'
import type { Beginning } from '../run/run.ts'
import type { DiscoveryOptions } from './options.ts'
import { overrideOf } from './overrides.ts'
import { isUnprotected } from './plan.ts'
import { ruleFor } from './sources.ts'

type Tell = (step: ImageStep) => void

/**
 * What discovery needs for each image of one run: what several of them ask for is asked once.
 * @param dryRun the cache is read, but not written
 */
export function createDiscovery(
  { signatures: usual, keyring, overrides, sources, cache }: Settled<DiscoveryOptions>,
  { http, signal }: Pick<Beginning, 'http' | 'signal'>,
  dryRun = false,
): (image: Image, step: Tell) => DiscoveryContext {
  const direct = withTokens(http, process.env)
  const folder = defaultTextCache(process.env)
  const asked = askOnce(cache ? withCache(direct, { folder, mayWrite: !dryRun }) : direct)
  const known = { ...pins, ...pinsOfRules(sources) }
  const { check } = createSignatureCheck({ policy: usual, keyring, http: asked, pins: known })
  return (image, step) => {
    const policy = overrideOf(overrides, image, 'signatures') ?? usual
    const signatures: SignatureCheck | undefined =
      policy === 'off' ? undefined : { check: (request) => check({ ...request, policy }) }
    return { http: asked, signal, tell: step, signatures, source: ruleFor(image, sources) }
  }
}

/**
 * Finds an image's newest build, and tells what was found of it and what is doubtful.
 * @throws UpdaterError as `discover`
 */
export async function findNewest(image: Image, context: DiscoveryContext, step: Tell): Promise<Discovered> {
  step({ type: 'checking' })
  const discovered = await discover(image, context)
  const { url, digest, trust } = discovered.found
  const proof = image.latestChecksumUrl ?? url
  if (trust !== 'signed' && isUnprotected(proof)) {
    const what = digest === undefined ? 'image' : 'checksum'
    step({ type: 'warning', message: unprotected(what, proof) })
  }
  const fileName = url.slice(url.lastIndexOf('/') + 1)
  step(
    digest === undefined
      ? { type: 'no-checksum', fileName }
      : { type: 'current-checksum', fileName, checksum: formatDigest(digest) },
  )
  step({ type: 'our-checksum', checksum: image.versions[0]?.checksum })
  return discovered
}

function unprotected(what: string, url: string): string {
  const { host } = new URL(url)
  return `The ${what} comes from ${host} over plain http and no signature vouches for it: whoever is on the way can replace the image`
}

/** @throws UpdaterError DOWNGRADE where the newest build is older than what the catalogue has */
export function refuseDowngrade(image: Image, build: Build): void {
  const [current] = image.versions
  if (current === undefined || compareBuilds(current, build) >= 0) return
  throw new UpdaterError(
    'DOWNGRADE',
    `The newest build of ${image.name} is ${build.version} (${build.url}), older than ${current.version ?? current.url} in the catalogue`,
    { remedy: "Look at the distribution's server; --allow-downgrade takes the older build" },
  )
}
