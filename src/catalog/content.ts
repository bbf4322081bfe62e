import { isAlias, isScalar } from 'yaml'
import { type CatalogMap, type CatalogNode, type CatalogPair, isList, ownPair } from './document.ts'
import { isPlainText } from './render.ts'

/** What nodes are to hold instead of what stands there. */
type Planned = ReadonlyMap<CatalogNode, string>

const nothing: Planned = new Map()

/**
 * The data of a node as a text that is equal for equal data, whatever its layout. Anchors and tags count, and so does
 * whether a scalar without quotes may be something else than text.
 */
export function contentOf(node: CatalogNode, planned = nothing): string {
  const content = planned.get(node)
  if (content !== undefined) return content
  if (node === null) return 'null'
  if (isAlias(node)) return `*${JSON.stringify(node.source)}`
  if (isScalar(node)) {
    const text = String(node.value)
    return propertiesOf(node) + contentOfScalar(text, node.type !== 'PLAIN' || isPlainText(text))
  }
  if (isList(node))
    return propertiesOf(node) + contentOfList(node.items.map((item) => contentOf(item, planned)))
  return propertiesOf(node) + contentOfMap(node.items.map((pair) => contentOfPair(pair, planned)))
}

/** The content of a mapping some of whose keys hold something else; `null`: the key is not there. */
export function contentWith(
  map: CatalogMap | undefined,
  changes: ReadonlyMap<string, string | null>,
): string {
  const others = map?.items.filter(({ key }) => !(isScalar(key) && changes.has(String(key.value)))) ?? []
  const changed = [...changes].flatMap(([key, content]) => {
    const own = map && ownPair(map, key)
    const name = own ? contentOf(own.key) : contentOfScalar(key, true)
    return content === null ? [] : [`${name}:${content}`]
  })
  return propertiesOf(map) + contentOfMap([...others.map((pair) => contentOfPair(pair)), ...changed])
}

export function contentOfScalar(text: string, isTextForCertain: boolean): string {
  return `${isTextForCertain ? '' : '~'}${JSON.stringify(text)}`
}

export function contentOfList(items: readonly string[]): string {
  return `[${items.join()}]`
}

function contentOfMap(pairs: readonly string[]): string {
  return `{${pairs.toSorted().join()}}`
}

function contentOfPair({ key, value }: CatalogPair, planned = nothing): string {
  return `${contentOf(key, planned)}:${contentOf(value, planned)}`
}

function propertiesOf({ anchor, tag }: { readonly anchor?: string; readonly tag?: string } = {}): string {
  return anchor === undefined && tag === undefined ? '' : JSON.stringify({ anchor, tag })
}
