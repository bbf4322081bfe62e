import { compareNatural } from '../discovery/natural-order.ts'
import type { Image } from '../image.ts'
import type { LifecycleRelease } from '../report/schemas.ts'
import { daysLeft, hasEnded, type LifecycleData, type Release, releaseOf } from './end-of-life.ts'
import type { Product } from './products.ts'

export interface Question {
  /** The images that the report is of. */
  readonly images: readonly Image[]
  /** The whole catalogue: a release that it has is not missing. */
  readonly catalogue: readonly Image[]
  readonly data: LifecycleData
  /** `YYYY-MM-DD` */
  readonly today: string
  /** Days in which an end counts as coming soon. */
  readonly within: number
}

/** Returns the products that images are of, in the order of the images. */
export function productsOf(images: readonly Image[]): Product[] {
  return [...new Set(images.flatMap((image) => releaseOf(image)?.product ?? []))]
}

/**
 * Returns the releases that the images are of, and the missing ones: by product in the order of the catalogue, the newest
 * release first.
 */
export function classify(question: Question): LifecycleRelease[] {
  return productsOf(question.images).flatMap((product) =>
    [...present(question, product), ...missing(question, product)].sort((a, b) =>
      compareNatural(b.release ?? '', a.release ?? ''),
    ),
  )
}

function present({ images, data, today, within }: Question, product: Product): LifecycleRelease[] {
  const byRelease = new Map<string | undefined, readonly Image[]>()
  for (const image of images) {
    const found = releaseOf(image)
    if (found?.product !== product) continue
    byRelease.set(found.release, [...(byRelease.get(found.release) ?? []), image])
  }
  return [...byRelease].map(([name, some]) => {
    const release = data.products[product.name]?.find((one) => one.release === name)
    const status = release === undefined ? 'unknown' : statusOf(release, today, within)
    return {
      status: some.every(({ enable }) => !enable) ? 'disabled' : status,
      ...aboutOf(product, { release: name, ...release }, some, today),
    }
  })
}

/** Returns supported releases that the catalogue lacks: only of products in use, and none that ends soon. */
function missing({ catalogue, data, today, within }: Question, product: Product): LifecycleRelease[] {
  const others = catalogue.filter((image) => releaseOf(image)?.product === product)
  if (others.every(({ enable }) => !enable)) return []
  const there = new Set(others.map((image) => releaseOf(image)?.release))
  const wanted = data.products[product.name]?.filter(
    (one) =>
      !there.has(one.release) &&
      (one.released === undefined || one.released <= today) &&
      statusOf(one, today, within) === 'supported' &&
      (product.offered === undefined || product.offered.test(one.release)) &&
      (product.longTermOnly === undefined || one.longTerm === true),
  )
  return (wanted ?? []).map((one) => ({ status: 'missing', ...aboutOf(product, one, [], today) }))
}

function statusOf(release: Release, today: string, within: number): 'expired' | 'expiring' | 'supported' {
  if (hasEnded(release, today)) return 'expired'
  return (daysLeft(release, today) ?? Number.POSITIVE_INFINITY) <= within ? 'expiring' : 'supported'
}

function aboutOf(
  { name, label }: Product,
  release: Partial<Release>,
  images: readonly Image[],
  today: string,
): Omit<LifecycleRelease, 'status'> {
  return {
    product: name,
    label,
    release: release.release,
    released: release.released,
    images: images.map(({ file, line, name, shortname, enable }) => ({
      file,
      line,
      name,
      shortname,
      enable,
    })),
    end_of_life: release.endOfLife,
    days_left: daysLeft(release, today),
  }
}
