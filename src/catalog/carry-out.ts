import { asUpdaterError, UpdaterError } from '../errors.ts'
import { contentOf } from './content.ts'
import {
  CatalogDocument,
  type CatalogMap,
  type CatalogNode,
  isList,
  isMapping,
  openDocument,
  ownPair,
} from './document.ts'
import { type CatalogEntry, CatalogReader } from './parse.ts'
import { applySplices, type Splice, uneditable } from './splice.ts'

/** An image as it was read, to be found again in the text as it is now. */
export interface ImagePosition {
  /** Position in the file's `images` list, from 0. */
  readonly index: number
  readonly name: string
}

/** How one image is to be edited. */
export interface Plan {
  readonly image: CatalogMap
  readonly splices: readonly Splice[]
  /** What the image is to hold then, as `contentOf` writes it. */
  readonly content: string
}

/** The result of several edits of one text. */
export interface Edited<Edit> {
  readonly text: string
  readonly failed: readonly { readonly edit: Edit; readonly error: UpdaterError }[]
}

/** The text that is to be edited, as it is now. */
export class EditableFile {
  readonly document: CatalogDocument
  readonly entries: readonly CatalogEntry[]
  /** The value of `images`; `undefined`: it is missing, or comes from a merge key. */
  readonly list: CatalogNode | undefined

  constructor(path: string, text: string) {
    this.document = openDocument(path, text)
    const { root } = this.document
    this.list = isMapping(root) ? ownPair(root, 'images')?.value : undefined
    // What has a defect is told when the file is read; it keeps no other image from being edited.
    this.entries = new CatalogReader(this.document).entries
  }

  /**
   * The image at the place where it was read, or else the only one of its name.
   * @throws UpdaterError CATALOG_CHANGED, CATALOG_UNEDITABLE
   */
  find({ index, name }: ImagePosition): CatalogEntry {
    const named = this.entries.filter(({ image }) => image.name === name)
    const there = named.filter(({ image }) => image.index === index)
    const found = there.length > 0 ? there : named
    const [entry] = found
    if (entry === undefined) throw this.changed(name, 'is not there any more')
    if (found.length > 1) throw this.changed(name, 'has moved and is there more than once')
    this.#assertOwn(entry)
    return entry
  }

  changed(name: string, what: string, image?: CatalogMap): UpdaterError {
    const { path } = this.document
    return new UpdaterError('CATALOG_CHANGED', `The image "${name}" in ${path} ${what}`, {
      place: image === undefined ? { file: path } : this.document.place(image.range[0]),
      remedy: 'Somebody else has changed the file meanwhile: run again',
    })
  }

  /** @throws UpdaterError CATALOG_UNEDITABLE: the image is not written out in the list, and in the list alone */
  #assertOwn({ item, map }: CatalogEntry): void {
    const { document, list } = this
    if (!isList(list) || item !== map) {
      throw uneditable(document, item, 'the image stands behind an alias')
    }
    const isShared = [document.root, list, map].some((node) => document.isShared(node))
    if (isShared || map.tag !== undefined) {
      throw uneditable(document, map, 'the image has a tag, or an alias stands for it')
    }
  }
}

/**
 * Edits a text at the splices that are planned for each edit. The result is read again and compared with the
 * plans. An edit that cannot be made does not keep the others from being made.
 * @throws UpdaterError CATALOG_SYNTAX: the text is no catalogue
 */
export function carryOut<Edit>(
  path: string,
  text: string,
  edits: readonly Edit[],
  plannerOf: (file: EditableFile) => (edit: Edit) => Plan,
): Edited<Edit> {
  const file = new EditableFile(path, text)
  const planOf = plannerOf(file)
  const planned: { edit: Edit; plan: Plan }[] = []
  const failed: { edit: Edit; error: UpdaterError }[] = []
  for (const edit of edits) {
    try {
      planned.push({ edit, plan: planOf(edit) })
    } catch (error) {
      failed.push({ edit, error: asUpdaterError(error) })
    }
  }
  const plans = planned.map(({ plan }) => plan).filter(({ splices }) => splices.length > 0)
  const result = applyPlans(file.document, plans)
  if (result !== undefined) return { text: result, failed }
  const [first] = planned
  if (planned.length === 1 && first !== undefined) {
    const { edit, plan } = first
    const error = uneditable(file.document, plan.image, 'more than the planned values would change')
    return { text, failed: [...failed, { edit, error }] }
  }
  const possible = planned.map(({ edit }) => edit)
  // One of them spoils the result: each half is tried alone, until the guilty one is found.
  const middle = Math.ceil(possible.length / 2)
  const one = carryOut(path, text, possible.slice(0, middle), plannerOf)
  const other = carryOut(path, one.text, possible.slice(middle), plannerOf)
  return { text: other.text, failed: [...failed, ...one.failed, ...other.failed] }
}

/** The edited text; `undefined` if it does not hold what is planned and all else that the document holds. */
function applyPlans(document: CatalogDocument, plans: readonly Plan[]): string | undefined {
  if (plans.length === 0) return document.text
  const text = applySplices(
    document.text,
    plans.flatMap(({ splices }) => splices),
  )
  if (text === undefined) return undefined
  const after = new CatalogDocument(document.path, text)
  const planned = new Map(plans.map(({ image, content }) => [image, content] as const))
  const isDone = contentOf(document.root, planned) === contentOf(after.root)
  return after.defects.length === 0 && isDone ? text : undefined
}
