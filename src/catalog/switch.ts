import { isDeepStrictEqual } from 'node:util'
import { isScalar } from 'yaml'
import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { readDefinitions, textAt } from './definitions.ts'
import { type CatalogDocument, openDocument } from './document.ts'
import { afterColon, assertIndentation, endOfPair, lineEndOfPair, uneditable } from './entry.ts'
import { isNull, textOf } from './fields.ts'
import { ImageFinder, type ImagePosition } from './find-image.ts'
import { type CatalogPair, column, ownPair } from './layout.ts'
import type { CatalogMap } from './nodes.ts'
import { applySplices, lineBreak, type Splice } from './splice.ts'

/** An image that is to be switched on or off. */
export interface SwitchEdit extends ImagePosition {
  readonly enable: boolean
}

export interface SwitchedText {
  readonly text: string
  readonly failed: readonly { readonly edit: SwitchEdit; readonly error: UpdaterError }[]
}

/**
 * Writes `enable` of some images; no other byte changes. An image without the key gets it where the other
 * images of the file have it, else after its name. The result is read again and compared with the plan.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function switchEach(path: string, text: string, edits: readonly SwitchEdit[]): SwitchedText {
  const failed: { edit: SwitchEdit; error: UpdaterError }[] = []
  let current = text
  for (const edit of edits) {
    try {
      current = switchImage(path, current, edit)
    } catch (thrown) {
      failed.push({ edit, error: asUpdaterError(thrown) })
    }
  }
  return { text: current, failed }
}

function switchImage(path: string, text: string, edit: SwitchEdit): string {
  const document = openDocument(path, text)
  const finder = new ImageFinder(document)
  const image = finder.find(edit)
  const edited = applySplices(text, [spliceSwitch(finder, image, edit.enable)]) ?? text
  if (!isAsPlanned(path, text, edited, edit)) {
    throw uneditable(document, image.range[0], 'more than "enable" would change')
  }
  return edited
}

function spliceSwitch(finder: ImageFinder, image: CatalogMap, enable: boolean): Splice {
  const { document } = finder
  const pair = ownPair(image, 'enable')
  if (pair !== undefined) return replaceSwitch(document, pair, enable)
  const previous = ownPair(image, predecessor(finder)) ?? ownPair(image, 'name') ?? image.items[0]
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

/** Nothing but `enable` of this image is another than before. */
function isAsPlanned(path: string, before: string, after: string, { name, enable }: SwitchEdit): boolean {
  const found = readDefinitions(path, after)
  const planned = readDefinitions(path, before).map((image, at) =>
    isDeepStrictEqual(image, found[at]) || textAt(image, 'name') !== name
      ? image
      : { ...image, enable: `${enable}` },
  )
  return isDeepStrictEqual(planned, found)
}
