import { isMap, isSeq } from 'yaml'
import { UpdaterError } from '../errors.ts'
import type { CatalogDocument } from './document.ts'
import { uneditable } from './entry.ts'
import { createFieldReader, type FieldKey, type Fields, textOf } from './fields.ts'
import { type CatalogPair, ownPair } from './layout.ts'
import type { CatalogMap, CatalogNode } from './nodes.ts'

/** An image as it was read, to be found again in the text that stands there now. */
export interface ImagePosition {
  /** Position in the file's `images` list, from 0. */
  readonly index: number
  readonly name: string
}

/** The images of a document that is to be edited. */
export class ImageFinder {
  readonly document: CatalogDocument
  readonly fieldsOf: (map: CatalogMap) => Fields
  /** `images`, where the file has it. */
  readonly list: CatalogPair | undefined
  #byName: Map<string, CatalogNode[]> | undefined

  constructor(document: CatalogDocument) {
    this.document = document
    this.fieldsOf = createFieldReader(document)
    this.list = isMap(document.root) ? ownPair(document.root as CatalogMap, 'images') : undefined
  }

  /**
   * The image at the place where it was read, or else the only one of its name.
   * @throws UpdaterError CATALOG_CHANGED, CATALOG_UNEDITABLE
   */
  find({ index, name }: ImagePosition): CatalogMap {
    const there = this.items()[index] ?? null
    const found = this.#nameOf(there) === name ? [there] : this.#named(name)
    if (found.length !== 1) {
      const what = found.length === 0 ? 'is not there any more' : 'has moved and is there more than once'
      throw this.changed(null, name, what)
    }
    const [image = null] = found
    const listNode = this.list?.value ?? null
    if (!isMap(image) || !isSeq(listNode)) {
      throw uneditable(this.document, image?.range[0] ?? 0, 'the image stands behind an alias')
    }
    const shared = [this.document.root, listNode, image].some((node) => this.document.isShared(node))
    if (shared || image.tag !== undefined) {
      throw uneditable(this.document, image.range[0], 'the image has a tag, or an alias stands for it')
    }
    return image as CatalogMap
  }

  /** @returns CATALOG_CHANGED */
  changed(image: CatalogMap | null, name: string, what: string): UpdaterError {
    return new UpdaterError('CATALOG_CHANGED', `The image "${name}" in ${this.document.path} ${what}`, {
      place: image === null ? { file: this.document.path } : this.document.place(image.range[0]),
      remedy: 'Somebody else has changed the file meanwhile: run again',
    })
  }

  /** The value of a key, from a merge key (`<<`) if need be. */
  fieldOf(map: CatalogMap, key: FieldKey): CatalogNode | undefined {
    const own = ownPair(map, key)
    return own === undefined ? this.fieldsOf(map).get(key) : this.document.resolve(own.value)
  }

  /** The entries of `images`. */
  items(): readonly CatalogNode[] {
    const list = this.document.resolve(this.list?.value ?? null)
    return isSeq(list) ? (list.items as CatalogNode[]) : []
  }

  #nameOf(item: CatalogNode): string | undefined {
    const image = this.document.resolve(item)
    return isMap(image) ? textOf(this.fieldOf(image as CatalogMap, 'name')) : undefined
  }

  #named(name: string): readonly CatalogNode[] {
    if (this.#byName === undefined) {
      this.#byName = new Map()
      for (const item of this.items()) {
        const key = this.#nameOf(item) ?? ''
        const others = this.#byName.get(key)
        if (others === undefined) this.#byName.set(key, [item])
        else others.push(item)
      }
    }
    return this.#byName.get(name) ?? []
  }
}
