import { z } from 'zod'
import type { ListingEntry } from './listing.ts'
import { isSafeFileName } from './names.ts'

const maxEntries = 20_000

/** MirrorCache's `?jsontable`; a folder's name ends with a slash. */
const jsonTable = z.object({ data: z.array(z.object({ name: z.string() })) })

/** Names that are no plain path segment are dropped. Never throws. */
export function parseJsonTable(json: unknown): ListingEntry[] {
  const table = jsonTable.safeParse(json)
  if (!table.success) return []
  return table.data.data.slice(0, maxEntries).flatMap(({ name }) => entryOf(name))
}

/** One page of a bucket's listing with `/` as delimiter. */
export interface BucketPage {
  /** What is right below the prefix. */
  readonly entries: readonly ListingEntry[]
  /** What the next page is asked with; `undefined`: this is the last one. */
  readonly next: string | undefined
}

const bucketPage = z.object({
  ListBucketResult: z.object({
    Contents: z.array(z.object({ Key: z.string() })).default([]),
    CommonPrefixes: z.array(z.object({ Prefix: z.string() })).default([]),
    IsTruncated: z.string().optional(),
    NextContinuationToken: z.string().optional(),
  }),
})

/** Keys outside `prefix` and names that are no plain path segment are dropped. Never throws. */
export async function parseBucketPage(xml: string, prefix: string): Promise<BucketPage> {
  const { XMLParser } = await import('fast-xml-parser')
  const parser = new XMLParser({
    parseTagValue: false,
    isArray: (name) => name === 'Contents' || name === 'CommonPrefixes',
  })
  const page = bucketPage.safeParse(attempt(() => parser.parse(xml)))
  if (!page.success) return { entries: [], next: undefined }
  const { Contents, CommonPrefixes, IsTruncated, NextContinuationToken } = page.data.ListBucketResult
  const keys = [...CommonPrefixes.map(({ Prefix }) => Prefix), ...Contents.map(({ Key }) => Key)]
  return {
    entries: keys.filter((key) => key.startsWith(prefix)).flatMap((key) => entryOf(key.slice(prefix.length))),
    next: IsTruncated === 'true' ? NextContinuationToken : undefined,
  }
}

function entryOf(text: string): ListingEntry[] {
  const isFolder = text.endsWith('/')
  const name = isFolder ? text.slice(0, -1) : text
  return isSafeFileName(name) ? [{ name, isFolder }] : []
}

function attempt(parse: () => unknown): unknown {
  try {
    return parse()
  } catch {
    return undefined
  }
}
