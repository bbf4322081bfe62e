import { z } from 'zod'
import { fileSchema } from './schema.ts'

/**
 * The JSON Schema of `image-updater.yml`, for editors.
 * @param describe what an option is, by its key in the file
 */
export function configurationJsonSchema(describe: (key: string) => string | undefined): string {
  const { properties = {}, ...schema } = z.toJSONSchema(fileSchema, { reused: 'inline' })
  const described = Object.entries(properties).map(([key, property]) => {
    const description = describe(key)
    return [
      key,
      typeof property === 'object' && description !== undefined ? { description, ...property } : property,
    ]
  })
  const document = {
    title: 'The configuration file of image-updater',
    ...schema,
    properties: Object.fromEntries(described),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
