import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml'
import { type Place, UpdaterError } from '../errors.ts'

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

/** Collections within collections; real catalogues have 6. */
const maximumDepth = 100

/**
 * @throws UpdaterError CATALOG_SYNTAX: not YAML, several documents, duplicate keys, aliases without an
 * anchor, nesting deeper than 100
 */
export function openDocument(path: string, text: string): CatalogDocument {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1)
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file: path, line, column: col }
  }
  const fail: Fail = (offset, message, remedy) => {
    throw new UpdaterError('CATALOG_SYNTAX', message, { place: place(offset), remedy })
  }
  const root = compose(text, fail)
  const { targets, shared } = indexNodes(root, fail)
  return {
    path,
    text,
    root,
    resolve: (node) => (isAlias(node) ? (targets.get(node) ?? null) : node),
    isShared: (node) => node !== null && shared.has(node),
    place,
    lineStart: (offset) => offset - (lines.linePos(offset).col - 1),
  }
}

type Fail = (offset: number, message: string, remedy: string) => never

const syntaxRemedy = 'Correct the file, e.g. with the help of yamllint'

function compose(text: string, fail: Fail): CatalogNode {
  // With `failsafe` every scalar stays the text that it is; keys are checked in `indexNodes`, in linear time.
  const composer = new Composer({ schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false })
  const documents = [...composer.compose(tokensOf(text, fail), true, text.length)]
  const [first, second] = documents
  for (const { errors } of documents) {
    const error = errors[0]
    if (error !== undefined)
      fail(Math.min(error.pos[0], text.length), `Not valid YAML: ${error.message}`, syntaxRemedy)
  }
  if (second !== undefined) {
    fail(
      second.range[0],
      'The file holds more than one YAML document',
      'Put each document into a file of its own',
    )
  }
  return (first?.contents ?? null) as CatalogNode
}

function* tokensOf(text: string, fail: Fail): Generator<CST.Token> {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    if (parser.stack.length > maximumDepth) {
      fail(parser.offset, `The YAML is nested deeper than ${maximumDepth} levels`, syntaxRemedy)
    }
  }
  yield* parser.end()
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
