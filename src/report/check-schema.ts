import { z } from 'zod'
import { trust, values } from './json-schema.ts'
import { count, error, publish, titled } from './schema-parts.ts'

/**
 * The JSON report of a check. This is the one definition of its shape: the type is inferred from it and
 * `schema/check.schema.json` is printed from it (`npm run schema`).
 */

const mirror = z.object({
  status: z.enum(['present', 'other-bytes', 'missing', 'unknown', 'unasked', 'none']).meta({
    description:
      'present: the public URL answers, and tells no other digest; other-bytes: it tells another digest; missing: a reader is turned away; unknown: it says neither; unasked: the image is disabled, or the check did not get to it, or --no-check-public; none: the catalogue names no mirror',
  }),
  url: z.string().optional(),
  size: count.optional().meta({ description: 'Bytes' }),
})

const image = z.object({
  file: z.string(),
  line: z.int().min(1).meta({ description: 'Line of the definition in file, from 1' }),
  name: z.string(),
  shortname: z.string().optional(),
  distribution: z.string().optional().meta({ description: 'os_distro' }),
  release: z.string().optional().meta({ description: 'os_version' }),
  architecture: z.string().optional(),
  format: z.enum(['aki', 'ari', 'ami', 'raw', 'iso', 'vhd', 'vdi', 'qcow2', 'vmdk']),
  status: z.enum(['up-to-date', 'outdated', 'skipped', 'failed']),
  reason: z
    .enum(['no-latest-url', 'disabled'])
    .optional()
    .meta({ description: 'Why no newest build was looked for; only with skipped' }),
  resolver: z.string().optional().meta({ description: 'What found the newest build' }),
  trust: trust.optional(),
  versions: z.array(values).meta({ description: "The catalogue's versions; the first one is in force" }),
  newest: values.optional(),
  age_days: z
    .int()
    .optional()
    .meta({ description: "Whole days from the catalogue's build to started_at (UTC)" }),
  days_behind: z
    .int()
    .optional()
    .meta({ description: "Whole days from the catalogue's build to the newest one" }),
  mirror,
  end_of_life: z.iso
    .date()
    .optional()
    .meta({ description: "From this day on nobody mends the release's faults free of charge" }),
  warnings: z.array(z.string()),
  error: error.optional(),
})

export const checkSchema = z
  .object({
    schema_version: z.literal(1),
    command: z.literal('check'),
    started_at: z.iso.datetime().meta({ description: 'UTC' }),
    seconds: z.number().min(0),
    exit_status: z.int().min(0).max(255).meta({
      description:
        '0: nothing is to be done; 10: there are updates, or images that the mirror lacks; 1: at least one image could not be checked; 2: wrong usage, configuration or catalogue; 130, 143: interrupted by SIGINT, SIGTERM',
    }),
    summary: z.object({
      checked: count,
      up_to_date: count,
      outdated: count,
      skipped: count,
      failed: count,
      not_mirrored: count,
    }),
    images: z.array(image).meta({ description: 'In catalogue order' }),
    errors: z.array(error).meta({ description: 'Why the check was refused; empty otherwise' }),
  })
  .meta(titled('check'))

export type CheckDocument = z.infer<typeof checkSchema>

/** The published JSON Schema (draft 2020-12), as its file holds it. */
export function checkJsonSchema(): string {
  return publish(checkSchema)
}
