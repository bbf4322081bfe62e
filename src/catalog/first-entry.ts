import { isScalar, isSeq } from 'yaml'
import type { CatalogDocument } from './document.ts'
import {
  afterColon,
  assertIndentation,
  endOfPair,
  lineEndOfPair,
  quotesOf,
  renderFlowPair,
  renderPair,
  uneditable,
  type Values,
} from './entry.ts'
import { isNull, type VersionKey } from './fields.ts'
import { arrange, type CatalogPair, column, type Layout, ownPair } from './layout.ts'
import type { CatalogMap } from './nodes.ts'
import { lineBreak, lineEnd, type Splice } from './splice.ts'

/**
 * The splices that give an image without versions its first one: `versions` is empty, `[]`, or missing.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceFirstEntry(
  document: CatalogDocument,
  layout: Layout,
  image: CatalogMap,
  values: Values,
): Splice[] {
  const pairs = arrange([], [...values.keys()], layout).flatMap((key): [VersionKey, string][] => {
    const value = values.get(key)
    return typeof value === 'string' ? [[key, value]] : []
  })
  if (pairs.length === 0) return []
  const versions = ownPair(image, 'versions')
  if (versions !== undefined) assertEmpty(document, versions)
  const neighbour = versions ?? image.items.findLast(({ value }) => isScalar(value))
  if (neighbour === undefined) throw uneditable(document, image.range[0], 'the image has no key with a text')
  return image.flow
    ? flowEntry(versions, neighbour, afterColon(document, neighbour), layout, pairs)
    : blockEntry(document, layout, image, versions, neighbour, pairs)
}

function assertEmpty(document: CatalogDocument, versions: CatalogPair): void {
  const { value } = versions
  const isEmpty = isNull(value) || (isSeq(value) && value.items.length === 0)
  const between = document.text.slice(afterColon(document, versions), endOfPair(versions))
  if (!isEmpty || value?.anchor !== undefined || value?.tag !== undefined || between.includes('#')) {
    throw uneditable(document, versions.key.range[0], '"versions" has an anchor, a tag or a comment within')
  }
}

function flowEntry(
  versions: CatalogPair | undefined,
  neighbour: CatalogPair,
  colon: number,
  layout: Layout,
  pairs: readonly [VersionKey, string][],
): Splice[] {
  const entry = pairs.map(([key, value]) => renderFlowPair(key, value, quotesOf(key, layout))).join(', ')
  const end = endOfPair(neighbour)
  return versions === undefined
    ? [{ start: end, end, text: `, versions: [{${entry}}]` }]
    : [{ start: colon, end, text: ` [{${entry}}]` }]
}

function blockEntry(
  document: CatalogDocument,
  layout: Layout,
  image: CatalogMap,
  versions: CatalogPair | undefined,
  neighbour: CatalogPair,
  pairs: readonly [VersionKey, string][],
): Splice[] {
  const { text } = document
  const outer = column(document, image.range[0])
  assertIndentation(document, image)
  const eol = lineBreak(text, image.range[0])
  const dash = outer + layout.dash
  const indent = dash + layout.entry
  const lines = pairs.map(([key, value]) =>
    renderPair(key, value, { indent, fold: layout.fold, quotes: quotesOf(key, layout), eol }),
  )
  const entry = `${eol}${' '.repeat(dash)}-${' '.repeat(layout.entry - 1)}${lines.join(eol + ' '.repeat(indent))}`
  if (versions === undefined) {
    const at = lineEndOfPair(text, neighbour)
    return [{ start: at, end: at, text: `${eol}${' '.repeat(outer)}versions:${entry}` }]
  }
  const end = endOfPair(versions)
  const at = lineEnd(text, end)
  const isBlank = versions.value === null || versions.value.range[0] === end
  return [
    { start: isBlank ? end : afterColon(document, versions), end, text: '' },
    { start: at, end: at, text: entry },
  ]
}
