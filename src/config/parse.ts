import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { z } from 'zod'
import { closest } from '../catalog/closest.ts'
import { UpdaterError } from '../errors.ts'
import { type ConfigurationDocument, openDocument, type Path } from './document.ts'
import {
  type ConfiguredOptions,
  fileSchema,
  pathOptions,
  texts,
  toOverride,
  toSourceRule,
  trustedOptions,
} from './schema.ts'
import type { Configuration } from './types.ts'

type Issue = z.core.$ZodIssue

/**
 * Reads the text of a configuration file.
 * @param trusted whether the user has named the file, or it lies in the administrator's folder
 * @param command whose own options, under `commands`, go over those of all
 * @throws UpdaterError CONFIGURATION; several defects as one error whose `cause` is an `AggregateError`
 */
export function parseConfiguration(
  file: string,
  text: string,
  trusted: boolean,
  command = '',
): Omit<Configuration, 'warnings'> {
  const document = openDocument(file, text)
  const read = fileSchema.safeParse(document.values ?? {})
  if (!read.success) throw together(read.error.issues.flatMap((issue) => defects(issue, document)))
  const strange = trusted ? [] : distrusted(read.data, document)
  if (strange.length > 0) throw together(strange)
  const ofAll = command === 'prune' ? withoutGrace(read.data) : read.data
  const { commands = {}, overrides = [], sources = [], ...common } = ofAll
  const own = Object.hasOwn(commands, command) ? (commands[command] ?? {}) : {}
  const placeOf = (key: string) => {
    if (Object.hasOwn(own, key)) return document.place(['commands', command, key])
    return Object.hasOwn(ofAll, key) ? document.place([key]) : undefined
  }
  return {
    file,
    options: fromFolder({ ...common, ...own }, dirname(file)),
    commands: Object.keys(commands),
    overrides: overrides.map(toOverride),
    sources: sources.map(toSourceRule),
    trusted,
    placeOf,
  }
}

/** The `grace` of all commands is the service's patience with a run: by it no object may be removed. */
function withoutGrace({ grace, ...others }: z.infer<typeof fileSchema>): z.infer<typeof fileSchema> {
  return others
}

function together(found: readonly UpdaterError[]): UpdaterError {
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  return new UpdaterError('CONFIGURATION', `The configuration has ${found.length} defects`, {
    cause: new AggregateError(found),
    remedy: 'Correct them all, then run again: nothing was done',
  })
}

function defects(issue: Issue, document: ConfigurationDocument): UpdaterError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(key, issue.path, document))
  }
  const value = valueAt(document.values, issue.path)
  const subject = issue.path.length === 0 ? 'The configuration' : `"${nameOf(issue.path)}"`
  const what = value === null ? 'has no value' : value === undefined ? 'is missing' : issue.message
  const remedy = value === null ? 'Give it a value or leave it out' : remedyFor(issue, value)
  return [
    new UpdaterError('CONFIGURATION', `${subject} ${what}`, { place: document.place(issue.path), remedy }),
  ]
}

function remedyFor(issue: Issue, value: unknown): string | undefined {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string'
  return wantsText && (typeof value === 'number' || typeof value === 'boolean')
    ? 'Put the value into quotes'
    : undefined
}

function unknownKey(key: string, path: Path, document: ConfigurationDocument): UpdaterError {
  const place = document.place([...path, key])
  const known = keysAt(path)
  const negated = /^no[-_](.+)$/.exec(key)?.[1]?.replaceAll('-', '_')
  const meant = closest(key.replaceAll('-', '_').replace(/^_+/, ''), known)
  const remedy =
    negated !== undefined && known.includes(negated)
      ? `Write it as ${negated}: false`
      : meant.length > 0
        ? `Perhaps you meant ${meant.join(' or ')}`
        : `The keys here are ${known.join(', ')}`
  const where = path.length === 0 ? '' : ` in "${nameOf(path)}"`
  return new UpdaterError('CONFIGURATION', `There is no key "${key}"${where}`, { place, remedy })
}

/** The keys that the mapping at the path may have. */
function keysAt(path: Path): readonly string[] {
  let schema: z.core.JSONSchema.BaseSchema = z.toJSONSchema(fileSchema)
  for (const step of path) {
    const inner =
      typeof step === 'number'
        ? schema.items
        : (schema.properties?.[String(step)] ?? schema.additionalProperties)
    if (typeof inner !== 'object' || Array.isArray(inner)) return []
    schema = inner
  }
  return Object.keys(schema.properties ?? {})
}

function valueAt(values: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step],
    values,
  )
}

/** `sources[0].strategy` */
function nameOf(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`))
    .join('')
}

/** What the file may not set unless somebody vouches for it. */
function distrusted(values: z.infer<typeof fileSchema>, document: ConfigurationDocument): UpdaterError[] {
  const signed = (values.sources ?? []).flatMap(({ signature }, index) =>
    signature === undefined ? [] : [['sources', index, 'signature']],
  )
  const believed = (values.overrides ?? []).flatMap(({ signatures }, index) =>
    signatures === undefined ? [] : [['overrides', index, 'signatures']],
  )
  const sections = Object.entries(values.commands ?? {}).map(
    ([name, section]) => [['commands', name], section] as const,
  )
  const options = [[[], values] as const, ...sections].flatMap(([path, section]) =>
    trustedOptions.filter((key) => section[key] !== undefined).map((key) => [...path, key]),
  )
  const outside = [[[], values] as const, ...sections].flatMap(([path, { images = [] }]) =>
    texts(images).some(leadsOut) ? [[...path, 'images']] : [],
  )
  return [...options, ...outside, ...believed, ...signed].map(
    (path) =>
      new UpdaterError(
        'CONFIGURATION',
        `"${nameOf(path)}" is not taken from a file that was merely found in the working folder`,
        {
          place: document.place(path),
          remedy: 'If you trust the file, name it with --config or IMAGE_UPDATER_CONFIG',
        },
      ),
  )
}

/** Whether a path leaves the folder that it counts from. */
function leadsOut(path: string): boolean {
  return isAbsolute(path) || normalize(path).split(sep)[0] === '..'
}

function fromFolder(options: ConfiguredOptions, folder: string): ConfiguredOptions {
  const from = (path: string) => (isAbsolute(path) ? path : join(folder, path))
  const paths = new Map<string, unknown>()
  for (const key of pathOptions) {
    const value = options[key]
    if (typeof value === 'string') paths.set(key, from(value))
    else if (Array.isArray(value)) paths.set(key, value.map(from))
  }
  return { ...options, ...Object.fromEntries(paths) }
}
