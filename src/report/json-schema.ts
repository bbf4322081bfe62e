import { z } from 'zod'
import { count, error, publish, titled } from './schema-parts.ts'

/**
 * The JSON report. This is the one definition of its shape: the type is inferred from it and
 * `schema/report.schema.json` is printed from it (`npm run schema`).
 */

export const values = z
  .object({
    version: z.string().optional().meta({ description: 'YYYYMMDD' }),
    build_date: z.string().optional().meta({ description: 'YYYY-MM-DD' }),
    checksum: z.string().optional().meta({ description: 'algorithm:hex, of the file at url' }),
    url: z.string().optional(),
    mirror_url: z.string().optional(),
  })
  .meta({ description: 'Values of versions[0]; a key that stands nowhere is absent' })

const mirror = z.object({
  status: z.enum(['present', 'stored', 'would-store', 'foreign', 'none']).meta({
    description:
      'present: it was there with the right digest; stored: transferred in this run; would-store: dry run; foreign: the catalogue names another mirror, which is left alone; none: the run has no mirror',
  }),
  object: z.string().optional().meta({ description: "Key in the bucket, or path below the mirror's folder" }),
  bytes: count.optional().meta({ description: 'Bytes stored by this run' }),
  seconds: z.number().min(0).optional(),
})

export const trust = z.enum(['signed', 'checksum', 'first-use']).meta({
  description:
    "How far the build's digest can be trusted: its manifest's signature was verified; it is the distribution's published checksum; it was computed from the first download",
})

const image = z.object({
  file: z.string(),
  line: z.int().min(1).meta({ description: 'Line of the definition in file, from 1' }),
  name: z.string(),
  shortname: z.string().optional(),
  status: z.enum(['updated', 'would-update', 'up-to-date', 'skipped', 'failed']),
  reason: z
    .enum(['no-latest-url', 'disabled'])
    .optional()
    .meta({ description: 'Why it was left alone; only with skipped' }),
  resolver: z.string().optional().meta({ description: 'What found the newest build' }),
  trust: trust.optional(),
  previous: values.optional(),
  current: values.optional(),
  mirror: mirror.optional(),
  warnings: z.array(z.string()),
  error: error.optional(),
})

export const reportSchema = z
  .object({
    schema_version: z.literal(1),
    started_at: z.iso.datetime().meta({ description: 'UTC' }),
    seconds: z.number().min(0),
    dry_run: z.boolean(),
    exit_status: z.int().min(0).max(255).meta({
      description:
        '0: all well; 1: at least one image failed; 2: wrong usage, configuration or catalogue, nothing was done; 130, 143: interrupted by SIGINT, SIGTERM',
    }),
    summary: z.object({
      checked: count,
      updated: count,
      would_update: count,
      up_to_date: count,
      skipped: count,
      failed: count,
    }),
    images: z.array(image).meta({ description: 'In catalogue order' }),
    changes: z
      .array(z.object({ file: z.string(), diff: z.string().meta({ description: 'Unified diff' }) }))
      .meta({ description: 'Changes of catalogue files, made or (dry run) planned' }),
    errors: z.array(error).meta({ description: 'Why the run was refused; empty otherwise' }),
  })
  .meta(titled())

export type ReportDocument = z.infer<typeof reportSchema>

/** The published JSON Schema (draft 2020-12), as its file holds it. */
export function reportJsonSchema(): string {
  return publish(reportSchema)
}
