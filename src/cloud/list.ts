import type { ImageApi } from './api.ts'
import { GlanceError } from './glance-errors.ts'
import type { CloudImage, Visibility } from './image.ts'
import { readPage } from './record.ts'

/** Which images a list has. Images have to meet all that is given. */
export interface Search {
  /** Id of a project. Whoever is an administrator sees those of all projects without it. */
  readonly owner?: string | undefined
  /** The whole name. */
  readonly name?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** Default: the project's own, public ones, and shared ones that the project has accepted. */
  readonly visibility?: Visibility | 'all' | undefined
}

export interface ListLimits {
  /** Images of one page. */
  readonly pageSize: number
  /** Images of one list; more are an error. */
  readonly mostImages: number
}

/** Bytes of one page: a record seldom has more than 4 KiB. */
const pageLimit = 16 * 2 ** 20
/** How often a list is begun anew because the last image of a page was deleted meanwhile. */
const listings = 3

/** Returns every image that a search finds, hidden ones too. */
export async function listImages(
  api: ImageApi,
  search: Search,
  limits: ListLimits,
  signal: AbortSignal | undefined,
): Promise<CloudImage[]> {
  // Lists leave out hidden images, or have no other ones.
  const hidden = await listPages(api, search, 'true', limits, signal)
  const visible = await listPages(api, search, 'false', limits, signal)
  const byId = new Map([...hidden, ...visible].map((image) => [image.id, image]))
  return [...byId.values()].filter((image) => isSought(image, search))
}

async function listPages(
  api: ImageApi,
  search: Search,
  hidden: 'true' | 'false',
  { pageSize, mostImages }: ListLimits,
  signal: AbortSignal | undefined,
): Promise<CloudImage[]> {
  const found = new Map<string, CloudImage>()
  const what = 'Listing the images'
  let begun = 1
  for (let marker: string | undefined; ; ) {
    // Of `next` only its presence counts: it loses the prefix of a gateway, and all tags but one.
    const path = `/v2/images?${queryOf(search, pageSize, hidden, marker)}`
    const call = { what, method: 'GET', path, limit: pageLimit, signal }
    const page = await api.read(call, readPage).catch((error) => {
      const isMarkerGone = error instanceof GlanceError && [400, 404].includes(error.status)
      if (marker === undefined || !isMarkerGone || begun === listings) throw error
      return undefined
    })
    if (page === undefined) {
      begun += 1
      found.clear()
      marker = undefined
      continue
    }
    const { images, hasNext } = page
    for (const image of images) {
      if (found.has(image.id)) throw api.strange(call, `the list has ${image.id} twice`)
      found.set(image.id, image)
    }
    if (found.size > mostImages) {
      throw api.strange(call, `the list has more than ${mostImages} images`)
    }
    marker = images.at(-1)?.id
    if (marker === undefined || (!hasNext && images.length < pageSize)) return [...found.values()]
  }
}

/** A colon in a name is an operator unless there is one in front of it. */
function queryOf(search: Search, limit: number, hidden: string, marker: string | undefined): URLSearchParams {
  const { owner, name, tags = [], visibility } = search
  const query = new URLSearchParams({ limit: String(limit), os_hidden: hidden })
  if (owner !== undefined) query.append('owner', owner)
  if (name !== undefined) query.append('name', `eq:${name}`)
  for (const tag of tags) query.append('tag', tag)
  if (visibility !== undefined) query.append('visibility', visibility)
  if (marker !== undefined) query.append('marker', marker)
  return query
}

/** Some databases of Glance's take upper and lower case for the same. */
function isSought(image: CloudImage, { owner, name, tags = [] }: Search): boolean {
  return (
    (owner === undefined || image.owner === owner) &&
    (name === undefined || image.name === name) &&
    tags.every((tag) => image.tags.includes(tag))
  )
}
