import { isScalar } from 'yaml'
import { type CatalogDocument, type CatalogMap, type CatalogNode, isList, isMapping } from './document.ts'

/** A key of a mapping and what stands there. */
export interface Field {
  readonly key: CatalogNode
  /** Aliases are followed. `undefined`: an alias without an anchor. */
  readonly value: CatalogNode | undefined
}

export type Fields = ReadonlyMap<string, Field>

export type FieldProblem = 'key is not text' | 'merge is no mapping' | 'merges too deep'

/** Is told what keeps a part of a mapping from being read. */
export type FieldReport = (problem: FieldProblem, offset: number, message: string) => void

const maximumMerges = 32

/**
 * Reads mappings with what merge keys (`<<`) bring into them. A reader that wants few keys takes time that is
 * linear in the length of the file, whatever is merged.
 */
export class FieldReader {
  readonly #document: CatalogDocument
  readonly #report: FieldReport
  readonly #wanted: ReadonlySet<string> | undefined
  readonly #known = new Map<CatalogMap, Fields>()
  readonly #open = new Set<CatalogMap>()

  /** @param wanted the keys that are read; default: all */
  constructor(document: CatalogDocument, report: FieldReport, wanted?: ReadonlySet<string>) {
    this.#document = document
    this.#report = report
    this.#wanted = wanted
  }

  read(map: CatalogMap): Fields {
    const known = this.#known.get(map)
    if (known !== undefined) return known
    if (this.#open.has(map) || this.#open.size > maximumMerges) {
      this.#report('merges too deep', map.range[0], 'Merge keys (<<) are nested too deeply')
      return new Map()
    }
    this.#open.add(map)
    const fields = this.#ownFields(map)
    for (const { key, value } of map.items) {
      if (!isMergeKey(key)) continue
      for (const source of this.#sources(value)) {
        for (const [name, field] of this.read(source)) if (!fields.has(name)) fields.set(name, field)
      }
    }
    this.#open.delete(map)
    this.#known.set(map, fields)
    return fields
  }

  #ownFields(map: CatalogMap): Map<string, Field> {
    const fields = new Map<string, Field>()
    for (const { key, value } of map.items) {
      if (!isScalar(key)) this.#report('key is not text', key.range[0], 'A key is not text')
      else if (!isMergeKey(key) && this.#wanted?.has(String(key.value)) !== false) {
        fields.set(String(key.value), { key, value: this.#document.resolve(value) })
      }
    }
    return fields
  }

  /** An alias without an anchor is a defect of the document, and told there. */
  #sources(value: CatalogNode): CatalogMap[] {
    const source = this.#document.resolve(value)
    const items = isList(source) ? source.items.map((item) => this.#document.resolve(item)) : [source]
    if (items.some((item) => item !== undefined && !isMapping(item))) {
      const message = 'A merge key (<<) takes a mapping or a list of mappings'
      this.#report('merge is no mapping', value?.range[0] ?? 0, message)
    }
    return items.filter(isMapping)
  }
}

export function isMergeKey(key: CatalogNode): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.value === '<<'
}

/** `undefined` if it is no scalar. The final line breaks of a block scalar are left out. */
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
