import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import type { CommandName } from '../commands.ts'
import type { AnyRow } from '../option.ts'
import { keyOf } from '../options.ts'
import type { Path } from './document.ts'
import { type Entry, Reader } from './reader.ts'
import { sections } from './sections.ts'
import type { Configuration, FileValue } from './types.ts'

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
    return { name, entries: reader.options(reader.mapping(section, path), path, name as CommandName) }
  })
  const overrides = reader.list(values.overrides, ['overrides'], sections.overrides.item)
  const sources = reader.list(values.sources, ['sources'], sections.sources.item)
  const all = [common, ...own.map(({ entries }) => entries)].flat()
  if (!trusted) {
    const paths = [
      ...all.filter(needsTrust).map(({ path }) => path),
      ...overrides.flatMap(({ signatures }, index) =>
        signatures ? [['overrides', index, 'signatures']] : [],
      ),
      ...sources.flatMap(({ signature }, index) => (signature ? [['sources', index, 'signature']] : [])),
    ]
    for (const path of paths) reader.refuse(path, distrusted, remedy)
  }
  const inForce = new Map(
    [...common, ...(own.find(({ name }) => name === command)?.entries ?? [])].map((one) => [
      keyOf(one.row),
      one,
    ]),
  )
  const pathOf = (key: string): Path | undefined =>
    inForce.get(key)?.path ?? (others.includes(key) && Object.hasOwn(values, key) ? [key] : undefined)
  return {
    file,
    options: Object.fromEntries(
      [...inForce].map(([key, { row, value }]) => [key, fromFolder(row, value, dirname(file))]),
    ),
    commands: own.map(({ name }) => name),
    overrides,
    sources,
    trusted,
    defects: reader.defects,
    placeOf: (key) => {
      const path = pathOf(key)
      return path && reader.placeOf(path)
    },
  }
}

const distrusted = 'is not taken from a file that was merely found in the working folder'
const remedy = 'If you trust the file, name it with --config or IMAGE_UPDATER_CONFIG'

/** Whether a file that nobody named may not set it. The file lies in a checkout, which whoever proposes a change writes. */
function needsTrust({ row, value }: Entry): boolean {
  return !row.harmless || (row.name === 'images' && [value].flat().some((path) => leadsOut(String(path))))
}

/** Whether a path leaves the folder that it counts from. */
function leadsOut(path: string): boolean {
  return isAbsolute(path) || normalize(path).split(sep)[0] === '..'
}

function fromFolder({ type }: AnyRow, value: FileValue, folder: string): FileValue {
  const from = (path: string) => (isAbsolute(path) ? path : join(folder, path))
  if (type.path === undefined) return value
  if (typeof value === 'string') return from(value)
  return typeof value === 'object' ? value.map(from) : value
}
