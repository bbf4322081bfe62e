import { createHash } from 'node:crypto'

/** An image's record as Glance 25 shows it (API 2.15). */
export interface FakeRecord {
  id: string
  name: string | null
  status: string
  visibility: string
  os_hidden: boolean
  protected: boolean
  owner: string | null
  size: number | null
  virtual_size: number | null
  min_disk: number
  min_ram: number
  disk_format: string | null
  container_format: string | null
  tags: string[]
  checksum: string | null
  os_hash_algo: string | null
  os_hash_value: string | null
  created_at: string
  updated_at: string
  /** Anybody's properties. */
  [key: string]: unknown
}

/** A refusal: what Glance says in its two places. */
export class Refusal extends Error {
  readonly status: number
  /** Glance puts its own words behind the title's explanation, or in its place. */
  readonly explanation: string
  readonly detail: string

  constructor(status: number, explanation: string, detail = '') {
    super(explanation)
    this.status = status
    this.explanation = explanation
    this.detail = detail
  }
}

const base = ['id', 'name', 'visibility', 'os_hidden', 'protected', 'owner', 'min_disk', 'min_ram']
const writable = new Set([...base, 'disk_format', 'container_format', 'tags'])
const readOnly = new Set(
  'status size virtual_size checksum file self schema stores direct_url created_at updated_at os_hash_algo os_hash_value'.split(
    ' ',
  ),
)
const reserved = /^(?:os_glance_|deleted$|deleted_at$|location$|locations$)/
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const visibilities = ['community', 'public', 'private', 'shared']
const mostProperties = 128

/** The keys of a record that are somebody's own. */
export function propertiesOf(record: FakeRecord): [string, string][] {
  return Object.entries(record).filter(
    (entry): entry is [string, string] =>
      !writable.has(entry[0]) && !readOnly.has(entry[0]) && typeof entry[1] === 'string',
  )
}

/** @throws Refusal as Glance refuses the body of `POST /v2/images` */
export function newRecord(
  asked: Record<string, unknown>,
  id: string,
  owner: string | null,
  now: Date,
): FakeRecord {
  for (const key of Object.keys(asked)) assertMayWrite(key, 'in a create')
  const record: FakeRecord = {
    name: null,
    status: 'queued',
    visibility: 'shared',
    os_hidden: false,
    protected: false,
    owner,
    size: null,
    virtual_size: null,
    min_disk: 0,
    min_ram: 0,
    disk_format: null,
    container_format: null,
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    created_at: written(now),
    updated_at: written(now),
    ...structuredClone(asked),
    id,
    tags: [...new Set((asked.tags as string[] | undefined) ?? [])],
  }
  assertSchema(asked)
  assertLimits(record)
  return record
}

interface Operation {
  readonly op: string
  readonly path: string
  readonly value?: unknown
}

/** Returns the record after a PATCH, all of it or none. @throws Refusal */
export function patchedRecord(record: FakeRecord, operations: readonly Operation[], now: Date): FakeRecord {
  const next: FakeRecord = { ...record, updated_at: written(now) }
  for (const { op, path, value } of operations) {
    const key = path.replace(/^\//, '').replaceAll('~1', '/').replaceAll('~0', '~')
    assertMayWrite(key, 'in a patch')
    const isBase = writable.has(key)
    if (key === 'id') throw new Refusal(403, "Attribute 'id' is read-only.")
    if (op !== 'add' && !isBase && !(key in next)) {
      throw new Refusal(409, conflict, `Property ${key} does not exist.`)
    }
    if (op === 'remove') {
      if (isBase) throw new Refusal(403, denied, `Property ${key} may not be removed.`)
      delete next[key]
      continue
    }
    if (/^(disk|container)_format$/.test(key) && !['queued', 'importing'].includes(record.status)) {
      throw new Refusal(403, `Attribute ${key} can be only replaced for a queued image.`)
    }
    assertSchema({ [key]: value })
    next[key] = key === 'tags' ? [...new Set(value as string[])] : value
  }
  assertLimits(next)
  return next
}

const conflict = 'There was a conflict when trying to complete your request.'
const denied = 'Access was denied to this resource.'

function assertMayWrite(key: string, where: 'in a create' | 'in a patch'): void {
  if (readOnly.has(key)) throw new Refusal(403, `Attribute '${key}' is read-only.`)
  if (!reserved.test(key)) return
  const words = `Attribute '${key}' is reserved.`
  throw where === 'in a create' ? new Refusal(403, denied, words) : new Refusal(403, words)
}

function assertSchema(asked: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(asked)) {
    const wrong = violation(key, value)
    if (wrong === undefined) continue
    throw new Refusal(
      400,
      `Provided object does not match schema 'image': ${wrong}\n\nFailed validating\n\nOn instance['${key}']:\n    ${JSON.stringify(value)}`,
    )
  }
}

function violation(key: string, value: unknown): string | undefined {
  const shown = typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
  const type = typeOf[key] ?? 'string'
  if (value === null && nullable.has(key)) return undefined
  if (!isOfType[type](value)) return `${shown} is not of type '${type}'`
  const rule = key === 'id' || key === 'visibility' || key === 'name' ? rules[key] : undefined
  if (rule !== undefined && !rule(String(value))) return `${shown} does not match the rule of ${key}`
  if (key.length > 255) return `${shown} is too long`
  return typeof value === 'string' && /[\u{10000}-\u{10ffff}]/u.test(value) ? 'Invalid unicode' : undefined
}

const typeOf: Readonly<Record<string, 'array' | 'boolean' | 'integer'>> = {
  tags: 'array',
  os_hidden: 'boolean',
  protected: 'boolean',
  min_disk: 'integer',
  min_ram: 'integer',
}
const nullable = new Set(['name', 'owner', 'disk_format', 'container_format'])
const isOfType = {
  array: (value: unknown) =>
    Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag.length <= 255),
  boolean: (value: unknown) => typeof value === 'boolean',
  integer: (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31,
  string: (value: unknown) => typeof value === 'string',
}
const rules = {
  id: (text: string) => uuid.test(text),
  visibility: (text: string) => visibilities.includes(text),
  name: (text: string) => text.length <= 255,
}

function assertLimits(record: FakeRecord): void {
  const counts = { properties: propertiesOf(record).length, tags: record.tags.length }
  for (const [kind, count] of Object.entries(counts)) {
    if (count > mostProperties) throw tooMany(kind, count)
  }
}

export function tooMany(kind: string, count: number): Refusal {
  return new Refusal(
    413,
    `The limit has been exceeded on the number of allowed image ${kind}. Attempted: ${count}, Maximum: ${mostProperties}`,
  )
}

/** Glance's form of a time: whole seconds. */
export function written(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** What Glance records of stored bytes. */
export function measured(
  bytes: Uint8Array,
): Pick<FakeRecord, 'size' | 'virtual_size' | 'checksum' | 'os_hash_algo' | 'os_hash_value'> {
  return {
    size: bytes.length,
    virtual_size: bytes.length,
    checksum: createHash('md5').update(bytes).digest('hex'),
    os_hash_algo: 'sha512',
    os_hash_value: createHash('sha512').update(bytes).digest('hex'),
  }
}

/**
 * Returns one page of a list, and the path of the next one: without a gateway's prefix, and with the last tag alone.
 * @throws Refusal
 */
export function pageOf(
  visible: readonly FakeRecord[],
  query: URLSearchParams,
  mostOfPage: number,
): { readonly images: readonly FakeRecord[]; readonly next: string | undefined } {
  const found = visible
    .filter((record) => [...query].every(([key, value]) => meets(record, key, value)))
    .filter((record) => record.os_hidden === (query.get('os_hidden')?.toLowerCase() === 'true'))
  const newestFirst = found.toSorted(
    (a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id),
  )
  const limit = Math.min(Number(query.get('limit') ?? 25), mostOfPage)
  const marker = query.get('marker')
  const at = newestFirst.findIndex(({ id }) => id === marker)
  if (marker !== null && at === -1 && !visible.some(({ id }) => id === marker)) {
    throw new Refusal(400, `No image found with ID ${marker}`)
  }
  const images = newestFirst.slice(at + 1, at + 1 + limit)
  const last = images.at(-1)
  if (last === undefined || images.length < limit) return { images, next: undefined }
  const next = new URLSearchParams(Object.fromEntries(query))
  next.set('marker', last.id)
  return { images, next: `/v2/images?${next}` }
}

const paging = new Set([
  'limit',
  'marker',
  'os_hidden',
  'visibility',
  'sort',
  'sort_key',
  'sort_dir',
  'member_status',
])

function meets(record: FakeRecord, key: string, value: string): boolean {
  if (paging.has(key)) return true
  if (key === 'tag') return record.tags.includes(value)
  const own = String(record[key] ?? '')
  if (!['name', 'status', 'id', 'disk_format', 'container_format'].includes(key)) return own === value
  const [, operator, rest = value] = /^([^:]*):(.*)$/s.exec(value) ?? []
  if (operator === undefined || operator === 'eq') return own === rest
  if (operator === 'in') return rest.split(',').includes(own)
  throw new Refusal(400, `Unable to filter by unknown operator '${operator}'.`)
}
