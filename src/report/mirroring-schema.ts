import { z } from 'zod'
import { count, error, publish, titled } from './schema-parts.ts'

/**
 * The JSON report of `mirror`. This is the one definition of its shape: the type is inferred from it and
 * `schema/mirror.schema.json` is printed from it (`npm run schema`).
 */

const version = z.object({
  file: z.string(),
  line: z.int().min(1).meta({ description: "Line of the image's definition in file, from 1" }),
  name: z.string(),
  shortname: z.string().optional(),
  version: z.string().optional(),
  url: z.string().optional(),
  mirror_url: z.string(),
  status: z.enum(['present', 'stored', 'would-store', 'foreign', 'failed']).meta({
    description:
      'present: it was there with the right digest; stored: transferred in this run; would-store: dry run; foreign: mirror_url is of another mirror, and left alone; failed: it could not be brought there',
  }),
  object: z.string().optional().meta({ description: "Key in the bucket, or path below the mirror's folder" }),
  bytes: count.optional().meta({ description: 'Bytes stored by this run' }),
  seconds: z.number().min(0).optional(),
  warnings: z.array(z.string()),
  reason: z.enum(['source-gone', 'mismatch', 'other']).optional().meta({
    description:
      "Only with failed. source-gone: its url answers 404 or 410; mismatch: its bytes are not those of the catalogue's checksum",
  }),
  error: error.optional(),
})

export const mirrorSchema = z
  .object({
    schema_version: z.literal(1),
    command: z.literal('mirror'),
    started_at: z.iso.datetime().meta({ description: 'UTC' }),
    seconds: z.number().min(0),
    dry_run: z.boolean(),
    exit_status: z.int().min(0).max(255).meta({
      description:
        '0: all of them are there; 1: at least one could not be brought there; 2: wrong usage, configuration or catalogue, nothing was done; 130, 143: interrupted by SIGINT, SIGTERM',
    }),
    summary: z
      .object({
        versions: count,
        present: count,
        stored: count,
        would_store: count,
        foreign: count,
        failed: count,
      })
      .meta({
        description: 'versions: those that name a mirror_url; then how many there are of each status',
      }),
    versions: z.array(version).meta({ description: 'Those that name a mirror_url, in catalogue order' }),
    errors: z.array(error).meta({ description: 'Why the run was refused; empty otherwise' }),
  })
  .meta(titled('mirror'))

export type MirrorDocument = z.infer<typeof mirrorSchema>

/** The published JSON Schema (draft 2020-12), as its file holds it. */
export function mirrorJsonSchema(): string {
  return publish(mirrorSchema)
}
