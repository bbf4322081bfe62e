import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { type Place, UpdaterError } from '../errors.ts'
import { parseYaml, type YamlFile } from '../yaml.ts'
import { DefectList } from './defects.ts'

/** A node of a catalogue file; `null` where nothing stands (`{key}`, an empty file). */
export type CatalogNode = ParsedNode | null
export type CatalogMap = YAMLMap.Parsed<ParsedNode, CatalogNode>
export type CatalogList = YAMLSeq.Parsed<ParsedNode>
export type CatalogPair = Pair<ParsedNode, CatalogNode>

export function isMapping(node: unknown): node is CatalogMap {
  return isMap(node)
}

export function isList(node: unknown): node is CatalogList {
  return isSeq(node)
}

/** The pair of a mapping itself; merge keys are not followed. */
export function ownPair(map: CatalogMap, key: string): CatalogPair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

/** Has the node an anchor or a tag? Other places may depend on what stands there. */
export function hasProperties(node: CatalogNode | undefined): boolean {
  return !isAlias(node) && (node?.anchor !== undefined || node?.tag !== undefined)
}

/** The nodes of a catalogue file and their places. Every scalar stays the text that it is. */
export class CatalogDocument {
  readonly path: string
  readonly text: string
  /** `null` also if the text is not YAML. */
  readonly root: CatalogNode
  readonly #defects = new DefectList()
  readonly #yaml: YamlFile
  /** The last node before an alias that has its anchor. */
  readonly #targets = new Map<Alias, ParsedNode>()
  readonly #shared = new Set<ParsedNode>()

  constructor(path: string, text: string) {
    this.path = path
    this.text = text
    // With `failsafe` every scalar is text. Keys are compared in `#index`, in linear time.
    const options = { schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false } as const
    this.#yaml = parseYaml(path, text, options)
    for (const { offset, message, remedy } of this.#yaml.errors) {
      this.#fail(offset, `Not valid YAML: ${message}`, remedy)
    }
    this.root = this.#yaml.document?.contents ?? null
    this.#index(this.root, new Map())
  }

  /**
   * CATALOG_SYNTAX: not YAML, several documents, a key twice in a mapping, an alias without an anchor, nesting deeper
   * than 100, too many values.
   */
  get defects(): readonly UpdaterError[] {
    return this.#defects.all
  }

  /** The node that an alias stands for, `undefined` if there is none; any other node as it is. */
  resolve(node: CatalogNode): CatalogNode | undefined {
    return isAlias(node) ? this.#targets.get(node) : node
  }

  /** Does an alias stand for the node? */
  isShared(node: CatalogNode): boolean {
    return node !== null && this.#shared.has(node)
  }

  /** Does an alias stand for the node, or for one within it? */
  isReferred(node: CatalogNode | undefined): boolean {
    const [start, end] = node?.range ?? [0, 0]
    return [...this.#shared].some(({ range }) => start <= range[0] && range[0] < end)
  }

  place(offset: number): Required<Place> {
    return this.#yaml.place(offset)
  }

  /** Characters between the start of the line and `offset`. */
  column(offset: number): number {
    return this.place(offset).column - 1
  }

  #index(node: CatalogNode, anchors: Map<string, ParsedNode>): void {
    if (node === null) return
    if (isAlias(node)) this.#follow(node, anchors)
    else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isList(node)) for (const item of node.items) this.#index(item, anchors)
    if (!isMapping(node)) return
    const keys = new Set<string>()
    for (const { key, value } of node.items) {
      if (isScalar(key)) {
        const name = String(key.value)
        if (keys.has(name)) {
          this.#fail(key.range[0], `The key "${name}" stands twice in the same mapping`, 'Remove one of them')
        }
        keys.add(name)
      }
      this.#index(key, anchors)
      this.#index(value, anchors)
    }
  }

  #follow(alias: Alias.Parsed, anchors: ReadonlyMap<string, ParsedNode>): void {
    const target = anchors.get(alias.source)
    if (target === undefined) {
      this.#fail(alias.range[0], `The alias *${alias.source} has no anchor before it`)
    } else {
      this.#targets.set(alias, target)
      this.#shared.add(target)
    }
  }

  #fail(offset: number, message: string, remedy = 'Correct the file, e.g. with the help of yamllint'): void {
    this.#defects.add(
      () => new UpdaterError('CATALOG_SYNTAX', message, { place: this.place(offset), remedy }),
    )
  }
}

/** @throws UpdaterError CATALOG_SYNTAX: the first defect of the document */
export function openDocument(path: string, text: string): CatalogDocument {
  const document = new CatalogDocument(path, text)
  if (document.defects[0] !== undefined) throw document.defects[0]
  return document
}
