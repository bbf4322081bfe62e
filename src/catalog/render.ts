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
import { type VersionKey, versionKeys } from './parse.ts'
import { lineBreak } from './splice.ts'

/** What keys of a version are to hold; `null`: the key goes. */
export type Values = ReadonlyMap<VersionKey, string | null>

/** Where pairs are written: in braces, or in lines whose keys stand in column `indent`. */
export type Surroundings = 'flow' | { readonly indent: number; readonly eol: string }

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
/** A file has one or two orders. More are not looked at, so that the work stays linear. */
const maximumOrders = 16

/** Writes versions as those of the file are written; if it has none, as ruamel.yaml would write them. */
export class VersionRenderer {
  readonly document: CatalogDocument
  /** Columns from the key `versions` to the dash of an entry. */
  readonly dash: number
  /** Columns from the dash to the first key of the entry. */
  readonly gap: number
  readonly #fold: Fold | undefined
  /** Around the values of `version`. */
  readonly #quotes: Quotes
  /** Orders in which the keys of versions stand in the file, without repetitions. */
  readonly #orders: readonly (readonly VersionKey[])[]

  constructor(document: CatalogDocument, images: CatalogNode | undefined) {
    this.document = document
    const orders = new Map<string, VersionKey[]>()
    let [dash, gap] = [isList(images) && !images.flow ? document.column(images.range[0]) : 2, 2]
    let fold: Fold | undefined
    let quotes: Quotes
    let isMeasured = false
    for (const { key, list, entry } of versionsIn(images)) {
      const order = keysOf(entry)
      if (orders.size < maximumOrders) orders.set(order.join(), order)
      quotes ??= quotesIn(entry, 'version')
      if (entry.flow || list.flow) continue
      fold ??= foldOf(document, entry)
      if (isMeasured) continue
      isMeasured = true
      dash = document.column(list.range[0]) - document.column(key.range[0])
      gap = document.column(entry.range[0]) - document.column(list.range[0])
    }
    this.dash = dash
    this.gap = gap
    this.#fold = fold
    this.#quotes = quotes ?? 'QUOTE_SINGLE'
    this.#orders = [...orders.values()]
  }

  /** A whole entry, in the order of a neighbouring one. */
  entry(values: Values, neighbour: CatalogMap | undefined, where: Surroundings): string {
    const present = neighbour === undefined ? [] : keysOf(neighbour)
    const given = new Map([...values].filter((pair): pair is [VersionKey, string] => pair[1] !== null))
    const order = this.arrange(
      present,
      [...given.keys()].filter((key) => !present.includes(key)),
    )
    const pairs = order.flatMap((key) => {
      const value = given.get(key)
      return value === undefined ? [] : [this.pair(key, value, neighbour, where)]
    })
    return where === 'flow' ? `{${pairs.join(', ')}}` : pairs.join(where.eol + ' '.repeat(where.indent))
  }

  /** `key: value` with the quotes and the fold of a neighbouring version, else as is usual in the file. */
  pair(key: VersionKey, value: string, neighbour: CatalogMap | undefined, where: Surroundings): string {
    const usual = key === 'version' ? this.#quotes : 'PLAIN'
    const quotes = (neighbour && quotesIn(neighbour, key)) ?? usual
    const rendered = renderValue(key, value, quotes, where === 'flow')
    const line = `${key}: ${rendered}`
    if (where === 'flow' || where.indent + line.length <= lineWidth) return line
    const fold = this.#foldFor(key, neighbour)
    return fold === undefined
      ? line
      : `${key}:${fold.gap}${where.eol}${' '.repeat(where.indent + fold.indent)}${rendered}`
  }

  /** How a long value beside a neighbouring one is folded: as that one, as its version, as the rest of the file. */
  #foldFor(key: VersionKey, neighbour: CatalogMap | undefined): Fold | undefined {
    if (neighbour === undefined) return this.#fold
    const beside = ownPair(neighbour, key)
    if (beside !== undefined && isLongLine(this.document, beside)) return undefined
    const own = foldOf(this.document, neighbour)
    return own ?? (neighbour.items.some((pair) => isLongLine(this.document, pair)) ? undefined : this.#fold)
  }

  /**
   * Puts `missing` keys among the `present` ones: each after the nearest of its predecessors, in the order of
   * the file's other versions that agrees best with what is present.
   */
  arrange(present: readonly VersionKey[], missing: readonly VersionKey[]): VersionKey[] {
    const arranged = [...present]
    for (const key of missing) {
      const order = this.#referenceOrder(present, key)
      const before = order.slice(0, order.indexOf(key))
      const predecessor = before.reverse().find((candidate) => arranged.includes(candidate))
      arranged.splice(predecessor === undefined ? 0 : arranged.indexOf(predecessor) + 1, 0, key)
    }
    return arranged
  }

  #referenceOrder(present: readonly VersionKey[], key: VersionKey): readonly VersionKey[] {
    const agrees = (order: readonly VersionKey[]) => {
      const positions = present.filter((other) => order.includes(other)).map((other) => order.indexOf(other))
      return positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0))
    }
    const candidates = [...this.#orders.filter((order) => order.includes(key)), versionKeys]
    return candidates.find(agrees) ?? candidates[0] ?? versionKeys
  }
}

/** Those of the pairs of a mapping. */
export function surroundingsOf(document: CatalogDocument, map: CatalogMap): Surroundings {
  if (map.flow) return 'flow'
  return { indent: document.column(map.range[0]), eol: lineBreak(document.text, map.range[0]) }
}

/** All versions of all images; aliases are not followed. */
function* versionsIn(images: CatalogNode | undefined) {
  for (const image of isList(images) ? images.items : []) {
    const versions = isMapping(image) ? ownPair(image, 'versions') : undefined
    const list = versions?.value
    if (versions === undefined || !isList(list)) continue
    for (const entry of list.items) if (isMapping(entry)) yield { key: versions.key, list, entry }
  }
}

/** The keys of a version that the updater knows, in their order. */
export function keysOf(version: CatalogMap): VersionKey[] {
  return version.items.flatMap(
    ({ key }) => versionKeys.find((known) => isScalar(key) && key.value === known) ?? [],
  )
}

/** The quotes around a value; `undefined` if it has none. */
function quotesIn(version: CatalogMap, key: VersionKey): Quotes {
  const value = ownPair(version, key)?.value
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
    document.lineStart(value.range[0]) === document.lineStart(key.range[0]) &&
    document.column(value.range[1]) > lineWidth
  )
}

/** A value on one line; a build date is written as a date, and so without quotes. */
export function renderValue(key: VersionKey, value: string, quotes: Quotes, inFlow: boolean): string {
  return key === 'build_date' ? value : renderText(value, quotes, inFlow)
}

/**
 * The value as a one-line scalar that readers of YAML 1.1 and of YAML 1.2 take for the same text, with the
 * wanted quotes if that is possible.
 */
function renderText(value: string, quotes: Quotes, inFlow: boolean): string {
  const isQuoted = quotes === 'QUOTE_SINGLE' || quotes === 'QUOTE_DOUBLE'
  if (!isQuoted && isPlainText(value, inFlow)) return value
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
export function isPlainText(value: string, inFlow: boolean): boolean {
  const characters = inFlow
    ? /^[A-Za-z/][\w./:#@!$&'()*+;=%~?-]*$/
    : /^[A-Za-z/][\w./:#@!$&'()*+;=%~?,[\]{}|^"\\<>-]*$/
  return (
    characters.test(value) && !value.endsWith(':') && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  )
}

/** A date that YAML readers take for one: `YYYY-MM-DD`, and a day that exists. */
export function isDate(value: string): boolean {
  // A day that its month does not have becomes one of the next month.
  return /^\d{4}-\d\d-\d\d$/.test(value) && new Date(value).getUTCDate() === Number(value.slice(8))
}
