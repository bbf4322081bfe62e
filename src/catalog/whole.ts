import { type Alias, Composer, isAlias, isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import { maximumDepth, tokensOf } from '../yaml-tokens.ts'
import type { CatalogMap, CatalogNode, Nodes } from './nodes.ts'

/** Is told what makes a text no catalogue. */
export type Fail = (offset: number, message: string, remedy: string) => void

/** Reads all of YAML, by the whole parser. */
export function readWhole(text: string, fail: Fail): Nodes {
  const root = compose(text, fail)
  return { root, ...indexNodes(root, fail) }
}

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
