import { closest } from '../catalog/closest.ts'
import type { CommandName } from '../commands.ts'
import { type Place, UpdaterError } from '../errors.ts'
import { type AnyRow, type Type, WrongValue } from '../option.ts'
import { keyOf, optionsOf, rowOfKey, rows } from '../options.ts'
import { type ConfigurationDocument, openDocument, type Path } from './document.ts'
import type { Mapping } from './sections.ts'
import { type FileValue, givenOf } from './types.ts'

/** An option in a configuration file. */
export interface Entry {
  readonly row: AnyRow
  readonly value: FileValue
  readonly path: Path
}

/** Reads the parts of a configuration file and keeps what is wrong with them, so that all of it is told at once. */
export class Reader {
  readonly #document: ConfigurationDocument
  readonly #defects: UpdaterError[] = []

  /** @throws UpdaterError CONFIGURATION if the text is no YAML */
  constructor(file: string, text: string) {
    this.#document = openDocument(file, text)
  }

  get defects(): readonly UpdaterError[] {
    return this.#defects
  }

  /** The whole file. */
  top(): Readonly<Record<string, unknown>> {
    return this.mapping(this.#document.values ?? {}, [])
  }

  placeOf(path: Path): Place {
    return this.#document.place(path)
  }

  /** @param path of the key that is wrong */
  refuse(path: Path, what: string, remedy?: string): undefined {
    const subject = path.length === 0 ? 'The configuration' : `"${nameOf(path)}"`
    this.#tell(`${subject} ${what}`, path, remedy)
  }

  mapping(value: unknown, path: Path): Readonly<Record<string, unknown>> {
    if (isMapping(value)) return value
    if (value !== undefined) this.#refuseShape(value, path, 'is not a mapping')
    return {}
  }

  /**
   * Returns the options that can be shown, right or wrong.
   * @param command whose section it is
   * @param others keys that the section may have beside those of options
   */
  options(
    section: Readonly<Record<string, unknown>>,
    path: Path,
    command?: CommandName,
    others: readonly string[] = [],
  ): Entry[] {
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
    if (list !== undefined) this.#refuseShape(list, path, 'is not a list')
    return []
  }

  #item<Item>(value: unknown, path: Path, { fields }: Mapping<Item>): Item | undefined {
    const before = this.#defects.length
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
      const isRight = read !== undefined && this.#defects.length === before
      return [name, isRight ? is.parse(givenOf(read)) : undefined] as const
    })
    const known = names.map(snake)
    for (const key of Object.keys(held)) if (!known.includes(key)) this.#refuseKey([...path, key], known)
    return this.#defects.length === before ? (Object.fromEntries(read) as Item) : undefined
  }

  /** Returns what can be shown; what is wrong with it is kept. */
  #value(type: Type<unknown>, value: unknown, path: Path): FileValue | undefined {
    if (value === null) return this.#refuseShape(value, path, '')
    try {
      assertShape(type, value)
    } catch (error) {
      return this.#refuseValue(error, path)
    }
    try {
      type.parse(givenOf(value))
    } catch (error) {
      this.#refuseValue(error, path)
    }
    return value
  }

  #refuseValue(thrown: unknown, path: Path): undefined {
    if (!(thrown instanceof WrongValue)) throw thrown
    return this.refuse(path, thrown.what, thrown.remedy)
  }

  #refuseShape(value: unknown, path: Path, what: string): undefined {
    if (value !== null) return this.refuse(path, what)
    return this.refuse(path, 'has no value', 'Give it a value or leave it out')
  }

  #refuseKey(path: Path, known: readonly string[]): undefined {
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
    this.#tell(`There is no key "${key}"${where}`, path, remedy)
  }

  #tell(sentence: string, path: Path, remedy: string | undefined): void {
    const place = this.#document.place(path)
    this.#defects.push(new UpdaterError('CONFIGURATION', sentence, { place, remedy }))
  }
}

/** @throws WrongValue if YAML holds another type than the option has */
function assertShape({ schema, what }: Type<unknown>, value: unknown): asserts value is FileValue {
  const shapes = schema.anyOf ?? [schema]
  const types = shapes.map(({ type }) => type)
  const words = shapes.find(({ type }) => type === 'string')?.enum
  if (typeof value === 'string' && types.includes('string') && (words ?? [value]).includes(value)) return
  if (typeof value === 'boolean' && types.includes('boolean')) return
  if (Number.isSafeInteger(value) && types.includes('integer')) return
  if (Array.isArray(value) && types.includes('array')) {
    if (value.length === 0) throw new WrongValue('is empty', 'Give it a value or leave it out')
    if (value.every((one) => typeof one === 'string')) return
  }
  const isPlain = ['number', 'boolean'].includes(typeof value)
  const wantsText = schema.type === 'string' && schema.enum === undefined
  throw new WrongValue(what, isPlain && wantsText ? 'Put the value into quotes' : undefined)
}

/** `latestUrl` → `latest_url` */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `sources[0].strategy` */
function nameOf(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}
