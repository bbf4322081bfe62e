import { dirname, isAbsolute, join } from 'node:path'
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import { closest } from '../catalog/closest.ts'
import { DefectList } from '../catalog/defects.ts'
import { type CommandName, commandNames } from '../commands.ts'
import { type Place, UpdaterError } from '../errors.ts'
import { type AnyRow, type Type, WrongValue } from '../option.ts'
import { keyOf, optionsOf, rowOfKey, rows } from '../options.ts'
import { parseYaml, type YamlFile } from '../yaml.ts'
import { type Mapping, sections } from './sections.ts'
import { type Configuration, type FileValue, givenOf } from './types.ts'

/** Keys and positions in lists, from the top. */
type Path = readonly PropertyKey[]
type Values = Readonly<Record<string, unknown>>

/** An option in a configuration file. */
interface Entry {
  readonly row: AnyRow
  readonly value: FileValue
  readonly path: Path
}

/** Words and signs of a configuration file: each key is compared with all others. */
const maximumLexemes = 100_000

const emptyRemedy = 'Give it a value or leave it out'

/**
 * Reads the text of a configuration file and checks all of it, whichever command is run.
 * @param trusted whether the user has named the file, or it lies in the administrator's folder
 * @param command whose own options, under `commands`, go over those of all
 * @throws UpdaterError CONFIGURATION if the text is no YAML
 */
export function parseConfiguration(
  file: string,
  text: string,
  trusted: boolean,
  command?: string,
): Omit<Configuration, 'warnings'> {
  const reader = new Reader(file, text)
  const values = reader.top()
  const others = ['commands', ...Object.keys(sections)]
  const common = reader.options(values, [], undefined, others)
  const own = Object.entries(reader.mapping(values.commands, ['commands'])).map(([name, section]) => {
    const path = ['commands', name]
    if (!commandNames.some((one) => one === name)) {
      reader.refuse(path, 'is no command', `The commands are ${commandNames.join(', ')}`)
    }
    return { name, entries: reader.options(reader.mapping(section, path), path, name as CommandName) }
  })
  const overrides = reader.list(values.overrides, ['overrides'], sections.overrides.item)
  const sources = reader.list(values.sources, ['sources'], sections.sources.item)
  const skip = reader.list(values.skip, ['skip'], sections.skip.item)
  if (!trusted) {
    const options = [...common, ...own.flatMap(({ entries }) => entries)]
    const paths = [
      ...options.filter(({ row }) => !row.harmless).map(({ path }) => path),
      ...Object.keys(sections).flatMap((key) => (Object.hasOwn(values, key) ? [[key]] : [])),
    ]
    for (const path of paths) reader.refuse(path, distrusted, distrustedRemedy)
  }
  const ofCommand = own.find(({ name }) => name === command)?.entries ?? []
  const inForce = new Map([...common, ...ofCommand].map((entry) => [keyOf(entry.row), entry]))
  return {
    file,
    options: Object.fromEntries(
      [...inForce].map(([key, { row, value }]) => [key, fromFolder(row, value, dirname(file))]),
    ),
    commands: own.map(({ name }) => name),
    overrides,
    sources,
    skip,
    trusted,
    defects: reader.defects,
    placeOf: (key) => {
      const isOther = others.includes(key) && Object.hasOwn(values, key)
      const path = inForce.get(key)?.path ?? (isOther ? [key] : undefined)
      return path && reader.placeOf(path)
    },
  }
}

const distrusted = 'is not taken from a file that was merely found in the working folder'
const distrustedRemedy = 'If you trust the file, name it with --config or IMAGE_UPDATER_CONFIG'

function fromFolder({ type }: AnyRow, value: FileValue, folder: string): FileValue {
  const from = (path: string) => (isAbsolute(path) ? path : join(folder, path))
  if (type.path === undefined) return value
  if (typeof value === 'string') return from(value)
  return typeof value === 'object' ? value.map(from) : value
}

/** Reads the parts of a configuration file and keeps what is wrong with them, so that all of it is told at once. */
class Reader {
  readonly #defects = new DefectList()
  /** How many there are, told or not. */
  #found = 0
  readonly #yaml: YamlFile

  /** @throws UpdaterError CONFIGURATION if the text is no YAML */
  constructor(file: string, text: string) {
    this.#yaml = parseYaml(file, text, { logLevel: 'error' }, maximumLexemes)
    const [error] = this.#yaml.errors
    if (error !== undefined) throw this.#noYaml(error.offset, error.message, error.remedy)
  }

  get defects(): readonly UpdaterError[] {
    return this.#defects.all
  }

  #noYaml(offset: number, why: string, remedy = 'Correct the file, e.g. with the help of yamllint') {
    const message = `The configuration is not valid YAML: ${why}`
    return new UpdaterError('CONFIGURATION', message, { place: this.#yaml.place(offset), remedy })
  }

  /** Returns the whole file. @throws UpdaterError CONFIGURATION if its aliases grow beyond measure */
  top(): Values {
    try {
      return this.mapping(this.#yaml.document?.toJS({ maxAliasCount: 100 }) ?? {}, [])
    } catch (error) {
      throw this.#noYaml(0, (error as Error).message)
    }
  }

  /** Returns the place of the key or list item at the path, or of the closest one above it. */
  placeOf(path: Path): Place {
    const { document } = this.#yaml
    let node: unknown = document?.contents
    let offset = startOf(node)
    for (const step of path) {
      if (isAlias(node) && document !== undefined) node = node.resolve(document)
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
        if (pair === undefined) break
        offset = startOf(pair.key)
        node = pair.value
      } else if (isSeq(node) && typeof step === 'number') {
        node = node.items[step]
        offset = startOf(node)
      } else break
    }
    return this.#yaml.place(offset)
  }

  /** @param path of the key that is wrong */
  refuse(path: Path, what: string, remedy?: string): undefined {
    this.#tell(path, () => {
      const subject = path.length === 0 ? 'The configuration' : `"${nameOf(path)}"`
      return { sentence: `${subject} ${what}`, remedy }
    })
  }

  mapping(value: unknown, path: Path): Values {
    if (isMapping(value)) return value
    this.#refuseShape(value, path, 'is not a mapping')
    return {}
  }

  /**
   * Returns the options that can be shown, right or wrong.
   * @param command whose section it is
   * @param others keys that the section may have beside those of options
   */
  options(section: Values, path: Path, command?: CommandName, others: readonly string[] = []): Entry[] {
    const known = [...rows.filter(({ file }) => file !== false).map(keyOf), ...others]
    return Object.entries(section).flatMap(([key, value]) => {
      if (others.includes(key)) return []
      const at = [...path, key]
      const row = rowOfKey(key, command)
      if (row === undefined) return this.#refuseKey(at, known) ?? []
      const newer = keyOf(row)
      if (newer !== key && Object.hasOwn(section, newer)) {
        return this.refuse(at, `is the older name of ${newer}, which is set as well`, 'Leave it out') ?? []
      }
      const own = command === undefined ? undefined : optionsOf(command).find(({ name }) => name === row.name)
      const read = this.#value((own ?? row).type, value, at)
      return read === undefined ? [] : [{ row, value: read, path: at }]
    })
  }

  /** Returns the items that are as they should be. */
  list<Item>(list: unknown, path: Path, item: Mapping<Item>): Item[] {
    if (Array.isArray(list)) {
      return list.flatMap((value: unknown, index) => this.#item(value, [...path, index], item) ?? [])
    }
    this.#refuseShape(list, path, 'is not a list')
    return []
  }

  #item<Item>(value: unknown, path: Path, { fields }: Mapping<Item>): Item | undefined {
    const before = this.#found
    const held = this.mapping(value, path)
    const names = isMapping(value) ? (Object.keys(fields) as (keyof Item & string)[]) : []
    const read = names.map((name) => {
      const at = [...path, snake(name)]
      const { is, optional } = fields[name]
      if (!Object.hasOwn(held, snake(name))) {
        return [name, optional ? undefined : this.refuse(at, 'is missing')] as const
      }
      if ('fields' in is) return [name, this.#item(held[snake(name)], at, is)] as const
      const read = this.#value(is, held[snake(name)], at)
      const isRight = read !== undefined && this.#found === before
      return [name, isRight ? is.parse(givenOf(read)) : undefined] as const
    })
    const known = names.map(snake)
    for (const key of Object.keys(held)) if (!known.includes(key)) this.#refuseKey([...path, key], known)
    return this.#found === before ? (Object.fromEntries(read) as Item) : undefined
  }

  /** Returns what can be shown; what is wrong with it is kept. */
  #value(type: Type<unknown>, value: unknown, path: Path): FileValue | undefined {
    if (value === null) return this.#refuseShape(value, path, '')
    if (!hasShape(type, value)) {
      const isEmpty = Array.isArray(value) && value.length === 0
      if (isEmpty && type.form === 'list') return this.refuse(path, 'is empty', emptyRemedy)
      const isPlain = ['number', 'boolean'].includes(typeof value)
      const wantsText = type.schema.type === 'string' && type.schema.enum === undefined
      return this.refuse(path, type.what, isPlain && wantsText ? 'Put the value into quotes' : undefined)
    }
    try {
      type.parse(givenOf(value))
    } catch (error) {
      if (!(error instanceof WrongValue)) throw error
      this.refuse(path, error.message, error.remedy)
    }
    return value
  }

  /** Nothing is wrong with what is not there. */
  #refuseShape(value: unknown, path: Path, what: string): undefined {
    if (value === null) return this.refuse(path, 'has no value', emptyRemedy)
    if (value !== undefined) this.refuse(path, what)
  }

  #refuseKey(path: Path, known: readonly string[]): undefined {
    this.#tell(path, () => {
      const key = String(path.at(-1))
      const negated = /^no[-_](.+)$/.exec(key)?.[1]?.replaceAll('-', '_')
      const meant = closest(key.replaceAll('-', '_').replace(/^_+/, ''), known)
      const remedy =
        negated !== undefined && known.includes(negated)
          ? `Write it as ${negated}: false`
          : meant.length > 0
            ? `Perhaps you meant ${meant.join(' or ')}`
            : `The keys here are ${known.join(', ')}`
      const where = path.length === 1 ? '' : ` in "${nameOf(path.slice(0, -1))}"`
      return { sentence: `There is no key "${key}"${where}`, remedy }
    })
  }

  /** @param describe is called for what is told alone */
  #tell(
    path: Path,
    describe: () => { readonly sentence: string; readonly remedy: string | undefined },
  ): void {
    this.#found += 1
    this.#defects.add(() => {
      const { sentence, remedy } = describe()
      return new UpdaterError('CONFIGURATION', sentence, { place: this.placeOf(path), remedy })
    })
  }
}

/** Whether YAML holds a type that the option has. */
function hasShape({ schema, form }: Type<unknown>, value: unknown): value is FileValue {
  const shapes = schema.anyOf ?? [schema]
  const types = shapes.map(({ type }) => type)
  // Of a list each item is looked at when it is read, which tells what may be meant.
  const words = form === 'list' ? undefined : shapes.find(({ type }) => type === 'string')?.enum
  if (typeof value === 'string') return types.includes('string') && (words ?? [value]).includes(value)
  if (typeof value === 'boolean') return types.includes('boolean')
  if (Array.isArray(value)) {
    return types.includes('array') && value.length > 0 && value.every((one) => typeof one === 'string')
  }
  return Number.isSafeInteger(value) && types.includes('integer')
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

/** `latestUrl` → `latest_url` */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function isMapping(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `sources[0].strategy` */
function nameOf(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}
