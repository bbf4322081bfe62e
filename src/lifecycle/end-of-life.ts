import { compareNatural } from '../discovery/natural-order.ts'
import type { Image } from '../image.ts'
import { type Product, products, undated } from './products.ts'

/** One release of a distribution. */
export interface Release {
  /** As endoflife.date names its cycle: `24.04`, `12`, `15.6`. */
  readonly release: string
  /** `YYYY-MM-DD` */
  readonly released?: string | undefined
  /** `YYYY-MM-DD`: from this day on nobody mends its faults free of charge. Absent: not announced. */
  readonly endOfLife?: string | undefined
  /** Its end has come; needed if the day is not known. */
  readonly ended?: boolean | undefined
  /** It has long-term support. */
  readonly longTerm?: boolean | undefined
}

/** Releases by the name of their product. */
export interface LifecycleData {
  /** `YYYY-MM-DD`: the day that the dates are of. */
  readonly asOf: string
  readonly products: Readonly<Record<string, readonly Release[]>>
}

/** The dates of the release that an image is of. */
export interface EndOfLife extends Release {
  /** As endoflife.date names it: `ubuntu`, `rocky-linux`. */
  readonly product: string
  /** For people: `Rocky Linux`. */
  readonly label: string
}

/** The release that an image is of. */
export interface ImageRelease {
  readonly product: Product
  /** Undefined if neither the image's fields nor its versions tell it. */
  readonly release: string | undefined
}

/** Returns the release that an image is of, or undefined if its distribution has no dates. */
export function releaseOf(image: Image): ImageRelease | undefined {
  const slugs = slugsOf(image)
  for (const slug of slugs) {
    const product = products.find(({ names }) => names.test(slug))
    if (product === undefined) continue
    const rest = slug.replace(product.names, '')
    return {
      product,
      release: firstRelease(product, [image.osVersion, numberIn(rest), newestVersion(image)]),
    }
  }
  const product = products.find(({ distro }) => distro !== undefined && distro === image.osDistro)
  if (product === undefined || slugs.some((slug) => undated.test(slug))) return undefined
  return { product, release: firstRelease(product, [image.osVersion]) }
}

function firstRelease(product: Product, texts: readonly (string | undefined)[]): string | undefined {
  return texts.map((text) => product.release.exec(text ?? '')?.[1]).find((release) => release !== undefined)
}

/** Returns `24.04` of `-24.04-minimal`. */
function numberIn(slug: string): string | undefined {
  return /\d+(?:\.\d+)*/.exec(slug)?.[0]
}

function newestVersion({ versions }: Image): string | undefined {
  return versions
    .flatMap(({ version }) => version ?? [])
    .sort(compareNatural)
    .at(-1)
}

/** Returns the names of an image in the form `ubuntu-24.04-minimal`. */
function slugsOf({ shortname, name }: Image): string[] {
  return [shortname ?? name, name].map((text) => text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-'))
}

/** Returns the dates of an image's release, or undefined if its distribution has none or they do not name the release. */
export function endOfLife(image: Image, data: LifecycleData): EndOfLife | undefined {
  const found = releaseOf(image)
  const release = releasesOf(found?.product, data).find((one) => one.release === found?.release)
  if (found === undefined || release === undefined) return undefined
  return { ...release, product: found.product.name, label: found.product.label }
}

/** Returns the releases of a product as far as the dates name them. */
export function releasesOf(
  product: Product | undefined,
  { products: known }: LifecycleData,
): readonly Release[] {
  return product !== undefined && Object.hasOwn(known, product.name) ? (known[product.name] ?? []) : []
}

/** @param today `YYYY-MM-DD` */
export function hasEnded({ endOfLife: end, ended }: Release, today: string): boolean {
  return ended === true || (end !== undefined && end <= today)
}

const oneDay = 24 * 60 * 60 * 1000

/** Returns the days until the end, negative after it, or undefined if its day is not known. */
export function daysLeft({ endOfLife: end }: Partial<Release>, today: string): number | undefined {
  return end === undefined ? undefined : Math.round((Date.parse(end) - Date.parse(today)) / oneDay)
}
