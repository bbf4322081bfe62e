import { closest } from '../catalog/closest.ts'
import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { compareNatural } from '../natural-order.ts'
import { text } from '../option.ts'
import { assertOptions, assertTyped } from '../options.ts'
import { daysBetween } from '../report/check.ts'
import type { LifecycleRelease } from '../report/schemas.ts'
import { type Product, products, undated } from './products.ts'
import type { LifecycleData, Release } from './releases.ts'
import { snapshot } from './snapshot.ts'

/** The dates of the release that an image is of. */
export interface EndOfLife extends Release {
  /** As endoflife.date names it: `ubuntu`, `rocky-linux`. */
  readonly product: string
  /** For people: `Rocky Linux`. */
  readonly label: string
}

/** The release that an image is of. */
interface ImageRelease {
  readonly product: Product
  /** Undefined if neither the image's fields nor its versions tell it. */
  readonly release: string | undefined
  /** Only its versions tell the release: the definition follows the distribution from one to the next. */
  readonly moves: boolean
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
    const [number] = /(?<![a-z\d.])\d+(?:\.\d+)*/.exec(slug.replace(product.names, '')) ?? []
    const named = firstRelease(product, [osVersion, number])
    if (named !== undefined) return { product, release: named, moves: false }
    const newest = versions.flatMap(({ version }) => version ?? []).sort(compareNatural)
    return { product, release: firstRelease(product, [newest.at(-1)]), moves: true }
  }
  const product = products.find(({ distro }) => distro !== undefined && distro === osDistro)
  if (product === undefined || slugs.some((slug) => undated.test(slug))) return undefined
  return { product, release: firstRelease(product, [osVersion]), moves: false }
}

function firstRelease(product: Product, texts: readonly (string | undefined)[]): string | undefined {
  return texts.map((text) => product.release.exec(text ?? '')?.[1]).find((release) => release !== undefined)
}

/**
 * Returns the dates of an image's release, or undefined if its distribution has none or they do not name the release.
 * @param data default: what ships with the program
 */
export function endOfLife(image: Image, data: LifecycleData = snapshot): EndOfLife | undefined {
  assertOptions(image, 'The values of the image')
  assertTyped('name', text(), image.name ?? 0)
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

/** What the releases of a catalogue are judged by. */
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
  /** Missing releases that nobody wants: a product, or product and release. */
  readonly acknowledged: readonly string[]
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

/**
 * Returns supported releases that the catalogue lacks: only of products in use, none that ends soon, and none where an
 * image moves on to the newest by itself.
 */
function missing(
  { catalogue, data, today, within, acknowledged }: Question,
  product: Product,
): LifecycleRelease[] {
  const others = catalogue.filter((image) => releaseOf(image)?.product === product)
  if (others.every(({ enable }) => !enable)) return []
  if (others.some((image) => image.enable && releaseOf(image)?.moves)) return []
  const there = new Set(others.map((image) => releaseOf(image)?.release))
  const wanted = data.products[product.name]?.filter(
    (one) =>
      !there.has(one.release) &&
      (one.released === undefined || one.released <= today) &&
      statusOf(one, today, within) === 'supported' &&
      (product.offered === undefined || product.offered.test(one.release)) &&
      (product.longTermOnly === undefined || one.longTerm === true),
  )
  const isKnown = ({ release }: Release) =>
    [product.name, product.label].some((name) =>
      [name, `${name} ${release}`].some((text) => acknowledged.some((one) => isSame(one, text))),
    )
  return (wanted ?? []).map((one) => ({
    status: isKnown(one) ? 'acknowledged' : 'missing',
    ...aboutOf(product, one, [], today),
  }))
}

/** @throws UpdaterError USAGE: one is of no product that has dates */
export function assertAcknowledged(acknowledged: readonly string[]): void {
  const known = products.flatMap(({ name, label }) => [name, label])
  for (const text of acknowledged) {
    if (known.some((name) => `${plain(text)} `.startsWith(`${plain(name)} `))) continue
    const [meant] = closest(text.replace(/[\s_-]+[\d.]+$/, ''), known)
    throw new UpdaterError('USAGE', `"${text}" of --acknowledge begins with no product that has dates`, {
      remedy: meant === undefined ? `There are ${known.join(', ')}` : `Perhaps ${meant} is meant`,
    })
  }
}

function isSame(one: string, other: string): boolean {
  return plain(one) === plain(other)
}

/** As people write it: `openSUSE Leap 16.0` and `opensuse-leap-16.0` are the same. */
function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ')
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
