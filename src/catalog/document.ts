import { isAlias } from 'yaml'
import { type Place, UpdaterError } from '../errors.ts'
import { Lines } from '../lines.ts'
import type { CatalogNode } from './nodes.ts'
import { type Fail, readWhole } from './whole.ts'

/** A syntactically right catalogue file: its nodes, and where they stand. Scalars are left as text. */
export interface CatalogDocument {
  readonly path: string
  readonly text: string
  readonly root: CatalogNode
  /** The node that an alias stands for; any other node as it is. */
  resolve(node: CatalogNode): CatalogNode
  /** Does an alias somewhere stand for this node? */
  isShared(node: CatalogNode): boolean
  place(offset: number): Place
  /** Offset of the first character of the line that holds `offset`. */
  lineStart(offset: number): number
}

/**
 * @throws UpdaterError CATALOG_SYNTAX: not YAML, several documents, duplicate keys, aliases without an
 * anchor, nesting deeper than 100
 */
export function openDocument(path: string, text: string): CatalogDocument {
  const { document, defects } = inspectDocument(path, text)
  if (defects[0] !== undefined) throw defects[0]
  return document
}

/** Everything for which `openDocument` would throw, and what can be read in spite of it. */
export interface InspectedDocument {
  /** Its `root` is `null` where the text is not YAML. */
  readonly document: CatalogDocument
  readonly defects: readonly UpdaterError[]
}

export function inspectDocument(path: string, text: string): InspectedDocument {
  const lines = new Lines(text)
  const place = (offset: number): Place => ({ file: path, ...lines.placeOf(offset) })
  const defects: UpdaterError[] = []
  const fail: Fail = (offset, message, remedy) => {
    defects.push(new UpdaterError('CATALOG_SYNTAX', message, { place: place(offset), remedy }))
  }
  const { root, targets, shared } = readWhole(text, fail)
  const document: CatalogDocument = {
    path,
    text,
    root,
    resolve: (node) => (isAlias(node) ? (targets.get(node) ?? null) : node),
    isShared: (node) => node !== null && shared.has(node),
    place,
    lineStart: (offset) => offset - (lines.placeOf(offset).column - 1),
  }
  return { document, defects }
}
