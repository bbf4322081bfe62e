import { printable } from '../errors.ts'
import { formatDigest, type ImageFormat } from '../image.ts'
import type { DefinedVersion, Definition } from './definition.ts'
import type { CloudImage, PatchOperation, Visibility } from './image.ts'
import { formatWritten, isMark, marks, writtenOf } from './marks.ts'
import { isSnapshot } from './match.ts'
import { finalName, longestName, versionName } from './names.ts'

/** An image's record as it is to be. */
export interface WantedRecord {
  readonly name: string
  readonly diskFormat: ImageFormat
  readonly containerFormat: string
  /** GiB; an image that is larger needs more. */
  readonly minDisk: number
  /** MiB. */
  readonly minRam: number
  readonly properties: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  readonly visibility: Visibility
  readonly isHidden: boolean
  /** False: nobody can boot it. */
  readonly isActive: boolean
}

/** The record of a version, with the properties that OpenStack Image Manager gives it. @param tag that of all of ours */
export function recordOf(
  definition: Definition,
  version: DefinedVersion,
  { tag, isNewest }: { readonly tag: string; readonly isNewest: boolean },
): WantedRecord {
  const { image, meta } = definition
  const { os_distro: distribution } = { ...meta, ...version.meta }
  const { format } = image
  return {
    name: finalName(definition, version, isNewest),
    diskFormat: format,
    // Glance takes the kernel formats only if both formats are the same.
    containerFormat: ['aki', 'ari', 'ami'].includes(format) ? format : 'bare',
    minDisk: definition.minDisk,
    minRam: definition.minRam,
    properties: propertiesOf(definition, version),
    tags: [...new Set([...definition.tags, tag, ...(distribution ? [`os:${distribution}`] : [])])],
    visibility: version.visibility ?? definition.visibility,
    isHidden: version.isHidden,
    isActive: definition.isActive,
  }
}

/** What is more special goes over what is less. */
function propertiesOf(definition: Definition, version: DefinedVersion): Record<string, string> {
  const { image, meta, multi, login } = definition
  const released = version.osVersion ?? (multi ? undefined : version.version)
  const properties = {
    image_description: image.name,
    image_name: image.name,
    ...meta,
    internal_version: version.internalVersion ?? version.version,
    image_original_user: login,
    image_source: sourceOf(version),
    image_build_date: version.buildDate,
    ...(released !== undefined && { os_version: released }),
    ...(version.description !== undefined && { image_description: version.description }),
    ...(version.version === 'latest' && { upstream_checksum: version.digest?.hex }),
    ...version.meta,
  }
  const given = Object.entries(properties).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return Object.fromEntries(given)
}

/** Of a file of this machine its name alone: its folder is nobody else's business. */
function sourceOf({ source, url, mirrorUrl }: DefinedVersion): string | undefined {
  if (source !== undefined) return source
  const text = url ?? mirrorUrl
  return text?.startsWith('file:')
    ? `file:${text.slice(text.lastIndexOf('/') + 1).replace(/^file:/, '')}`
    : text
}

/** Names that Glance keeps to itself, or takes for something else than a property (Image API v2.15). */
const reserved =
  /^(?:os_hash|os_glance_|owner_specified\.|image_updater_|(?:locations?|stores?|self|schema|file|direct_url|id|name|status|visibility|size|virtual_size|checksum|created_at|updated_at|deleted|deleted_at|tags|owner|protected|os_hidden|min_disk|min_ram|disk_format|container_format)$)/

/**
 * Attributes of Glance's own objects: a change of a property of that name sets the attribute instead. With `image_id` it
 * goes to the image of that id (`ImagesController._do_add` in `glance/api/v2/images.py`).
 */
const attributes =
  /^(?:_.*|added_new_properties|base|context|db_api|deactivate|delete|extra_properties|get_(?:data|payload|super_class)|helper|image|image_id|member|notifier|orig_props|property_rules|reactivate|repo|send_notification|set_data|store_api|store_utils|valid_state_targets)$/

/** OpenStack's SDK expects a mapping there: its clients can list no image where one has a text. */
const structures = /^metadata$/

function isTaken(key: string): boolean {
  return [reserved, attributes, structures].some((names) => names.test(key))
}

/** Those that are numbers to OpenStack's SDK (`openstack/image/v2/image.py`); with any other text it fails likewise. */
const numbers =
  /^(?:hw_cpu_(?:cores|sockets|threads)|hw_serial_port_count|hw_video_ram|os_shutdown_timeout|instance_type_rxtx_factor)$/

function isNoNumber([key, value]: readonly [string, string]): boolean {
  const form = key === 'instance_type_rxtx_factor' ? /^\d+(?:\.\d+)?$/ : /^\d+$/
  return numbers.test(key) && !form.test(value)
}

/** The properties, and the tags, that an image may have in Glance where its operator has not chosen otherwise. */
const most = 128
/** Glance's own that stand among the properties, e.g. `stores`. */
const others = 4
/** Bytes of a property's value that its database takes. */
const longestValue = 65_535

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** What Glance would refuse of a record, or take for something else, in sentences without a final full stop. */
export function findLimits(definition: Definition, record: WantedRecord, version: DefinedVersion): string[] {
  const keys = Object.keys(record.properties)
  const names = [record.name, `${versionName(definition, version.version)} 12345678`]
  const room = most - Object.keys(marks).length - others
  const tooLong = (texts: readonly string[]) => texts.filter((text) => [...text].length > longestName)
  const written = formatWritten({ properties: keys, tags: record.tags })
  const texts = [...names, ...record.tags, ...Object.entries(record.properties).flat()]
  const longValues = [...Object.entries(record.properties), [marks.keys, written] as const].filter(
    ([, value]) => Buffer.byteLength(value) > longestValue,
  )
  return [
    ...tooLong(names.slice(0, 2))
      .map((name) => `The name "${name}" has more than ${longestName} characters`)
      .slice(0, 1),
    ...tooLong(record.tags).map((tag) => `The tag "${tag}" has more than ${longestName} characters`),
    ...tooLong(keys).map((key) => `The property "${key}" has a name of more than ${longestName} characters`),
    ...keys.filter((key) => key === '').map(() => 'A property has no name'),
    ...record.tags.filter((tag) => tag === '').map(() => 'A tag is empty'),
    ...keys.filter(isTaken).map((key) => `The property "${key}" is not free to be used`),
    ...(isSnapshot(record)
      ? ['The properties are those of a snapshot of a server, which is never ours']
      : []),
    ...Object.entries(record.properties)
      .filter(isNoNumber)
      .map(([key]) => `The property "${key}" is not a number`),
    ...['kernel_id', 'ramdisk_id']
      .filter((key) => Object.hasOwn(record.properties, key) && !uuid.test(record.properties[key] ?? ''))
      .map((key) => `The property "${key}" is not the id of an image`),
    ...(keys.length > room ? [`There are ${keys.length} properties, and there is room for ${room}`] : []),
    ...(record.tags.length > most
      ? [`There are ${record.tags.length} tags, and there is room for ${most}`]
      : []),
    ...longValues.map(([key]) => `The property "${key}" has more than ${longestValue} bytes`),
    ...texts
      .filter((text) => /[\0\ud800-\udfff]/.test(text))
      .slice(0, 1)
      .map((text) => `"${text}" has a character that Glance does not take`),
    ...[record.name, ...record.tags, ...keys]
      .filter((text) => printable(text) !== text)
      .slice(0, 1)
      .map((text) => `"${printable(text)}" has a character that terminals obey`),
  ]
}

/** What of an image has to change, and the words for it. */
export interface Difference {
  readonly operations: readonly PatchOperation[]
  /** E.g. `min_disk`, `the property os_version`. */
  readonly what: readonly string[]
}

export const noDifference: Difference = { operations: [], what: [] }

/** The operation that gives an image a property, whatever it has. */
export function setProperty(key: string, value: string): PatchOperation {
  return { op: 'add', path: pathOf(key), value }
}

export function removeProperty(key: string): PatchOperation {
  return { op: 'remove', path: pathOf(key) }
}

function pathOf(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** What an image is given that its definition does not say. */
export interface Evidence {
  /** The definition's name. */
  readonly definition: string
  /** The image is of these bytes, which was proven. */
  readonly version?: DefinedVersion | undefined
}

/** What makes an image's record the one that is wanted, but for its name, its visibility and whether it is hidden. */
export function describingDifference(
  image: CloudImage,
  record: WantedRecord,
  evidence: Evidence,
): Difference {
  return join(
    compareBase('min_disk', image.minDisk, leastDisk(image, record)),
    compareBase('min_ram', image.minRam, record.minRam),
    compareProperties(image, record),
    compareMarks(image, record, evidence),
  )
}

/** The same, and its name, visibility and tags: what users see of it from then on. */
export function wholeDifference(image: CloudImage, record: WantedRecord, evidence: Evidence): Difference {
  return join(
    compareBase('name', image.name, record.name),
    compareBase('visibility', image.visibility, record.visibility),
    compareBase('os_hidden', image.isHidden, record.isHidden),
    describingDifference(image, record, evidence),
    compareTags(image, record),
    removed(image, [marks.journal, ...(record.isHidden ? [] : [marks.hiddenAt])]),
  )
}

function compareBase(key: string, is: unknown, wanted: unknown): Difference {
  return is === wanted
    ? noDifference
    : { operations: [{ op: 'replace', path: `/${key}`, value: wanted }], what: [key] }
}

/** GiB. */
function leastDisk({ size = 0 }: CloudImage, { minDisk }: WantedRecord): number {
  return Math.max(minDisk, Math.ceil(size / 2 ** 30))
}

/** What we wrote and the catalogue no longer has is removed; what others wrote stays. */
function compareProperties(image: CloudImage, { properties }: WantedRecord): Difference {
  const changed = Object.entries(properties).filter(([key, value]) => image.properties[key] !== value)
  const gone = (writtenOf(image)?.properties ?? []).filter(
    (key) => !Object.hasOwn(properties, key) && Object.hasOwn(image.properties, key) && !isMark(key),
  )
  return {
    operations: [...changed.map(([key, value]) => setProperty(key, value)), ...gone.map(removeProperty)],
    what: [...changed.map(([key]) => key), ...gone],
  }
}

function compareTags(image: CloudImage, { tags }: WantedRecord): Difference {
  const gone = new Set((writtenOf(image)?.tags ?? []).filter((tag) => !tags.includes(tag)))
  const wanted = [...new Set([...image.tags.filter((tag) => !gone.has(tag)), ...tags])]
  const isSame = wanted.length === image.tags.length && wanted.every((tag) => image.tags.includes(tag))
  return isSame
    ? noDifference
    : { operations: [{ op: 'replace', path: '/tags', value: wanted }], what: ['tags'] }
}

/** Our own marks: users need not be told of them. */
function compareMarks(
  image: CloudImage,
  record: WantedRecord,
  { definition, version }: Evidence,
): Difference {
  const { hash } = image
  const wanted: [string, string | undefined][] = [
    [marks.definition, definition],
    [marks.keys, formatWritten({ properties: Object.keys(record.properties), tags: record.tags })],
    ...(version?.digest === undefined
      ? []
      : ([
          [marks.checksum, formatDigest(version.digest)],
          [marks.hash, hash && `${hash.algorithm}:${hash.hex}`],
        ] as [string, string | undefined][])),
  ]
  const operations = wanted.flatMap(([key, value]) =>
    value === undefined || image.properties[key] === value ? [] : [setProperty(key, value)],
  )
  return { operations, what: [] }
}

function removed(image: CloudImage, keys: readonly string[]): Difference {
  const there = keys.filter((key) => Object.hasOwn(image.properties, key))
  return { operations: there.map(removeProperty), what: [] }
}

function join(...differences: readonly Difference[]): Difference {
  return {
    operations: differences.flatMap(({ operations }) => operations),
    what: differences.flatMap(({ what }) => what),
  }
}
