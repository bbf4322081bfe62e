import { type Mapping, sections } from '../src/config/sections.ts'
import type { JsonSchema } from '../src/option.ts'
import { keyOf, rows } from '../src/options.ts'

/** The published JSON Schema of the configuration file, for editors. */
export function configurationSchema(): string {
  const options = rows.filter(({ file }) => file !== false)
  const plain = Object.fromEntries(options.map((row) => [keyOf(row), row.type.schema]))
  const described = Object.fromEntries(
    options.map((row) => [keyOf(row), { description: describe(row), ...row.type.schema }]),
  )
  const older = options.flatMap((row) => {
    if (row.formerly === undefined) return []
    const description = `The older name of ${keyOf(row)}`
    return [[row.formerly.replaceAll('-', '_'), { description, deprecated: true, ...row.type.schema }]]
  })
  const document = {
    title: 'The configuration file of image-updater',
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      ...described,
      ...Object.fromEntries(older),
      commands: {
        description: 'Options of single commands, by the name of the command',
        type: 'object',
        propertyNames: { type: 'string' },
        additionalProperties: {
          type: 'object',
          properties: { ...Object.fromEntries(older), ...plain },
          additionalProperties: false,
        },
      },
      ...Object.fromEntries(
        Object.entries(sections).map(([key, { description, item }]) => [
          key,
          { description, type: 'array', items: mapping(item as Mapping<unknown>) },
        ]),
      ),
    },
    additionalProperties: false,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function describe({ type, default: value, help }: (typeof rows)[number]): string {
  return type.form === 'flag' && value === true ? `false: ${help}` : help
}

interface AnyField {
  readonly is: { readonly schema: JsonSchema } | Mapping<unknown>
  readonly optional?: true
  readonly description?: string
}

function mapping({ fields }: Mapping<unknown>): JsonSchema {
  const all = Object.entries(fields as Readonly<Record<string, AnyField>>).map(
    ([name, field]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), field] as const,
  )
  const properties = all.map(([key, { is, description }]) => [
    key,
    { ...(description && { description }), ...('fields' in is ? mapping(is) : is.schema) },
  ])
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: all.filter(([, { optional }]) => !optional).map(([key]) => key),
    additionalProperties: false,
  }
}
