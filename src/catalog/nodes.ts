import type { Alias, ParsedNode, YAMLMap } from 'yaml'

/** A node of a catalogue file; `null` where nothing stands (`{key}`, an empty file). */
export type CatalogNode = ParsedNode | null
export type CatalogMap = YAMLMap.Parsed<ParsedNode, CatalogNode>

/** What a catalogue file holds, and what its aliases stand for. */
export interface Nodes {
  /** `null` for what is no YAML. */
  readonly root: CatalogNode
  readonly targets: ReadonlyMap<Alias, ParsedNode>
  /** The nodes that an alias stands for. */
  readonly shared: ReadonlySet<ParsedNode>
}
