import { isScalar } from 'yaml'
import { UpdaterError } from '../errors.ts'
import { DefectList, throwDefects } from './defects.ts'
import { type CatalogNode, isList, isMapping, openDocument } from './document.ts'
import { FieldReader } from './fields.ts'

/** A value of a catalogue file: all scalars as text, aliases and merge keys (`<<`) followed. */
export type Plain = string | null | readonly Plain[] | { readonly [key: string]: Plain }

/** An entry of `images` with all of its keys, also those that the updater does not read. */
export type Definition = Readonly<Record<string, Plain>>

/**
 * The entries of `images`, in order; no value is checked.
 * @throws UpdaterError CATALOG_SYNTAX; CATALOG_TYPE: a merge key that cannot be followed
 */
export function readDefinitions(path: string, text: string): Definition[] {
  const document = openDocument(path, text)
  const defects = new DefectList()
  const fields = new FieldReader(document, (problem, offset, message) => {
    if (problem === 'key is not text') return
    const remedy = 'Correct the value in the catalogue file'
    defects.add(() => new UpdaterError('CATALOG_TYPE', message, { place: document.place(offset), remedy }))
  })
  /** What an anchor holds is made once; `null` while it is being made: it cannot hold itself. */
  const known = new Map<CatalogNode, Plain>()

  function plainOf(node: CatalogNode | undefined): Plain {
    const target = document.resolve(node ?? null) ?? null
    if (isScalar(target)) return String(target.value)
    if (!isList(target) && !isMapping(target)) return null
    const seen = known.get(target)
    if (seen !== undefined) return seen
    known.set(target, null)
    const plain = isList(target)
      ? target.items.map(plainOf)
      : Object.fromEntries([...fields.read(target)].map(([key, { value }]) => [key, plainOf(value)]))
    known.set(target, plain)
    return plain
  }

  const { root } = document
  const images = isMapping(root) ? plainOf(fields.read(root).get('images')?.value) : null
  throwDefects(defects.all)
  return (Array.isArray(images) ? images : []).map((image) => (isDefinition(image) ? image : {}))
}

function isDefinition(value: Plain | undefined): value is Definition {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of a key; `undefined` if the key is missing or holds something else than text. */
export function textAt(definition: Plain | undefined, key: string): string | undefined {
  const value = isDefinition(definition) ? definition[key] : undefined
  return typeof value === 'string' && value !== '' ? value.replace(/\n+$/, '') : undefined
}
