import { basename } from 'node:path'

/** One of several runs that share the files of a catalogue among them. */
export interface Shard {
  /** From 1 to `count`. */
  readonly index: number
  readonly count: number
}

/**
 * Does the file belong to the shard? Each file belongs to exactly one of the `count` shards, by its name
 * alone: wherever the folder is mounted, whatever other files there are, and in whatever order shards run.
 */
export function isOfShard(file: string, { index, count }: Shard): boolean {
  return hash(basename(file)) % count === index - 1
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 32 bits, the halves mixed for small numbers of shards. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return (value ^ (value >>> 16)) >>> 0
}
