import { compareNatural } from '../discovery/natural-order.ts'
import type { Image } from '../image.ts'
import { daysBetween } from '../report/check.ts'
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
export function releaseOf({
  name,
  shortname,
  osDistro,
  osVersion,
  versions,
}: Image): ImageRelease | undefined {
  const slugs = [shortname ?? name, name].map((text) => text.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-'))
  for (const slug of slugs) {
    const product = products.find(({ names }) => names.test(slug))
    if (product === undefined) continue
    const [number] = /\d+(?:\.\d+)*/.exec(slug.replace(product.names, '')) ?? []
    const newest = versions.flatMap(({ version }) => version ?? []).sort(compareNatural)
    return { product, release: firstRelease(product, [osVersion, number, newest.at(-1)]) }
  }
  const product = products.find(({ distro }) => distro !== undefined && distro === osDistro)
  if (product === undefined || slugs.some((slug) => undated.test(slug))) return undefined
  return { product, release: firstRelease(product, [osVersion]) }
}

function firstRelease(product: Product, texts: readonly (string | undefined)[]): string | undefined {
  return texts.map((text) => product.release.exec(text ?? '')?.[1]).find((release) => release !== undefined)
}

/** Returns the dates of an image's release, or undefined if its distribution has none or they do not name the release. */
export function endOfLife(image: Image, data: LifecycleData): EndOfLife | undefined {
  const found = releaseOf(image)
  if (found === undefined) return undefined
  const { name: product, label } = found.product
  const release = data.products[product]?.find((one) => one.release === found.release)
  return release && { ...release, product, label }
}

/** @param today `YYYY-MM-DD` */
export function hasEnded({ endOfLife: end, ended }: Release, today: string): boolean {
  return ended === true || (end !== undefined && end <= today)
}

/** Returns the days until the end, negative after it, or undefined if its day is not known. */
export function daysLeft({ endOfLife: end }: Partial<Release>, today: string): number | undefined {
  return daysBetween(Date.parse(today), end === undefined ? undefined : Date.parse(end))
}
