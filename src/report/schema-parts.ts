import { z } from 'zod'
import { errorCodes } from '../errors.ts'

/** What the JSON reports of several commands have in common. */

export const count = z.int().min(0)

export const error = z.object({
  code: z.enum(errorCodes),
  message: z.string().meta({ description: 'One sentence: what happened to what' }),
  remedy: z.string().optional().meta({ description: 'What to do about it' }),
  place: z
    .object({
      file: z.string(),
      line: z.int().min(1).optional(),
      column: z.int().min(1).optional(),
    })
    .optional(),
})

/** What a report's schema says of itself. @param command absent: that of the program's first report, of `update` */
export function titled(command?: string): { readonly title: string; readonly description: string } {
  return {
    title: ['Report of image-updater', command ?? []].flat().join(' '),
    description: 'Keys may be added within a schema_version: readers ignore those that they do not know.',
  }
}

/** A JSON Schema (draft 2020-12), as its file holds it. */
export function publish(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2)}\n`
}
