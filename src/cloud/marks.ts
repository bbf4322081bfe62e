import type { CloudImage } from './image.ts'

/** The properties of our own on an image. */
export const marks = {
  /** `algorithm:hex`: the catalogue's digest, when it was proven that the image is of these bytes. */
  checksum: 'image_updater_checksum',
  /** `algorithm:hex`: Glance's digest of what it stored then; of other bytes where it converts. */
  hash: 'image_updater_hash',
  /** Name of the definition that it was made of. */
  definition: 'image_updater_definition',
  /** JSON: the properties and tags that we wrote. */
  keys: 'image_updater_keys',
  /** `STEP TIME RUN`, as long as a run is at work on it. */
  journal: 'image_updater_journal',
  /** ISO time of its retirement. */
  hiddenAt: 'image_updater_hidden_at',
  /** Why it must not have its name again. */
  skip: 'image_updater_skip',
} as const

const ours: ReadonlySet<string> = new Set(Object.values(marks))

/** Is a property of ours, whose names nobody else uses? */
export function isMark(key: string): boolean {
  return ours.has(key)
}

/**
 * How far a run is with an image: `probing`: a record that only shows what rights there are; `bringing`: its bytes are on
 * their way; `proven`: they are there, and are ours; `promoting`: it is taking its name.
 */
export const steps = ['probing', 'bringing', 'proven', 'promoting'] as const
export type Step = (typeof steps)[number]

export interface Journal {
  readonly step: Step
  readonly time: Date
  /** What the run calls itself. */
  readonly run: string
}

export function formatJournal({ step, time, run }: Journal): string {
  return `${step} ${time.toISOString()} ${run}`
}

/**
 * Returns undefined if no run is at work on the image. Until one is through, its image is private and without tags: on any
 * other the mark was written, or copied, by somebody else. What can't be read is taken for an old beginning.
 */
export function journalOf(image: CloudImage): Journal | undefined {
  const { [marks.journal]: text } = image.properties
  const isInUse = image.visibility !== 'private' || image.tags.length > 0
  if (text === undefined || (isInUse && image.status !== 'queued')) return undefined
  const [word, time = '', run = ''] = text.split(' ')
  const date = new Date(time)
  const step = steps.find((one) => one === word)
  if (step === undefined || Number.isNaN(date.getTime()))
    return { step: 'bringing', time: new Date(0), run: '' }
  return { step, time: date, run }
}

/** Who writes, and when. */
export interface Writer {
  /** What the run calls itself: letters, digits, `-`. */
  readonly run: string
  /** When the run began, by Glance's clock if it tells it. */
  readonly now: Date
  /** Milliseconds that an import may take: a mark of another run counts for twice as long. */
  readonly importTimeout: number
}

/** Stands for the run of an image that a run has left to whoever comes. */
export const nobody = '-'

/** Is another run at work on it? What it has not touched for twice the time of an import it has given up. */
export function isBusy(image: CloudImage, { run, now, importTimeout }: Writer): boolean {
  const journal = journalOf(image)
  if (journal === undefined || journal.run === run || journal.run === nobody) return false
  // Of two clocks that differ the later time counts, but for a mark of a time that has not come yet.
  const marked = journal.time <= now ? journal.time.getTime() : 0
  return now.getTime() - Math.max(marked, image.updatedAt.getTime()) < 2 * importTimeout
}

/** The properties and tags of an image that we wrote, as far as it says so. */
export interface Written {
  readonly properties: readonly string[]
  readonly tags: readonly string[]
}

export function formatWritten({ properties, tags }: Written): string {
  return JSON.stringify({ properties: [...properties].sort(), tags: [...tags].sort() })
}

/** Returns undefined if the image doesn't say it, or not in our form. */
export function writtenOf({ properties }: CloudImage): Written | undefined {
  try {
    const value: unknown = JSON.parse(properties[marks.keys] ?? '')
    if (typeof value !== 'object' || value === null) return undefined
    const { properties: keys, tags } = value as { readonly properties?: unknown; readonly tags?: unknown }
    return isTexts(keys) && isTexts(tags) ? { properties: keys, tags } : undefined
  } catch {
    return undefined
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}
