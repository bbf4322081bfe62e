import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ImagePlan } from '../cloud/plan.ts'
import type { Candidate } from '../cloud/scene.ts'
import type { Memory } from '../state.ts'

const what = 'Builds that wait for their age'
/** Before the name of a cloud's file. */
export const candidatesPrefix = 'candidates-'

const text = z.string().optional()
const digest = z.object({ algorithm: z.enum(['sha512', 'sha256', 'sha1', 'md5']), hex: z.string() })
const candidate = z.object({
  firstSeen: z.iso.datetime(),
  version: z.object({
    version: z.string(),
    ...{ buildDate: text, url: text, mirrorUrl: text, source: text, id: text, osVersion: text },
    ...{ description: text, checksumUrl: text, internalVersion: text },
    digest: digest.optional(),
    visibility: z.enum(['public', 'community', 'shared', 'private']).optional(),
    isHidden: z.boolean(),
    meta: z.record(z.string(), z.string()),
  }),
})
const stored = z.record(z.string(), candidate)

function nameOf(cloud: string, project: string): string {
  const identity = JSON.stringify([cloud, project])
  return candidatesPrefix + createHash('sha256').update(identity).digest('hex').slice(0, 16)
}

/** Returns the builds that earlier runs have seen and not taken yet, by the name of the definition. */
export async function recallCandidates(
  memory: Memory,
  cloud: string,
  project: string,
): Promise<ReadonlyMap<string, Candidate>> {
  const { data = {} } = stored.safeParse((await memory.recall(nameOf(cloud, project), what)) ?? {})
  return new Map(Object.entries(data) as [string, Candidate][])
}

/** Remembers the builds that wait, in place of what was known of these definitions. */
export async function rememberCandidates(
  memory: Memory,
  cloud: string,
  project: string,
  known: ReadonlyMap<string, Candidate>,
  plans: readonly ImagePlan[],
): Promise<void> {
  const all = new Map(known)
  for (const { definition, candidate } of plans) {
    all.delete(definition.image.name)
    if (candidate !== undefined) all.set(definition.image.name, candidate)
  }
  if (all.size === 0 && known.size === 0) return
  await memory.remember(nameOf(cloud, project), Object.fromEntries(all), what)
}

/** Returns the URLs on mirrors of all builds that wait, in whichever cloud: their objects have to stay. */
export async function waitingUrls(memory: Memory): Promise<readonly string[]> {
  const names = await memory.names(candidatesPrefix)
  const all = await Promise.all(
    names.map(async (name) => stored.safeParse(await memory.recall(name, what)).data ?? {}),
  )
  return all.flatMap((one) => Object.values(one).flatMap(({ version }) => version.mirrorUrl ?? []))
}
