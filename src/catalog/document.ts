import { type Alias, Composer, isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml'
import { type Place, UpdaterError } from '../errors.ts'
import { countLines, maximumDepth, tokensOf } from '../yaml-tokens.ts'
import { readPlain } from './plain.ts'

/** A node of a catalogue file; `null` where nothing stands (`{key}`, an empty file). */
export type CatalogNode = ParsedNode | null
export type CatalogMap = YAMLMap.Parsed<ParsedNode, CatalogNode>

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
  const lines = countLines(text)
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file: path, line, column: col }
  }
  const defects: UpdaterError[] = []
  const fail: Fail = (offset, message, remedy) => {
    defects.push(new UpdaterError('CATALOG_SYNTAX', message, { place: place(offset), remedy }))
  }
  const plain = readPlain(text)
  const root = plain ?? compose(text, fail)
  const { targets, shared } = plain === undefined ? indexNodes(root, fail) : nothingShared
  const document: CatalogDocument = {
    path,
    text,
    root,
    resolve: (node) => (isAlias(node) ? (targets.get(node) ?? null) : node),
    isShared: (node) => node !== null && shared.has(node),
    place,
    lineStart: (offset) => offset - (lines.linePos(offset).col - 1),
  }
  return { document, defects }
}

/** Plain YAML has no aliases. */
const nothingShared = { targets: new Map<Alias, ParsedNode>(), shared: new Set<ParsedNode>() }

type Fail = (offset: number, message: string, remedy: string) => void

const syntaxRemedy = 'Correct the file, e.g. with the help of yamllint'

/** `null` for what is no YAML, or nested too deeply to be looked at. */
function compose(text: string, fail: Fail): CatalogNode {
  let broken = false
  const give = (offset: number, message: string) => {
    broken = true
    fail(Math.min(offset, text.length), message, syntaxRemedy)
  }
  const tooDeep = (offset: number) => give(offset, `The YAML is nested deeper than ${maximumDepth} levels`)
  // With `failsafe` every scalar stays the text that it is; keys are checked in `indexNodes`, in linear time.
  const composer = new Composer({ schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false })
  const documents = [...composer.compose(tokensOf(text, tooDeep), true, text.length)]
  if (broken) return null
  for (const { errors } of documents) {
    for (const { pos, message } of errors) give(pos[0], `Not valid YAML: ${message}`)
  }
  const [first, second] = documents
  if (second !== undefined) {
    fail(
      second.range[0],
      'The file holds more than one YAML document',
      'Put each document into a file of its own',
    )
  }
  return broken ? null : ((first?.contents ?? null) as CatalogNode)
}

/** Which node each alias stands for: the last one before it with its anchor. */
function indexNodes(root: CatalogNode, fail: Fail) {
  const anchors = new Map<string, ParsedNode>()
  const targets = new Map<Alias, ParsedNode>()
  const shared = new Set<ParsedNode>()

  function visit(node: CatalogNode): void {
    if (node === null) return
    if (isAlias(node)) visitAlias(node)
    else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isSeq(node)) for (const item of node.items) visit(item)
    else if (isMap(node)) visitMap(node as CatalogMap)
  }

  function visitAlias(alias: Alias.Parsed): void {
    const target = anchors.get(alias.source)
    if (target === undefined) {
      fail(alias.range[0], `The alias *${alias.source} has no anchor before it`, syntaxRemedy)
    } else {
      targets.set(alias, target)
      shared.add(target)
    }
  }

  function visitMap(map: CatalogMap): void {
    const keys = new Set<string>()
    for (const { key, value } of map.items) {
      if (isScalar(key)) {
        const name = String(key.value)
        if (keys.has(name))
          fail(key.range[0], `The key "${name}" stands twice in the same mapping`, 'Remove one of them')
        keys.add(name)
      }
      visit(key)
      visit(value)
    }
  }

  visit(root)
  return { targets, shared }
}
