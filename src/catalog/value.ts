import { isScalar } from 'yaml'
import { type CatalogNode, isList, isMapping } from './document.ts'
import { textOf } from './fields.ts'

/** What a value is for OpenStack Image Manager, which reads YAML 1.1. */
export type Kind =
  | 'nothing'
  | 'yes or no'
  | 'a whole number'
  | 'a number'
  | 'a date'
  | 'text'
  | 'a list'
  | 'a mapping'

export interface Value {
  readonly kind: Kind
  /** Of a scalar; a final line break (block scalars) is left out. */
  readonly text: string
}

export function readValue(node: CatalogNode): Value {
  if (isMapping(node)) return { kind: 'a mapping', text: '' }
  if (isList(node)) return { kind: 'a list', text: '' }
  if (!isScalar(node)) return { kind: 'nothing', text: '' }
  const text = textOf(node) ?? ''
  const isText = node.type !== 'PLAIN' || /^(?:!|tag:yaml\.org,2002:str)$/.test(node.tag ?? '')
  return { kind: isText ? 'text' : kindOfPlain(text), text }
}

/** The implicit types of https://yaml.org/type/, in the form that PyYAML gives them. */
const plainKinds: readonly (readonly [Kind, RegExp])[] = [
  ['nothing', /^(?:~|null|Null|NULL|)$/],
  ['yes or no', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/],
  ['a whole number', /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][\d_]*|0x[\da-fA-F_]+|[1-9][\d_]*(?::[0-5]?\d)+)$/],
  [
    'a number',
    /^[-+]?(?:(?:\d[\d_]*)\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?|\d[\d_]*(?::[0-5]?\d)+\.[\d_]*|\.(?:inf|Inf|INF|nan|NaN|NAN))$/,
  ],
  [
    'a date',
    /^\d{4}-(?:\d\d-\d\d|\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  ],
]

function kindOfPlain(text: string): Kind {
  return plainKinds.find(([, pattern]) => pattern.test(text))?.[0] ?? 'text'
}

/** The day of a date, `YYYY-MM-DD`; `undefined` for one that no calendar has. */
export function calendarDay(text: string): string | undefined {
  const [, year = '', month = '', day = ''] = /^(\d{4})-?(\d\d?)-?(\d\d?)(?:\D|$)/.exec(text) ?? []
  const written = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const time = Date.parse(`${written}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(written) ? written : undefined
}
