import { isMap, isScalar, isSeq } from 'yaml'
import { UpdaterError } from '../errors.ts'
import type { ImageVersion } from '../image.ts'
import type { CatalogDocument } from './document.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'

/** The keys of an image definition that the updater reads. */
const imageKeys = [
  'name',
  'shortname',
  'enable',
  'format',
  'min_disk',
  'multi',
  'latest_url',
  'latest_checksum_url',
  'meta',
  'versions',
] as const
const metaKeys = ['os_distro', 'os_version', 'architecture', 'uuid_validity'] as const

/** The keys of a version that the updater reads and writes, in the order in which it writes them. */
export const versionKeys = ['version', 'url', 'mirror_url', 'checksum', 'build_date'] as const
export type VersionKey = (typeof versionKeys)[number]

export function isVersionKey(key: unknown): key is VersionKey {
  return versionKeys.some((known) => known === key)
}

export type FieldKey = (typeof imageKeys)[number] | (typeof metaKeys)[number] | VersionKey | 'images'

const knownKeys: ReadonlySet<string> = new Set([...imageKeys, ...metaKeys, ...versionKeys, 'images'])
const maximumMerges = 32

export type Fields = ReadonlyMap<string, CatalogNode>

/**
 * The values of a mapping by key, those behind merge keys (`<<`) included; only the keys that the updater
 * knows, so that the work stays linear whatever is merged.
 */
export function createFieldReader(document: CatalogDocument): (map: CatalogMap) => Fields {
  const known = new Map<CatalogMap, Fields>()

  function read(map: CatalogMap, depth: number): Fields {
    const seen = known.get(map)
    if (seen !== undefined) return seen
    if (depth > maximumMerges) throw typeError(document, map, 'Merge keys (<<) are nested too deeply')
    const fields = ownFields(document, map)
    for (const source of mergedMaps(document, map)) {
      for (const [key, value] of read(source, depth + 1)) if (!fields.has(key)) fields.set(key, value)
    }
    // What no alias stands for is read once or twice: less work than to keep all of it.
    if (document.isShared(map)) known.set(map, fields)
    return fields
  }

  return (map) => read(map, 0)
}

export function isMergeKey(key: CatalogNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
}

function ownFields(document: CatalogDocument, map: CatalogMap): Map<string, CatalogNode> {
  const fields = new Map<string, CatalogNode>()
  for (const { key, value } of map.items) {
    if (isScalar(key) && knownKeys.has(String(key.value))) {
      fields.set(String(key.value), document.resolve(value))
    }
  }
  return fields
}

function mergedMaps(document: CatalogDocument, map: CatalogMap): CatalogMap[] {
  return map.items
    .filter(({ key }) => isMergeKey(key))
    .flatMap(({ value }) => {
      const source = document.resolve(value)
      const list = isSeq(source)
        ? source.items.map((item) => document.resolve(item as CatalogNode))
        : [source]
      return list.map((item) => {
        if (isMap(item)) return item as CatalogMap
        throw typeError(document, value, 'A merge key (<<) takes a mapping or a list of mappings')
      })
    })
}

export function typeError(
  document: CatalogDocument,
  node: CatalogNode,
  message: string,
  remedy?: string,
): UpdaterError {
  return new UpdaterError('CATALOG_TYPE', message, {
    place: document.place(node?.range[0] ?? 0),
    remedy: remedy ?? 'Correct the value in the catalogue file',
  })
}

/** `undefined` for what is no scalar. A final line break (block scalars) is left out. */
export function textOf(node: CatalogNode | undefined): string | undefined {
  if (!isScalar(node)) return undefined
  const text = String(node.value)
  return text.endsWith('\n') ? text.replace(/\n+$/, '') : text
}

/** Missing, empty, `~` or `null`. */
export function isNull(node: CatalogNode | undefined): boolean {
  if (node === null || node === undefined) return true
  return isScalar(node) && node.type === 'PLAIN' && /^(?:~|null|Null|NULL)?$/.test(String(node.value))
}

/** @throws UpdaterError CATALOG_TYPE: a value of the version is a list or a mapping */
export function readVersion(document: CatalogDocument, fields: Fields): ImageVersion {
  const text = (key: VersionKey) => {
    const node = fields.get(key)
    if (isNull(node)) return undefined
    const value = textOf(node)
    if (value === undefined) throw typeError(document, node ?? null, `"${key}" of a version is not text`)
    return value
  }
  return {
    version: text('version'),
    buildDate: text('build_date'),
    checksum: text('checksum'),
    url: text('url'),
    mirrorUrl: text('mirror_url'),
  }
}
