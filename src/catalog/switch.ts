import { isMap, isScalar } from 'yaml'
import { carryOut, type Edited } from './carry-out.ts'
import type { CatalogDocument } from './document.ts'
import { afterColon, assertIndentation, endOfPair, lineEndOfPair, uneditable } from './entry.ts'
import { isNull, textOf } from './fields.ts'
import { ImageFinder, type ImagePosition } from './find-image.ts'
import { type CatalogPair, column, ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'
import { areSamePairs } from './same.ts'
import { lineBreak, type Splice } from './splice.ts'

/** An image that is to be switched on or off. */
export interface SwitchEdit extends ImagePosition {
  readonly enable: boolean
}

/**
 * Writes `enable` of some images; no other byte changes. An image without the key gets it where the other
 * images of the file have it, else after its name. The result is read again and compared with the plan.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function switchEach(path: string, text: string, edits: readonly SwitchEdit[]): Edited<SwitchEdit> {
  return carryOut(path, text, edits, (document) => {
    const finder = new ImageFinder(document)
    const usual = predecessor(finder)
    return (edit) => {
      const image = finder.find(edit)
      return {
        image,
        splices: [spliceSwitch(document, image, edit.enable, usual)],
        isDone: (after) => isSwitched(image, after, edit.enable),
      }
    }
  })
}

/** @param usual the key after which the other images have it */
function spliceSwitch(document: CatalogDocument, image: CatalogMap, enable: boolean, usual: string): Splice {
  const pair = ownPair(image, 'enable')
  if (pair !== undefined) return replaceSwitch(document, pair, enable)
  const previous = ownPair(image, usual) ?? ownPair(image, 'name') ?? image.items[0]
  if (previous === undefined) throw uneditable(document, image.range[0], 'the image has no keys')
  if (image.flow) {
    const at = endOfPair(previous)
    return { start: at, end: at, text: `, enable: ${enable}` }
  }
  assertIndentation(document, image)
  const at = lineEndOfPair(document.text, previous)
  const indent = ' '.repeat(column(document, image.range[0]))
  return { start: at, end: at, text: `${lineBreak(document.text, at)}${indent}enable: ${enable}` }
}

function replaceSwitch(document: CatalogDocument, pair: CatalogPair, enable: boolean): Splice {
  const { key, value } = pair
  if (isNull(value)) {
    const at = afterColon(document, pair)
    return { start: at, end: value === null ? at : Math.max(at, value.range[1]), text: ` ${enable}` }
  }
  if (!isScalar(value) || value.anchor !== undefined || value.tag !== undefined) {
    throw uneditable(document, key.range[0], '"enable" is no plain value, or has an anchor or a tag')
  }
  return { start: value.range[0], end: value.range[1], text: `${enable}` }
}

/** The key before `enable` in the first image of the file that has one behind another key. */
function predecessor(finder: ImageFinder): string {
  for (const item of finder.items()) {
    const image = finder.document.resolve(item) as CatalogMap | null
    const at = image?.items?.findIndex?.(({ key }) => textOf(key) === 'enable') ?? -1
    const before = textOf(image?.items[at - 1]?.key)
    if (before !== undefined) return before
  }
  return 'name'
}

/** Does an image hold the same data as before, but for `enable`? */
function isSwitched(before: CatalogMap, after: CatalogNode, enable: boolean): boolean {
  if (!isMap(after)) return false
  const now = ownPair(after as CatalogMap, 'enable')
  const others = (map: CatalogMap, own: CatalogPair | undefined) => map.items.filter((pair) => pair !== own)
  return (
    before.anchor === after.anchor &&
    before.tag === after.tag &&
    isScalar(now?.value) &&
    now.value.type === 'PLAIN' &&
    now.value.value === `${enable}` &&
    areSamePairs(others(before, ownPair(before, 'enable')), others(after as CatalogMap, now))
  )
}
