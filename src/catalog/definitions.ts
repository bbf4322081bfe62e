import { parseDocument } from 'yaml'
import { UpdaterError } from '../errors.ts'

/** What stands in a catalogue file: all scalars as text, aliases and merge keys (`<<`) followed. */
export type Plain = string | null | readonly Plain[] | { readonly [key: string]: Plain }

/** An entry of `images` with all of its keys, those that the updater does not read too. */
export type Definition = Readonly<Record<string, Plain>>

/**
 * The entries of `images`, in order. For texts that `parseCatalog` has read: nothing is checked.
 * @throws UpdaterError CATALOG_SYNTAX
 */
export function readDefinitions(path: string, text: string): Definition[] {
  const document = parseDocument(text, {
    schema: 'failsafe',
    merge: true,
    uniqueKeys: false,
    logLevel: 'error',
  })
  const [error] = document.errors
  if (error !== undefined) {
    throw new UpdaterError('CATALOG_SYNTAX', `Not valid YAML: ${error.message.split('\n')[0]}`, {
      place: { file: path, line: error.linePos?.[0].line ?? 1, column: error.linePos?.[0].col ?? 1 },
      remedy: 'Correct the file, e.g. with the help of yamllint',
      cause: error,
    })
  }
  const content = document.toJS({ maxAliasCount: -1 }) as { images?: unknown } | null
  const images: readonly unknown[] = Array.isArray(content?.images) ? content.images : []
  return images.map((image) => (typeof image === 'object' && image !== null ? (image as Definition) : {}))
}

/** The text of a key; `undefined` where there is none, or something else than text. */
export function textAt(definition: Plain | undefined, key: string): string | undefined {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) return undefined
  const value = (definition as Definition)[key]
  return typeof value === 'string' && value !== '' ? value.replace(/\n+$/, '') : undefined
}
