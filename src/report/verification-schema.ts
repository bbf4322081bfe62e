import { z } from 'zod'
import { count, error, publish, titled } from './schema-parts.ts'

/**
 * The JSON report of `verify`. This is the one definition of its shape: the type is inferred from it and
 * `schema/verify.schema.json` is printed from it (`npm run schema`).
 */

const url = z.object({
  url: z.string(),
  status: z.enum(['ok', 'missing', 'private', 'mismatch', 'error']).meta({
    description:
      "missing: it answers 404 or 410; private: a reader without credentials is turned away; mismatch: its bytes are not those of the catalogue's checksum; error: it could not be found out",
  }),
  message: z.string().optional().meta({ description: 'One sentence; not with ok' }),
})

const version = z.object({
  file: z.string(),
  line: z.int().min(1).meta({ description: "Line of the image's definition in file, from 1" }),
  name: z.string(),
  shortname: z.string().optional(),
  version: z.string().optional(),
  verdict: z.enum(['mismatch', 'unmirrorable', 'missing', 'private', 'error', 'pending', 'ok']).meta({
    description:
      'unmirrorable: it is not on the mirror, and its source is gone as well; pending: the newest version of an image is not on the mirror yet; the others as the status of one of its URLs',
  }),
  url: url.optional(),
  mirror_url: url.optional(),
})

export const verifySchema = z
  .object({
    schema_version: z.literal(1),
    command: z.literal('verify'),
    started_at: z.iso.datetime().meta({ description: 'UTC' }),
    seconds: z.number().min(0),
    full: z.boolean().meta({ description: 'Were the files downloaded and hashed?' }),
    exit_status: z.int().min(0).max(255).meta({
      description:
        'Of the most severe verdict, in this order: 5: mismatch; 7: unmirrorable; 3: missing; 4: private; 1: error; 6: pending; 0: ok. 2: wrong usage, configuration or catalogue; 130, 143: interrupted by SIGINT, SIGTERM',
    }),
    summary: z
      .object({
        mismatch: count,
        unmirrorable: count,
        missing: count,
        private: count,
        error: count,
        pending: count,
        ok: count,
      })
      .meta({ description: 'Versions of each verdict' }),
    versions: z.array(version).meta({ description: 'In catalogue order' }),
    errors: z.array(error).meta({ description: 'Why the run was refused; empty otherwise' }),
  })
  .meta(titled('verify'))

export type VerifyDocument = z.infer<typeof verifySchema>

/** The published JSON Schema (draft 2020-12), as its file holds it. */
export function verifyJsonSchema(): string {
  return publish(verifySchema)
}
