import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RecordedDigests } from '../discovery/standing.ts'
import type { Image } from '../image.ts'
import type { Memory } from '../state.ts'
import { formatMoment, parseMoment } from '../stores/record.ts'

/**
 * What is remembered of the signatures of images: an old signed build is as well signed as the newest one, and an
 * unsigned one is no news of a distribution that does not sign.
 *
 * This machine remembers it by the catalogue's file and the image's name, whatever its URLs are, one JSON file for each
 * catalogue file (`signed-….json`); a catalogue's lock keeps others from writing it meanwhile. A mirror remembers it in
 * the records of its objects. What this machine knows and what the mirror knows count together.
 */
export interface SignatureMemory {
  /**
   * When the newest signature was made that was seen of the image. Undefined: none was, or an operator has accepted that
   * it has none.
   * @param recorded of the object that the catalogue names
   */
  newestOf(image: Remembered, recorded: readonly RecordedDigests[]): Promise<Date | undefined>
  saw(image: Remembered, signedAt: Date): void
  /** From now on the image has no signature, until one is seen again. */
  accept(image: Remembered): void
  /** Remembers what was told since. Never throws. */
  keep(): Promise<void>
}

/** What an image is remembered by. */
type Remembered = Pick<Image, 'file' | 'name'>

/** Of one image. */
interface Entry {
  /** When its newest signature was made. */
  readonly signed?: string
  /** When it was accepted that it has none. */
  readonly unsigned?: string
}

type Entries = Readonly<Record<string, Entry>>

/** @param memory of this machine; what it cannot hold, it tells */
export function createSignatureMemory(memory: Memory, now: Date): SignatureMemory {
  const known = new Map<string, Promise<Entries>>()
  const news = new Map<string, Map<string, Entry>>()

  function entriesOf(file: string): Promise<Entries> {
    const entries =
      known.get(file) ?? keyOf(file).then(async (key) => readEntries(await memory.recall(key, what)))
    known.set(file, entries)
    return entries
  }

  function note({ file, name }: Remembered, entry: Entry): void {
    const entries = news.get(file) ?? new Map<string, Entry>()
    news.set(file, entries.set(name, entry))
  }

  return {
    async newestOf({ file, name }, recorded) {
      const { signed = '', unsigned } = (await entriesOf(file))[name] ?? {}
      if (unsigned !== undefined) return undefined
      const moments = [parseMoment(signed), ...recorded.map(({ signedAt }) => signedAt)]
      return moments.filter((moment) => moment !== undefined).sort((a, b) => Number(b) - Number(a))[0]
    },
    saw: (image, signedAt) => note(image, { signed: formatMoment(signedAt) }),
    accept: (image) => note(image, { unsigned: formatMoment(now) }),
    async keep() {
      for (const [file, entries] of news) {
        const before = await entriesOf(file)
        const after = { ...before, ...Object.fromEntries(entries) }
        if (JSON.stringify(after) !== JSON.stringify(before))
          await memory.remember(await keyOf(file), after, what)
      }
    },
  }
}

const what = 'Signatures of images'

/** The catalogue's file, by whatever path it was reached. */
async function keyOf(file: string): Promise<string> {
  const path = await realpath(file).catch(() => resolve(file))
  return `signed-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`
}

function readEntries(value: unknown): Entries {
  const isEntry = (one: unknown): one is Entry => {
    const { signed, unsigned } = Object(one)
    return [signed, unsigned].every(
      (moment) => moment === undefined || parseMoment(String(moment)) !== undefined,
    )
  }
  return Object.fromEntries(
    Object.entries(Object(value)).filter((pair): pair is [string, Entry] => isEntry(pair[1])),
  )
}
