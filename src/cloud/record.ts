import { z } from 'zod'
import { type CloudImage, cloudStatuses, visibilities } from './image.ts'

/** What an id of Glance's is made of. Nothing of it means anything in a URL. */
const idPattern = /^[\w-]{1,255}$/

export function isImageId(text: string): boolean {
  return idPattern.test(text)
}

const date = z
  .string()
  .transform((text) => new Date(text))
  .refine((time) => !Number.isNaN(time.getTime()), 'no date')
const count = z.number().int().min(0)
const text = z.string().nullish()

/** @see https://docs.openstack.org/api-ref/image/v2/index.html#show-image */
const record = z.object({
  id: z.string().regex(idPattern, 'no id'),
  name: text,
  status: z.enum(cloudStatuses),
  visibility: z.enum(visibilities),
  os_hidden: z.boolean().default(false),
  protected: z.boolean().default(false),
  owner: text,
  size: count.nullish(),
  min_disk: count.default(0),
  min_ram: count.default(0),
  disk_format: text,
  container_format: text,
  tags: z.array(z.string()).default([]),
  os_hash_algo: text,
  os_hash_value: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){1,128}$/i, 'no hash')
    .nullish(),
  created_at: date,
  updated_at: date,
})

/** Keys of a record that are neither read nor anybody's property. */
const ownKeys = new Set([
  ...Object.keys(record.shape),
  'checksum',
  'direct_url',
  'file',
  'locations',
  'schema',
  'self',
  'stores',
  'virtual_size',
])

/** What was read, or what is wrong with it in a few words. */
export type Read<Value> = { readonly value: Value } | { readonly wrong: string }

/** Reads one image of an answer. */
export function readImage(json: unknown): Read<CloudImage> {
  const read = parse(record, json)
  if ('wrong' in read) return read
  const found = read.value
  const { os_hash_algo: algorithm, os_hash_value: hex } = found
  return {
    value: {
      id: found.id,
      name: found.name ?? '',
      status: found.status,
      visibility: found.visibility,
      isHidden: found.os_hidden,
      isProtected: found.protected,
      owner: found.owner ?? undefined,
      size: found.size ?? undefined,
      minDisk: found.min_disk,
      minRam: found.min_ram,
      diskFormat: found.disk_format ?? undefined,
      containerFormat: found.container_format ?? undefined,
      tags: found.tags,
      hash: algorithm && hex ? { algorithm: algorithm.toLowerCase(), hex: hex.toLowerCase() } : undefined,
      createdAt: found.created_at,
      updatedAt: found.updated_at,
      properties: Object.fromEntries(
        Object.entries(json as object).filter(
          ([key, value]) => !ownKeys.has(key) && typeof value === 'string',
        ),
      ),
    },
  }
}

const page = z.object({ images: z.array(z.unknown()), next: z.unknown().optional() })

/** One page of a listing, and whether Glance says that there are more. */
export interface Page {
  readonly images: readonly CloudImage[]
  readonly hasNext: boolean
}

export function readPage(json: unknown): Read<Page> {
  const read = parse(page, json)
  if ('wrong' in read) return read
  const images: CloudImage[] = []
  for (const one of read.value.images) {
    const image = readImage(one)
    if ('wrong' in image) return image
    images.push(image.value)
  }
  return { value: { images, hasNext: read.value.next !== undefined } }
}

const methods = z.object({ 'import-methods': z.object({ value: z.array(z.string()) }) })

export function readImportMethods(json: unknown): Read<readonly string[]> {
  const read = parse(methods, json)
  return 'wrong' in read ? read : { value: read.value['import-methods'].value }
}

/** A project with which an image is shared. */
export interface Member {
  /** Id of a project; Glance takes any text for one. */
  readonly project: string
  readonly status: 'pending' | 'accepted' | 'rejected'
}

const members = z.object({
  members: z.array(
    z
      .object({ member_id: z.string(), status: z.enum(['pending', 'accepted', 'rejected']) })
      .transform(({ member_id, status }): Member => ({ project: member_id, status })),
  ),
})

export function readMembers(json: unknown): Read<readonly Member[]> {
  const read = parse(members, json)
  return 'wrong' in read ? read : { value: read.value.members }
}

/** How much of something a project has, and may have. */
export interface Share {
  readonly used: number
  readonly limit: number
}

/** Of what is limited. */
export interface Quota {
  readonly images?: Share | undefined
  readonly bytes?: Share | undefined
}

const share = z.object({ usage: z.int().min(0), limit: z.int() })
const usage = z.object({
  usage: z.object({ image_count_total: share.optional(), image_size_total: share.optional() }),
})

/** Sizes are in MiB there, and a limit of -1 is none. */
export function readQuota(json: unknown): Read<Quota> {
  const read = parse(usage, json)
  if ('wrong' in read) return read
  const { image_count_total: count, image_size_total: size } = read.value.usage
  return { value: { images: count && shareOf(count, 1), bytes: size && shareOf(size, 2 ** 20) } }
}

function shareOf({ usage, limit }: z.infer<typeof share>, unit: number): Share | undefined {
  return limit < 0 ? undefined : { used: usage * unit, limit: limit * unit }
}

const tasks = z.object({
  tasks: z.array(z.object({ status: z.string(), message: z.string().nullish(), created_at: z.string() })),
})

/** A task of Glance's, e.g. an import. */
export interface Task {
  readonly isRunning: boolean
  readonly message: string
}

/** Returns the newest task, if there is one. */
export function readNewestTask(json: unknown): Read<Task | undefined> {
  const read = parse(tasks, json)
  if ('wrong' in read) return read
  const newest = read.value.tasks.toSorted((a, b) => (a.created_at < b.created_at ? -1 : 1)).at(-1)
  return {
    value: newest && {
      isRunning: newest.status === 'pending' || newest.status === 'processing',
      message: newest.message ?? '',
    },
  }
}

function parse<Value>(schema: z.ZodType<Value>, json: unknown): Read<Value> {
  const { success, data, error } = schema.safeParse(json)
  if (success) return { value: data }
  const { path = [], message = '' } = error.issues[0] ?? {}
  return { wrong: `${path.length === 0 ? 'it' : path.join('.')}: ${message}` }
}
