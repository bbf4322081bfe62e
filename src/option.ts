/**
 * What a row of the table of options is made of. Rows are light: whatever the command line, the configuration file,
 * the environment and the documentation need of an option is made from them where it is needed.
 */

/** The commands that write to the mirror, or remove from it. */
export const mirrors = ['update', 'mirror', 'prune', 'serve'] as const

/** A value as it was given, unchecked: numbers of a configuration file are text by then. */
export type Given = string | boolean | readonly string[]

/** As much of JSON Schema as says what a configuration file may hold. */
export interface JsonSchema {
  readonly type?: 'string' | 'integer' | 'boolean' | 'array' | 'object'
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly string[]
  readonly [keyword: string]: unknown
}

/** A kind of values. */
export interface Type<Value> {
  /** How it is given: a flag has no value, a list may be given several times. */
  readonly form: 'flag' | 'text' | 'list'
  /** What stands for the value in the help. */
  readonly placeholder: string
  /** What a configuration file may hold. */
  readonly schema: JsonSchema
  /** What a value of another type is told: "is not text". */
  readonly what: string
  readonly choices?: readonly string[]
  /** Names a file or folder: the shell completes it; in a configuration file it counts from the file's folder. */
  readonly path?: 'files' | 'directories'
  /** The smallest number that it can be. Default: 1. */
  readonly least?: number
  /** Where several stand in one environment variable. */
  readonly separator?: string
  /** @throws WrongValue */
  readonly parse: (given: Given) => Value
}

/** One option. */
export interface Row<Name extends string, Value, Commands extends string> extends Facts<Value> {
  /** `minio-bucket`: the flag is `--minio-bucket`, the key in a configuration file `minio_bucket`. */
  readonly name: Name
  readonly commands: readonly Commands[]
  /** What is different for single commands. */
  readonly own: { readonly [Command in Commands]?: Partial<Facts<Value>> }
}

/** What can differ from command to command. */
export interface Facts<Value> {
  /** The flag of one that is on by default is `--no-…`. */
  readonly type: Type<NonNullable<Value>>
  readonly default?: Given | undefined
  readonly help: string
  /** The heading in the help. */
  readonly group: string
  /** In place of the type's. */
  readonly placeholder?: string | undefined
  /** The environment variable. */
  readonly env?: string | undefined
  /**
   * Never printed. `identity`: not shown with the options in force either, but not searched for in other output, since
   * a plain word may be one.
   */
  readonly secret?: true | 'identity' | undefined
  /** A configuration file that nobody named, found in the working folder, may set it. */
  readonly harmless?: true | undefined
  /** False: it confirms one call, or says where this one's output goes; no file sets it. */
  readonly file?: false | undefined
  /** A name that still works, as a flag and in a configuration file, and that no help shows. */
  readonly formerly?: string | undefined
  /** The name of an option that cannot stand beside it on the command line. */
  readonly conflicts?: string | undefined
  /** It works, but the help does not show it. */
  readonly hidden?: true | undefined
}

/** A row, whichever it is. */
export type AnyRow = Row<string, unknown, string>

export type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name

/** `minio-bucket` → `minioBucket`. */
export function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The values of some rows, by the name in camel case: `minioBucket`. */
export type ValuesOf<Rows extends readonly AnyRow[]> = {
  readonly [One in Rows[number] as Camel<One['name']>]: One extends Row<string, infer Value, string>
    ? Value
    : never
}

type Description<Value, Commands extends string, Default> = Omit<
  Row<string, Value, Commands>,
  'name' | 'own' | 'default'
> & {
  readonly default?: Default
  readonly own?: { readonly [Command in Commands]?: Partial<Facts<Value>> }
}

/** A flag is false where it is not given; of the others only those with a default always have a value. */
type Settled<Value, Default> = [Value] extends [boolean]
  ? boolean
  : Default extends Given
    ? Value
    : Value | undefined

export function option<
  const Name extends string,
  Value,
  const Commands extends string,
  const Default extends Given | undefined = undefined,
>(
  name: Name,
  description: Description<Value, Commands, Default>,
): Row<Name, Settled<Value, Default>, Commands> {
  return { own: {}, ...description, name } as unknown as Row<Name, Settled<Value, Default>, Commands>
}

/** What is wrong with a value: `what` goes on after the name of the option. It never repeats the value. */
export class WrongValue extends Error {
  readonly what: string
  readonly remedy: string | undefined

  constructor(what: string, remedy?: string) {
    super(what)
    this.what = what
    this.remedy = remedy
  }
}

/** A kind of text, read by `parse`. @param placeholder what stands for it in the help */
export function written<Value>(
  placeholder: string,
  parse: (text: string) => Value,
  schema: JsonSchema = { type: 'string', minLength: 1 },
  what = 'is not text',
): Type<Value> {
  return { form: 'text', placeholder, schema, what, parse: (given) => parse(String(given)) }
}

export const text = (placeholder = 'text'): Type<string> => written(placeholder, filled)

/** Text that may be empty. @param check throws WrongValue */
export function anyText(placeholder: string, check: (text: string) => string = (text) => text): Type<string> {
  return written(placeholder, check, { type: 'string' })
}

export function flag(): Type<boolean> {
  return {
    form: 'flag',
    placeholder: '',
    schema: { type: 'boolean' },
    what: 'is neither true nor false',
    parse: (given) => given === true,
  }
}

export function list(placeholder: string): Type<readonly string[]> {
  return {
    form: 'list',
    placeholder,
    schema: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { minItems: 1, type: 'array', items: { type: 'string', minLength: 1 } },
      ],
    },
    what: 'is neither text nor a list of texts',
    parse: (given) => [given].flat().map((one) => filled(String(one))),
  }
}

export function path(kind: 'files' | 'directories', placeholder = kind === 'files' ? 'file' : 'dir') {
  return { ...text(placeholder), path: kind }
}

export function paths(placeholder: string): Type<readonly string[]> {
  return { ...list(placeholder), path: 'files', separator: ':' }
}

export function choice<const Choice extends string>(
  placeholder: string,
  choices: readonly [Choice, ...Choice[]],
): Type<Choice> {
  const what = `is not one of ${choices.join(', ')}`
  const parse = (text: string): Choice => {
    const found = choices.find((one) => one === text)
    if (found === undefined) throw new WrongValue(what)
    return found
  }
  return { ...written(placeholder, parse, { type: 'string', enum: choices }, what), choices }
}

export function count(most: number): Type<number> {
  const what = `is not a whole number from 1 to ${most}`
  const parse = (text: string): number => {
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
    if (value >= 1 && value <= most) return value
    throw new WrongValue(what)
  }
  return written('n', parse, { type: 'integer', minimum: 1, maximum: most }, what)
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
  t: 2 ** 40,
  tib: 2 ** 40,
  tb: 1e12,
}

/** Bytes, or a number with a unit: `64GiB`. */
export function size(): Type<number> {
  const what = 'is not a size such as 64GiB or 500MB'
  const parse = (text: string): number => {
    const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([a-z]*)$/i.exec(text.trim()) ?? []
    const factor = sizeUnits[unit.toLowerCase()]
    const bytes = number === '' || factor === undefined ? Number.NaN : Math.floor(Number(number) * factor)
    if (Number.isSafeInteger(bytes) && bytes > 0) return bytes
    throw new WrongValue(what)
  }
  const pattern = '^[0-9]+(\\.[0-9]+)? ?([KMGTkmgt][Ii]?)?[Bb]?$'
  return written('size', parse, numberOr({ type: 'string', pattern }, 1), what)
}

const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Milliseconds of `90s`, `15m`, `2h`, `1d`. @param most days */
export function duration(most: number): Type<number> {
  const what = `is not a length of time up to ${most} days`
  const parse = (text: string): number => {
    const [, number, unit = ''] = /^([0-9]{1,6}) ?([smhd])$/.exec(text.trim()) ?? []
    const seconds = Number(number) * (timeUnits[unit] ?? Number.NaN)
    if (seconds <= most * 86_400) return seconds * 1000
    throw new WrongValue(what, 'Give a number with a unit: 90s, 15m, 2h, 1d')
  }
  return { ...written('time', parse, { type: 'string', pattern: '^[0-9]{1,6} ?[smhd]$' }, what), least: 0 }
}

/** A number of days: `90` or `90d`. */
export function days(): Type<number> {
  const what = 'is not a number of days such as 90d'
  const parse = (text: string): number => {
    const number = /^([0-9]{1,5}) ?d?$/.exec(text.trim())?.[1]
    if (number !== undefined) return Number(number)
    throw new WrongValue(what)
  }
  return {
    ...written('time', parse, numberOr({ type: 'string', pattern: '^[0-9]{1,5} ?d?$' }, 0), what),
    least: 0,
  }
}

function numberOr(other: JsonSchema, minimum: number): JsonSchema {
  return { anyOf: [{ type: 'integer', minimum, maximum: Number.MAX_SAFE_INTEGER }, other] }
}

/** A web address that is printed and published: without a user, a query or a fragment. */
export function url(): Type<string> {
  return written('url', (text) => {
    parseUrl(text, 'Give a URL that begins with https:// or http://')
    return text
  })
}

/** Returns the text, or throws where nothing stands in it. */
export function filled(text: string): string {
  if (text.trim() !== '') return text
  throw new WrongValue('is empty', 'Give it a value or leave it out')
}

const unprintable = /[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** @throws WrongValue */
export function parseUrl(text: string, remedy: string): URL {
  const url = !unprintable.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '' || !['http:', 'https:'].includes(url.protocol)) {
    throw new WrongValue('is not the address of a web server', remedy)
  }
  if (url.username !== '' || url.password !== '') {
    throw new WrongValue('holds a user or a password', 'Leave them out: the URL is printed and published')
  }
  if (/[?#]/.test(text)) throw new WrongValue('has a query or a fragment', 'Leave out what follows ? or #')
  return url
}

/** A path below a server or a bucket; may be empty. @throws WrongValue */
export function plainPath(text: string): string {
  const isPlain = !/[\u0000-\u001f\u007f?#\\]/.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text)
  if (isPlain) return text
  throw new WrongValue('is not a plain path', 'Leave out ., .., ?, #, backslashes and control characters')
}
