import { isAlias, isScalar } from 'yaml'
import { type CatalogNode, type CatalogPair, isList, ownPair } from './document.ts'
import { isPlainText } from './render.ts'

/** A key that is to hold something else than what stands there. */
interface PlannedKey {
  readonly key: string
  readonly content: string
}

/** The mappings of which a key is to change. */
type Planned = ReadonlyMap<CatalogNode, PlannedKey>

const nothing: Planned = new Map()

/**
 * The data of a node as a text that is equal for equal data, whatever its layout. Anchors and tags count, and so does
 * whether a scalar without quotes may be something else than text.
 */
export function contentOf(node: CatalogNode, planned = nothing): string {
  if (node === null) return 'null'
  if (isAlias(node)) return `*${JSON.stringify(node.source)}`
  const { anchor, tag } = node
  const properties = anchor === undefined && tag === undefined ? '' : JSON.stringify({ anchor, tag })
  if (isScalar(node)) {
    const text = String(node.value)
    return properties + contentOfScalar(text, node.type !== 'PLAIN' || isPlainText(text))
  }
  if (isList(node)) return properties + contentOfList(node.items.map((item) => contentOf(item, planned)))
  const plan = planned.get(node)
  const own = plan && ownPair(node, plan.key)
  const others = node.items.filter((pair) => pair !== own)
  return properties + contentOfMap(others, plan === undefined ? [] : [plan], planned)
}

export function contentOfScalar(text: string, isTextForCertain: boolean): string {
  return `${isTextForCertain ? '' : '~'}${JSON.stringify(text)}`
}

export function contentOfList(items: readonly string[]): string {
  return `[${items.join()}]`
}

/** @param more keys besides `pairs` */
export function contentOfMap(
  pairs: readonly CatalogPair[],
  more: readonly PlannedKey[],
  planned = nothing,
): string {
  const contents = [
    ...pairs.map(({ key, value }) => `${contentOf(key, planned)}:${contentOf(value, planned)}`),
    ...more.map(({ key, content }) => `${contentOfScalar(key, true)}:${content}`),
  ]
  return `{${contents.sort().join()}}`
}
