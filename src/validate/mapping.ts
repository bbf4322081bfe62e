import { isMap, isScalar, isSeq } from 'yaml'
import type { CatalogDocument } from '../catalog/document.ts'
import { isMergeKey } from '../catalog/fields.ts'
import type { CatalogMap, CatalogNode } from '../catalog/nodes.ts'
import type { Report } from './rules.ts'

/** A key of a mapping and what stands there, aliases followed. */
export interface Field {
  readonly key: CatalogNode
  /** `undefined`: an alias that stands for nothing. */
  readonly value: CatalogNode | undefined
}

export type Mapping = ReadonlyMap<string, Field>

const maximumMerges = 32

/** Reads mappings, merge keys (`<<`) included, and reports those that cannot be followed. */
export function createMappingReader(document: CatalogDocument, report: Report): (map: CatalogMap) => Mapping {
  const known = new Map<CatalogMap, Mapping>()

  function read(map: CatalogMap, depth: number): Mapping {
    const seen = known.get(map)
    if (seen !== undefined) return seen
    const fields = new Map<string, Field>()
    known.set(map, fields)
    const sources: CatalogMap[] = []
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) sources.push(...mergedMaps(value))
      else if (isScalar(key)) fields.set(String(key.value), { key, value: resolved(document, value) })
      else report('unknown-key', document.place(key?.range[0] ?? map.range[0]), 'A key is not text')
    }
    for (const source of sources) {
      if (depth === maximumMerges) {
        report('syntax', document.place(map.range[0]), 'Merge keys (<<) are nested too deeply')
        break
      }
      for (const [name, field] of read(source, depth + 1)) if (!fields.has(name)) fields.set(name, field)
    }
    return fields
  }

  function mergedMaps(value: CatalogNode): CatalogMap[] {
    const source = resolved(document, value)
    const items = isSeq(source)
      ? source.items.map((item) => resolved(document, item as CatalogNode))
      : [source]
    return items.flatMap((item) => {
      if (item === undefined) return []
      if (isMap(item)) return [item as CatalogMap]
      report(
        'wrong-type',
        document.place(value?.range[0] ?? 0),
        'A merge key (<<) takes a mapping or a list of mappings',
      )
      return []
    })
  }

  return (map) => read(map, 0)
}

export function resolved(document: CatalogDocument, node: CatalogNode): CatalogNode | undefined {
  const target = document.resolve(node)
  return target === null && node !== null ? undefined : target
}
