import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { S3Client } from './client.ts'

/**
 * Which multipart uploads this machine has begun and not ended. The list of a bucket's uploads tells their keys and
 * nothing of who began them, and a bucket may be shared: only what is remembered here is ours to abort.
 */
export interface BegunUpload {
  /** Under which it is remembered. */
  readonly name: string
  readonly key: string
  readonly begun: Date
  /** Absent: the machine was stopped before it knew. */
  readonly id?: string | undefined
}

const prefix = 'upload-'
const what = 'Uploads that were begun on the mirror'
/** Milliseconds that a store's clock may differ: S3 refuses requests with more. */
const skew = 15 * 60_000
/** Milliseconds */
const longest = 90 * 24 * 60 * 60_000

const stored = z.object({
  server: z.string(),
  bucket: z.string(),
  key: z.string(),
  begun: z.iso.datetime().transform((text) => new Date(text)),
  id: z.string().optional(),
})

/** Remembers an upload that is about to begin, so that one whose id is never learned is known as well. */
export async function rememberUpload(client: S3Client, key: string): Promise<BegunUpload> {
  const upload = { name: `${prefix}${randomBytes(8).toString('hex')}`, key, begun: new Date() }
  await write(client, upload)
  return upload
}

export async function rememberId(client: S3Client, upload: BegunUpload, id: string): Promise<void> {
  await write(client, { ...upload, id })
}

async function write({ options }: S3Client, { name, key, begun, id }: BegunUpload): Promise<void> {
  const { endpoint, bucket, memory } = options
  const value = { server: endpoint.host, bucket, key, begun: begun.toISOString(), id }
  await memory?.remember(name, value, what)
}

export async function forgetUpload({ options }: S3Client, { name }: BegunUpload): Promise<void> {
  await options.memory?.forget(name, what)
}

/** Returns those of this bucket. One of a bucket that no run asks any more is forgotten after three months. */
export async function begunUploads(client: S3Client): Promise<readonly BegunUpload[]> {
  const { endpoint, bucket, memory } = client.options
  const names = (await memory?.names(prefix)) ?? []
  const found = await Promise.all(
    names.map(async (name) => {
      const { data } = stored.safeParse(await memory?.recall(name, what))
      if (data !== undefined && Date.now() - data.begun.getTime() > longest) {
        await forgetUpload(client, { ...data, name })
      }
      return data?.server === endpoint.host && data.bucket === bucket ? { ...data, name } : undefined
    }),
  )
  return found.filter((upload) => upload !== undefined)
}

/** Whether a listed upload is this one. Without its id it is that of the key which began about then. */
export function isUpload(upload: BegunUpload, key: string, id: string, initiated: Date): boolean {
  if (upload.key !== key) return false
  if (upload.id !== undefined) return upload.id === id
  return Math.abs(initiated.getTime() - upload.begun.getTime()) <= skew
}
