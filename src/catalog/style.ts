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

/** How the versions of a file are written: as those that stand there, or else as ruamel.yaml would write them. */
export interface VersionStyle {
  /** Columns from the key `versions` to the dash of an entry. */
  readonly dash: number
  /** Columns from the dash to the first key of the entry. */
  readonly entry: number
  readonly fold: Fold | undefined
  /** Around the values of `version`. */
  readonly quotes: Scalar.Type
  /** Orders in which the keys of versions stand in the file, without repetitions. */
  readonly orders: readonly (readonly VersionKey[])[]
}

/** How long values stand on the line after their key. */
export interface Fold {
  /** What stands between the colon and the line break. */
  readonly gap: string
  /** Columns by which the value is further in than its key. */
  readonly indent: number
}

/** Columns; a longer line is folded if the file folds. */
const lineWidth = 80
/** A file has one or two orders. More are not looked at, so that the work stays linear. */
const maximumOrders = 16

export function measureStyle(document: CatalogDocument, images: CatalogNode | undefined): VersionStyle {
  const orders = new Map<string, VersionKey[]>()
  let columns: Pick<VersionStyle, 'dash' | 'entry'> | undefined
  let fold: Fold | undefined
  let quotes: Scalar.Type | undefined
  for (const { key, list, entry } of versionsIn(images)) {
    const order = keysOf(entry)
    if (orders.size < maximumOrders) orders.set(order.join(), order)
    quotes ??= quotesIn(entry, 'version')
    if (entry.flow || list.flow) continue
    fold ??= foldOf(document, entry)
    const dash = document.column(list.range[0])
    columns ??= {
      dash: dash - document.column(key.range[0]),
      entry: document.column(entry.range[0]) - dash,
    }
  }
  const outer = isList(images) && !images.flow ? document.column(images.range[0]) : 2
  return {
    ...(columns ?? { dash: outer, entry: 2 }),
    fold,
    quotes: quotes ?? 'QUOTE_SINGLE',
    orders: [...orders.values()],
  }
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
function quotesIn(version: CatalogMap, key: VersionKey): Scalar.Type | undefined {
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

/** How long values that come into a mapping are folded: as its own, else as in the rest of the file. */
function foldFor(document: CatalogDocument, map: CatalogMap, style: VersionStyle): Fold | undefined {
  const own = foldOf(document, map)
  return own ?? (map.items.some((pair) => isLongLine(document, pair)) ? undefined : style.fold)
}

/** Does the value stand on the line of its key although that line is longer than 80 columns? */
function isLongLine(document: CatalogDocument, { key, value }: CatalogPair): boolean {
  return (
    isScalar(value) &&
    document.lineStart(value.range[0]) === document.lineStart(key.range[0]) &&
    document.column(value.range[1]) > lineWidth
  )
}

/**
 * Puts `missing` keys among the `present` ones: each after the nearest of its predecessors, in the order of
 * the file's other versions that agrees best with what is present.
 */
export function arrange(
  present: readonly VersionKey[],
  missing: readonly VersionKey[],
  { orders }: VersionStyle,
): VersionKey[] {
  const arranged = [...present]
  for (const key of missing) {
    const order = referenceOrder(present, key, orders)
    const before = order.slice(0, order.indexOf(key))
    const predecessor = before.reverse().find((candidate) => arranged.includes(candidate))
    arranged.splice(predecessor === undefined ? 0 : arranged.indexOf(predecessor) + 1, 0, key)
  }
  return arranged
}

function referenceOrder(
  present: readonly VersionKey[],
  key: VersionKey,
  orders: VersionStyle['orders'],
): readonly VersionKey[] {
  const agrees = (order: readonly VersionKey[]) => {
    const positions = present.filter((other) => order.includes(other)).map((other) => order.indexOf(other))
    return positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0))
  }
  const candidates = [...orders.filter((order) => order.includes(key)), versionKeys]
  return candidates.find(agrees) ?? candidates[0] ?? versionKeys
}

/** Where pairs are written: in braces, or in lines whose keys stand in column `indent`. */
export type Surroundings = 'flow' | { readonly indent: number; readonly eol: string }

/** Those of the pairs of a mapping. */
export function surroundingsOf(document: CatalogDocument, map: CatalogMap): Surroundings {
  if (map.flow) return 'flow'
  return { indent: document.column(map.range[0]), eol: lineBreak(document.text, map.range[0]) }
}

/** Renders `key: value` with the quotes and folds of a neighbouring version, else as is usual in the file. */
export function renderPairs(
  document: CatalogDocument,
  style: VersionStyle,
  pairs: readonly (readonly [VersionKey, string])[],
  neighbour: CatalogMap | undefined,
  where: Surroundings,
): string[] {
  const usual = neighbour === undefined ? style.fold : foldFor(document, neighbour, style)
  return pairs.map(([key, value]) => {
    const beside = neighbour && ownPair(neighbour, key)
    const fold = beside !== undefined && isLongLine(document, beside) ? undefined : usual
    const quotes = (neighbour && quotesIn(neighbour, key)) ?? (key === 'version' ? style.quotes : 'PLAIN')
    return renderPair(key, value, quotes, fold, where)
  })
}

/** The pairs of a new version, in the order of a neighbouring one. */
export function arrangeValues(
  values: Values,
  neighbour: CatalogMap | undefined,
  style: VersionStyle,
): [VersionKey, string][] {
  const present = neighbour === undefined ? [] : keysOf(neighbour)
  const wanted = [...values.keys()].filter((key) => values.get(key) !== null)
  const order = arrange(
    present,
    wanted.filter((key) => !present.includes(key)),
    style,
  )
  return order.flatMap((key): [VersionKey, string][] => {
    const value = values.get(key)
    return typeof value === 'string' ? [[key, value]] : []
  })
}

function renderPair(
  key: VersionKey,
  value: string,
  quotes: Scalar.Type,
  fold: Fold | undefined,
  where: Surroundings,
): string {
  const rendered = renderValue(key, value, quotes, where === 'flow')
  const line = `${key}: ${rendered}`
  if (where === 'flow' || fold === undefined || where.indent + line.length <= lineWidth) return line
  return `${key}:${fold.gap}${where.eol}${' '.repeat(where.indent + fold.indent)}${rendered}`
}

/** A value on one line; a build date is written as a date, and so without quotes. */
export function renderValue(
  key: VersionKey,
  value: string,
  quotes: Scalar.Type | undefined,
  inFlow: boolean,
): string {
  return key === 'build_date' ? value : renderText(value, quotes, inFlow)
}

/**
 * The value as a one-line scalar that readers of YAML 1.1 and of YAML 1.2 take for the same text, with the
 * wanted quotes if that is possible.
 */
function renderText(value: string, quotes: Scalar.Type | undefined, inFlow: boolean): string {
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
