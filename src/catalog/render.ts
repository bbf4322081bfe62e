import { isScalar, type Scalar } from 'yaml'
import {
  type CatalogDocument,
  type CatalogMap,
  type CatalogNode,
  type CatalogPair,
  isList,
  isMapping,
  ownPair,
} from './document.ts'
import { textOf } from './fields.ts'
import { type VersionKey, versionKeys } from './parse.ts'
import { lineBreak } from './splice.ts'

/** What keys of a version are to hold; `null`: the key goes. */
export type Values = ReadonlyMap<VersionKey, string | null>

/** Where keys stand: in braces, or on lines of their own in column `indent`. */
export type Surroundings = 'braces' | { readonly indent: number; readonly eol: string }

export function surroundingsOf(document: CatalogDocument, map: CatalogMap): Surroundings {
  const [start] = map.range
  return map.flow ? 'braces' : { indent: document.column(start), eol: lineBreak(document, start) }
}

/** Those that are to stand in the file. */
export function givenIn(values: Values): ReadonlyMap<VersionKey, string> {
  return new Map([...values].filter((pair): pair is [VersionKey, string] => pair[1] !== null))
}

/** How long values stand on the line after their key. */
interface Fold {
  /** What stands between the colon and the line break. */
  readonly gap: string
  /** Columns by which the value is further in than its key. */
  readonly indent: number
}

/** Quotes are kept; all other types of scalars are written without them. */
type Quotes = Scalar.Type | undefined

/** Columns; a longer line is folded if the file folds. */
const lineWidth = 80

/** Writes versions as those of the file are written; if it has none, as ruamel.yaml would write them. */
export class VersionRenderer {
  readonly document: CatalogDocument
  /** Columns from the key `versions` to the dash of an entry. */
  readonly dash: number
  /** Columns from the dash to the first key of the entry. */
  readonly gap: number
  /** The version of the file that has most of the keys; one in braces only if there are no others. */
  readonly #sample: CatalogMap | undefined

  constructor(document: CatalogDocument, images: CatalogNode | undefined) {
    this.document = document
    const column = (node: CatalogNode | undefined) => document.column(node?.range[0] ?? 0)
    const versions = versionsIn(images).sort((a, b) => keysOf(b.entry).length - keysOf(a.entry).length)
    const block = versions.find(({ list, entry }) => !list.flow && !entry.flow)
    this.#sample = (block ?? versions[0])?.entry
    this.dash = block ? column(block.list) - column(block.key) : column(images)
    this.gap = block ? column(block.entry) - column(block.list) : 2
  }

  /** A whole entry, in the order of a neighbouring one. */
  entry(values: Values, neighbour: CatalogMap | undefined, where: Surroundings): string {
    const given = givenIn(values)
    const pairs = this.arrange(keysOf(neighbour), given.keys()).flatMap((key) => {
      const value = given.get(key)
      return value === undefined ? [] : [this.pair(key, value, neighbour, where)]
    })
    return where === 'braces' ? `{${pairs.join(', ')}}` : pairs.join(where.eol + ' '.repeat(where.indent))
  }

  /** `key: value` with the quotes and the fold of a neighbouring version, else as is usual in the file. */
  pair(key: VersionKey, value: string, neighbour: CatalogMap | undefined, where: Surroundings): string {
    const model = neighbour ?? this.#sample
    const usual = key === 'version' ? (quotesIn(this.#sample, key) ?? 'QUOTE_SINGLE') : 'PLAIN'
    const rendered = renderValue(key, value, quotesIn(model, key) ?? usual, where)
    const line = `${key}: ${rendered}`
    if (where === 'braces' || where.indent + line.length <= lineWidth) return line
    const fold = this.#foldBeside(key, model)
    return fold === undefined
      ? line
      : `${key}:${fold.gap}${where.eol}${' '.repeat(where.indent + fold.indent)}${rendered}`
  }

  /** How a long value is folded in a version: as that of its key, or as others of the version. */
  #foldBeside(key: VersionKey, version: CatalogMap | undefined): Fold | undefined {
    const beside = version && ownPair(version, key)
    if (version === undefined || (beside && isLongLine(this.document, beside))) return undefined
    return foldOf(this.document, version)
  }

  /**
   * Puts the `wanted` keys among the `present` ones: each after the nearest of those that stand before it in the
   * file's other versions.
   */
  arrange(present: readonly VersionKey[], wanted: Iterable<VersionKey>): VersionKey[] {
    const arranged = [...present]
    for (const key of wanted) {
      if (arranged.includes(key)) continue
      const usual = keysOf(this.#sample)
      const order = usual.includes(key) ? usual : versionKeys
      const before = order.slice(0, order.indexOf(key))
      const predecessor = before.findLast((candidate) => arranged.includes(candidate))
      arranged.splice(predecessor === undefined ? 0 : arranged.indexOf(predecessor) + 1, 0, key)
    }
    return arranged
  }
}

/** All versions of all images; aliases are not followed. */
function versionsIn(images: CatalogNode | undefined) {
  const found = isList(images) ? images.items : []
  return found.flatMap((image) => {
    const { key, value: list } = (isMapping(image) && ownPair(image, 'versions')) || {}
    if (key === undefined || !isList(list)) return []
    return list.items.flatMap((entry) => (isMapping(entry) ? [{ key, list, entry }] : []))
  })
}

/** The keys of a version that the updater knows, in their order. */
export function keysOf(version: CatalogMap | undefined): VersionKey[] {
  const keys = version?.items.map(({ key }) => versionKeys.find((known) => textOf(key) === known)) ?? []
  return keys.filter((key) => key !== undefined)
}

/** The quotes around a value; `undefined` if it has none. */
function quotesIn(version: CatalogMap | undefined, key: VersionKey): Quotes {
  const value = version && ownPair(version, key)?.value
  const isQuoted = isScalar(value) && (value.type === 'QUOTE_SINGLE' || value.type === 'QUOTE_DOUBLE')
  return isQuoted ? value.type : undefined
}

/** How the first folded value of a block mapping is folded. */
function foldOf(document: CatalogDocument, map: CatalogMap): Fold | undefined {
  for (const { key, value } of map.items) {
    if (!isScalar(value)) continue
    const between = document.text.slice(key.range[1], value.range[0])
    const [, gap, spaces] = /^:([ \t]*)\r?\n( +)$/.exec(between) ?? []
    const indent = (spaces?.length ?? 0) - document.column(key.range[0])
    if (gap !== undefined && indent > 0) return { gap, indent }
  }
  return undefined
}

/** Does the value stand on the line of its key although that line is longer than 80 columns? */
function isLongLine(document: CatalogDocument, { key, value }: CatalogPair): boolean {
  return (
    isScalar(value) &&
    !document.text.slice(key.range[1], value.range[0]).includes('\n') &&
    document.column(value.range[1]) > lineWidth
  )
}

/**
 * A value as a one-line scalar that readers of YAML 1.1 and of YAML 1.2 take for the same text, with the
 * wanted quotes if that is possible. A build date is written as a date, and so without quotes.
 */
export function renderValue(key: VersionKey, value: string, quotes: Quotes, where: Surroundings): string {
  const isQuoted = quotes === 'QUOTE_SINGLE' || quotes === 'QUOTE_DOUBLE'
  const isPlain = isPlainText(value) && !(where === 'braces' && /[,[\]{}|^"\\<>]/.test(value))
  if (key === 'build_date' || (!isQuoted && isPlain)) return value
  const isPrintable = !/[^\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(value)
  if (quotes !== 'QUOTE_DOUBLE' && isPrintable) return `'${value.replaceAll("'", "''")}'`
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * Is it text without quotes, for certain? What begins with a digit, a sign or a dot may be a number, a
 * date or a time of day for one of the readers, and the listed words may be a boolean or nothing.
 */
export function isPlainText(value: string): boolean {
  return (
    /^[A-Za-z/][\w./:#@!$&'()*+;=%~?,[\]{}|^"\\<>-]*$/.test(value) &&
    !value.endsWith(':') &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  )
}

/** A date that YAML readers take for one: `YYYY-MM-DD`, and a day that exists. */
export function isDate(value: string): boolean {
  // A day that its month does not have becomes one of the next month.
  return /^\d{4}-\d\d-\d\d$/.test(value) && new Date(value).getUTCDate() === Number(value.slice(8))
}
