import { z } from 'zod'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { abortedError } from '../http/abort.ts'
import { HttpClient } from '../http/client.ts'
import type { Policy } from '../http/policy.ts'
import type { Product } from './products.ts'
import type { LifecycleData, Release } from './releases.ts'
import { snapshot } from './snapshot.ts'

/** Where dates come from. */
export interface LifecycleSources {
  /** API of endoflife.date, version 1; ends with a slash (https://endoflife.date/docs/api/v1/). */
  readonly endOfLifeApi: string
  /** Garden Linux's release database, major releases (https://github.com/gardenlinux/glrd). */
  readonly gardenLinuxReleases: string
}

const publicSources: LifecycleSources = {
  endOfLifeApi: 'https://endoflife.date/api/v1/',
  gardenLinuxReleases: 'https://gardenlinux-glrd.s3.eu-central-1.amazonaws.com/releases-major.json',
}

export interface FetchedLifecycles {
  readonly data: LifecycleData
  readonly failures: readonly UpdaterError[]
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  readonly httpPolicy?: Partial<Policy> | undefined
  readonly sources?: Partial<LifecycleSources> | undefined
  /** `YYYY-MM-DD` */
  readonly today: string
}

/** Fetches the dates of products; for those that fail, the dates of the snapshot are used. */
export async function fetchLifecycles(
  products: readonly Product[],
  { signal = new AbortController().signal, httpPolicy, sources, today }: FetchOptions,
): Promise<FetchedLifecycles> {
  const http = new HttpClient({ policy: httpPolicy })
  const fetchOrRemember = async (product: Product) => {
    const url = addressOf(product, { ...publicSources, ...sources })
    try {
      return { product, releases: readReleases((await http.text(url, { signal })).text, url, product) }
    } catch (thrown) {
      if (signal.aborted) throw abortedError(signal)
      const releases = snapshot.products[product.name] ?? []
      return { product, releases, failure: unavailable(product, thrown) }
    }
  }
  try {
    const answers = await Promise.all(products.map(fetchOrRemember))
    const failures = answers.flatMap(({ failure }) => failure ?? [])
    const known = answers.map(({ product, releases }) => [product.name, releases])
    const asOf = failures.length > 0 ? snapshot.asOf : today
    return { data: { asOf, products: Object.fromEntries(known) }, failures }
  } finally {
    await http.close()
  }
}

function unavailable(product: Product, thrown: unknown): UpdaterError {
  const { code, message } = asUpdaterError(thrown)
  return new UpdaterError(code, `The dates of ${product.label} could not be had: ${message}`, {
    remedy: `Those of ${snapshot.asOf} stand in; --offline asks for none`,
    cause: thrown,
  })
}

const gardenLinux = 'gardenlinux'

function addressOf({ name }: Product, { endOfLifeApi, gardenLinuxReleases }: LifecycleSources): string {
  return name === gardenLinux ? gardenLinuxReleases : `${endOfLifeApi}products/${name}`
}

function readReleases(text: string, url: string, product: Product): readonly Release[] {
  const document = parse(text, url)
  const releases = product.name === gardenLinux ? readGardenLinux(document) : readProduct(document, product)
  if (releases !== undefined && releases.length > 0) return releases
  throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${url} tells no releases in the form that is known`)
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UpdaterError('DISCOVERY_NOTHING_FOUND', `${url} is not JSON`, { cause })
  }
}

const day = z.iso.date().nullish()

const productSchema = z.object({
  result: z.object({
    releases: z.array(
      z.object({
        name: z.string(),
        releaseDate: day,
        isLts: z.boolean().nullish(),
        isEol: z.boolean().nullish(),
        eolFrom: day,
        isEoes: z.boolean().nullish(),
        eoesFrom: day,
      }),
    ),
  }),
})

/** A day counts for more than `isEol`, which was true on the day of the answer. */
function readProduct(document: unknown, { freeExtension }: Product): Release[] | undefined {
  const extended = freeExtension === true
  return productSchema.safeParse(document).data?.result.releases.map((one) => {
    const endOfLife = (extended ? one.eoesFrom : undefined) ?? one.eolFrom ?? undefined
    const saysEnded = (extended ? one.isEoes : undefined) ?? one.isEol ?? false
    return {
      release: one.name,
      released: one.releaseDate ?? undefined,
      endOfLife,
      ended: endOfLife === undefined && saysEnded,
      longTerm: one.isLts ?? false,
    }
  })
}

const gardenLinuxDay = z.object({ isodate: z.iso.date() }).nullish()

const gardenLinuxSchema = z.object({
  releases: z.array(
    z.object({
      version: z.object({ major: z.int() }),
      lifecycle: z.object({ released: gardenLinuxDay, eol: gardenLinuxDay }),
    }),
  ),
})

function readGardenLinux(document: unknown): Release[] | undefined {
  return gardenLinuxSchema.safeParse(document).data?.releases.map(({ version, lifecycle }) => ({
    release: String(version.major),
    released: lifecycle.released?.isodate,
    endOfLife: lifecycle.eol?.isodate,
  }))
}
