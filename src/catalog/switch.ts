import { isScalar } from 'yaml'
import { carryOut, type Edited, type ImagePosition } from './carry-out.ts'
import { contentOfScalar, contentWith } from './content.ts'
import { type CatalogDocument, type CatalogMap, hasProperties, ownPair } from './document.ts'
import { textOf } from './fields.ts'
import type { CatalogEntry } from './parse.ts'
import { insertPair, replaceScalar, type Splice, uneditable } from './splice.ts'

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
  return carryOut(path, text, edits, (file) => {
    const usual = usualPredecessor(file.entries)
    return (edit) => {
      const { map: image } = file.find(edit)
      const written = `${edit.enable}`
      return {
        image,
        splices: [spliceSwitch(file.document, image, written, usual)],
        content: contentWith(image, new Map([['enable', contentOfScalar(written, false)]])),
      }
    }
  })
}

/** @param usual the key after which the other images have it */
function spliceSwitch(document: CatalogDocument, image: CatalogMap, written: string, usual: string): Splice {
  const pair = ownPair(image, 'enable')
  if (pair === undefined) {
    const previous = ownPair(image, usual) ?? ownPair(image, 'name') ?? image.items[0]
    return insertPair(document, image, previous, `enable: ${written}`)
  }
  if (isScalar(pair.value) && !hasProperties(pair.value)) return replaceScalar(document, pair, written)
  throw uneditable(document, pair.key, '"enable" is no plain value, or has an anchor or a tag')
}

/** The key before `enable` in the first image of the file that has one after another key. */
function usualPredecessor(entries: readonly CatalogEntry[]): string {
  for (const { map } of entries) {
    const at = map.items.findIndex(({ key }) => textOf(key) === 'enable')
    const before = textOf(map.items[at - 1]?.key)
    if (before !== undefined) return before
  }
  return 'name'
}
