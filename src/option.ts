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
  /** How it is given: a flag has no value, a list may be given several times, in a variable with : between. */
  readonly form: 'flag' | 'text' | 'list'
  /** What stands for the value in the help. */
  readonly placeholder: string
  /** What a configuration file may hold. */
  readonly schema: JsonSchema
  /** What a value of another type is told: "is not text". */
  readonly what: string
  /** Names a file or folder: the shell completes it; in a configuration file it counts from the file's folder. */
  readonly path?: 'files' | 'directories'
  /** How a program gives it, where that is not as `parse` makes it of the same text. */
  readonly typed?: Typed
  /** @throws WrongValue */
  readonly parse: (given: Given) => Value
}

interface Typed {
  readonly is: (value: unknown) => boolean
  /** What another value is told: "is not a whole number of days". */
  readonly what: string
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
  /** The names of options that cannot stand beside it on the command line. */
  readonly conflicts?: readonly string[] | undefined
  /** It works, but the help does not show it. */
  readonly hidden?: true | undefined
}

/** Returns the value that counts where none is given. @throws WrongValue */
export function defaultOf<Value>({ type, default: value }: Facts<Value>): Value | undefined {
  if (value !== undefined) return type.parse(value)
  return type.form === 'flag' ? type.parse(false) : undefined
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
  'name' | 'type' | 'own' | 'default'
> &
  Partial<Pick<Row<string, Value, Commands>, 'own'>> & { readonly default?: Default }

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
  type: Type<Value>,
  description: Description<Value, Commands, Default>,
): Row<Name, Settled<Value, Default>, Commands> {
  return { own: {}, ...description, name, type } as unknown as Row<Name, Settled<Value, Default>, Commands>
}

/** What is wrong with a value: the message goes on after the name of the option. It never repeats the value. */
export class WrongValue extends Error {
  readonly remedy: string | undefined

  constructor(message: string, remedy?: string) {
    super(message)
    this.remedy = remedy
  }
}

/**
 * A kind of text.
 * @param placeholder what stands for it in the help
 * @param parse returns undefined for a text that `what` is said of, or throws WrongValue
 */
export function written<Value>(
  placeholder: string,
  parse: (text: string) => Value | undefined,
  schema: JsonSchema = { type: 'string', minLength: 1 },
  what = 'is not text',
  remedy?: string,
): Type<Value> {
  const read = (given: Given) => {
    const value = parse(String(given))
    if (value === undefined) throw new WrongValue(what, remedy)
    return value
  }
  return { form: 'text', placeholder, schema, what, parse: read }
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

/** @param item reads one text of the list, or throws WrongValue */
export function list(placeholder: string, item: (text: string) => string = filled): Type<readonly string[]> {
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
    parse: (given) => [given].flat().map((one) => item(String(one))),
  }
}

export function path(kind: 'files' | 'directories', placeholder = kind === 'files' ? 'file' : 'dir') {
  return { ...text(placeholder), path: kind }
}

export function paths(placeholder: string, kind: 'files' | 'directories' = 'files'): Type<readonly string[]> {
  return { ...list(placeholder), path: kind }
}

export function choice<const Choice extends string>(
  placeholder: string,
  choices: readonly [Choice, ...Choice[]],
): Type<Choice> {
  const find = (text: string) => choices.find((one) => one === text)
  const what = `is not one of ${choices.join(', ')}`
  return written(placeholder, find, { type: 'string', enum: choices }, what)
}

export function count(most: number): Type<number> {
  const parse = (text: string) => {
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
    return value >= 1 && value <= most ? value : undefined
  }
  const schema = { type: 'integer', minimum: 1, maximum: most } as const
  return written('n', parse, schema, `is not a whole number from 1 to ${most}`)
}

/** Bytes, or a number with a unit: `64GiB`. `K` and `KiB` are 1024 bytes, `KB` is 1000. */
export function size(): Type<number> {
  const parse = (text: string) => {
    const [, number, prefix = '', suffix = ''] =
      /^([0-9]+(?:\.[0-9]+)?) ?(?:([kmgt])(ib|b)?|b)?$/i.exec(text.trim()) ?? []
    const power = ['', 'k', 'm', 'g', 't'].indexOf(prefix.toLowerCase())
    const bytes = Math.floor(Number(number) * (suffix.toLowerCase() === 'b' ? 1000 : 1024) ** power)
    return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
  }
  const pattern = '^[0-9]+(\\.[0-9]+)? ?([KMGTkmgt][Ii]?)?[Bb]?$'
  const schema = numberOr({ type: 'string', pattern }, 1)
  const type = written('size', parse, schema, 'is not a size such as 64GiB or 500MB')
  return { ...type, typed: whole('bytes', 1, Number.MAX_SAFE_INTEGER) }
}

const timeUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Milliseconds of `90s`, `15m`, `2h`, `1d`. @param most days */
export function duration(most: number): Type<number> {
  const parse = (text: string) => {
    const [, number, unit = ''] = /^([0-9]{1,6}) ?([smhd])$/.exec(text.trim()) ?? []
    const seconds = Number(number) * (timeUnits[unit] ?? Number.NaN)
    return seconds <= most * 86_400 ? seconds * 1000 : undefined
  }
  const schema = { type: 'string', pattern: '^[0-9]{1,6} ?[smhd]$' } as const
  const what = `is not a length of time up to ${most} days`
  const type = written('time', parse, schema, what, 'Give a number with a unit: 90s, 15m, 2h, 1d')
  return { ...type, typed: whole('milliseconds', 0, most * 86_400_000) }
}

/** A number of days: `90` or `90d`. */
export function days(): Type<number> {
  const parse = (text: string) => {
    const number = /^([0-9]{1,5}) ?d?$/.exec(text.trim())?.[1]
    return number === undefined ? undefined : Number(number)
  }
  const schema = numberOr({ type: 'string', pattern: '^[0-9]{1,5} ?d?$' }, 0)
  const type = written('time', parse, schema, 'is not a number of days such as 90d')
  return { ...type, typed: whole('days', 0, 99_999) }
}

function whole(unit: string, least: number, most: number): Typed {
  const is = (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
  return { is, what: `is not a whole number of ${unit} from ${least} to ${most}` }
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
