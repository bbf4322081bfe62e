import { isAlias, isScalar } from 'yaml'
import { type CatalogDocument, type CatalogMap, type CatalogPair, ownPair } from './document.ts'
import { isMergeKey, textOf } from './fields.ts'
import type { VersionKey } from './parse.ts'
import { keysOf, renderValue, surroundingsOf, type Values, type VersionRenderer } from './render.ts'
import {
  afterColon,
  assertIndentation,
  insertPair,
  lineEnd,
  nextLine,
  removePair,
  type Splice,
  uneditable,
} from './splice.ts'

/** The values that are not what the version holds already. */
export function differences(version: CatalogMap, values: Values): Values {
  return new Map(
    [...values].filter(([key, value]) => {
      const pair = ownPair(version, key)
      return value === null ? pair !== undefined : textOf(pair?.value) !== value
    }),
  )
}

/**
 * The splices that give an entry of `versions` its new values.
 * @throws UpdaterError CATALOG_UNEDITABLE
 */
export function spliceEntry(renderer: VersionRenderer, version: CatalogMap, values: Values): Splice[] {
  if (values.size === 0) return []
  const { document } = renderer
  assertPlain(document, version)
  const given = [...values].filter((pair): pair is [VersionKey, string] => pair[1] !== null)
  const [removed] = [...values].flatMap(([key, value]) =>
    value === null ? (ownPair(version, key) ?? []) : [],
  )
  if (version.items.every((pair) => pair === removed)) {
    throw uneditable(document, version.range[0], 'nothing would be left beside the new values')
  }
  return [
    ...given.flatMap(([key, value]) => replaceValue(document, version, key, value)),
    ...insertMissing(renderer, version, removed, given),
    ...(removed === undefined ? [] : [removePair(document, version, removed)]),
  ]
}

/** Anchors, aliases, tags and merge keys: other places may depend on what stands here, or decide it. */
function assertPlain(document: CatalogDocument, map: CatalogMap): void {
  if (map.anchor !== undefined || map.tag !== undefined) {
    throw uneditable(document, map.range[0], 'it has an anchor or a tag')
  }
  for (const { key, value } of map.items) {
    if (isMergeKey(key)) throw uneditable(document, key.range[0], 'it has a merge key (<<)')
    for (const node of [key, value]) {
      if (isAlias(node) || node?.anchor !== undefined || node?.tag !== undefined) {
        throw uneditable(document, node.range[0], 'it has an anchor, an alias or a tag')
      }
    }
  }
  if (!map.flow) assertIndentation(document, map)
}

/** None for a key that is missing. */
function replaceValue(
  document: CatalogDocument,
  version: CatalogMap,
  key: VersionKey,
  value: string,
): Splice[] {
  const pair = ownPair(version, key)
  if (pair === undefined) return []
  const node = pair.value
  const colon = afterColon(document, pair)
  if (!isScalar(node)) throw uneditable(document, pair.key.range[0], `"${key}" is not text`)
  const [start, end] = node.range
  const rendered = renderValue(key, value, node.type, version.flow === true)
  if (start === end) return [{ start: colon, end: colon, text: ` ${rendered}` }]
  if (node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL') {
    return replaceBlock(document.text, start, end, key, value)
  }
  return [{ start, end, text: rendered }]
}

/** The content of a `>-` or `|-` is exchanged; any other block scalar becomes a value on the key's line. */
function replaceBlock(text: string, start: number, end: number, key: VersionKey, value: string): Splice[] {
  const header = text.slice(start, lineEnd(text, start))
  const indicator = /^[^\s]+/.exec(header)?.[0] ?? ''
  const contentStart = nextLine(text, start)
  const contentEnd = text[end - 1] === '\n' ? lineEnd(text, end - 1) : end
  const indentation = /^ +(?=\S)/.exec(text.slice(contentStart, contentEnd))?.[0]
  const isSafe = /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(value)
  if (/^[|>]-$/.test(indicator) && indentation !== undefined && isSafe && key !== 'build_date') {
    return [{ start: contentStart + indentation.length, end: contentEnd, text: value }]
  }
  const rendered = { start, end: start + indicator.length, text: renderValue(key, value, 'PLAIN', false) }
  const headerEnd = start + header.length
  return contentEnd <= headerEnd ? [rendered] : [rendered, { start: headerEnd, end: contentEnd, text: '' }]
}

function insertMissing(
  renderer: VersionRenderer,
  version: CatalogMap,
  removed: CatalogPair | undefined,
  given: readonly (readonly [VersionKey, string])[],
): Splice[] {
  const { document } = renderer
  const missing = new Map(given.filter(([key]) => ownPair(version, key) === undefined))
  const kept = keysOf(version).filter((key) => ownPair(version, key) !== removed)
  const order = renderer.arrange(kept, [...missing.keys()])
  const where = surroundingsOf(document, version)
  let previous: CatalogPair | undefined
  return order.flatMap((key) => {
    const value = missing.get(key)
    if (value === undefined) {
      previous = ownPair(version, key)
      return []
    }
    return [insertPair(document, version, previous, renderer.pair(key, value, version, where))]
  })
}
