import { z } from 'zod'
import { count, error, publish, titled } from './schema-parts.ts'

/**
 * The JSON report of `prune`. This is the one definition of its shape: the type is inferred from it and
 * `schema/prune.schema.json` is printed from it (`npm run schema`).
 */

const object = z.object({
  key: z.string().meta({ description: "Key in the bucket, or path below the mirror's folder" }),
  size: count.meta({ description: 'Bytes' }),
  last_modified: z.string().meta({ description: 'ISO 8601, UTC' }),
  status: z.enum(['would-remove', 'removed', 'failed']),
  error: error.optional(),
})

export const pruneSchema = z
  .object({
    schema_version: z.literal(1),
    command: z.literal('prune'),
    started_at: z.iso.datetime().meta({ description: 'UTC' }),
    seconds: z.number().min(0),
    place: z.string().optional().meta({ description: 'The mirror; absent where the run was refused' }),
    grace_seconds: z
      .number()
      .min(0)
      .optional()
      .meta({ description: 'What is younger stays; absent where the run was refused' }),
    remove: z.boolean().meta({ description: 'Was anything to be removed, or only listed?' }),
    exit_status: z.int().min(0).max(255).meta({
      description:
        '0: all well; 1: at least one object could not be removed; 2: wrong usage, configuration or catalogue, nothing was removed; 130, 143: interrupted by SIGINT, SIGTERM',
    }),
    summary: z.object({
      would_remove: count,
      removed: count,
      failed: count,
      bytes: count.meta({ description: 'Of the objects that were, or would be, removed' }),
      named: count.meta({ description: 'Objects that the catalogue names' }),
      young: count.meta({ description: 'That it does not name, younger than the grace period' }),
      others: count.meta({ description: "Whose keys are not of the updater's form: never touched" }),
    }),
    objects: z.array(object).meta({ description: 'That no catalogue file names any more, by key' }),
    errors: z.array(error).meta({ description: 'Why the run was refused; empty otherwise' }),
  })
  .meta(titled('prune'))

export type PruneDocument = z.infer<typeof pruneSchema>

/** The published JSON Schema (draft 2020-12), as its file holds it. */
export function pruneJsonSchema(): string {
  return publish(pruneSchema)
}
