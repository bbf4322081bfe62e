import type { RunEvent } from './events.ts'

/** An image that a run is working on. */
export interface ActiveImage {
  readonly ordinal: number
  readonly name: string
  /** `waiting`: it is to be transferred when another transfer has ended. */
  readonly phase: 'checking' | 'waiting' | 'mirroring'
  /** Bytes received so far, and the size that the distribution says. */
  readonly received?: number | undefined
  readonly size?: number | undefined
}

/** How far a run is. */
export interface RunProgress {
  /** Those that are left alone count no more once they are known. */
  readonly images: number
  readonly done: number
  readonly updated: number
  readonly failed: number
  /** Bytes that came of images which are done. */
  readonly received: number
  readonly active: readonly ActiveImage[]
}

export const noProgress: RunProgress = { images: 0, done: 0, updated: 0, failed: 0, received: 0, active: [] }

/** The progress after an event; the same value if the event changes nothing. */
export function advance(progress: RunProgress, event: RunEvent): RunProgress {
  if (event.type === 'run-start') return { ...noProgress, images: event.images }
  if (event.type !== 'image') return progress
  const { step } = event
  const { ordinal, name } = event.image
  const { done, updated, failed } = progress
  const before = progress.active.find((one) => one.ordinal === ordinal)
  const others = progress.active.filter((one) => one.ordinal !== ordinal)
  const withImage = (image: Omit<ActiveImage, 'ordinal' | 'name'>): RunProgress => ({
    ...progress,
    active: [...others, { ordinal, name, ...image }].sort((a, b) => a.ordinal - b.ordinal),
  })
  switch (step.type) {
    case 'checking':
      return withImage({ phase: 'checking' })
    case 'transfer-due':
      return withImage({ phase: 'waiting', size: step.size })
    case 'transfer-start':
      return withImage({ phase: 'mirroring', received: 0, size: step.size })
    case 'transfer-progress':
      return withImage({ phase: 'mirroring', received: step.received, size: step.size ?? before?.size })
    case 'done':
      if (step.status === 'skipped') return { ...progress, images: progress.images - 1, active: others }
      return {
        ...progress,
        done: done + 1,
        updated: updated + (step.status === 'updated' || step.status === 'would-update' ? 1 : 0),
        failed: failed + (step.status === 'failed' ? 1 : 0),
        received: progress.received + (before?.received ?? 0),
        active: others,
      }
    default:
      return progress
  }
}

/** How much of what a run transfers has come. */
export interface TransferTotal {
  /** Bytes. */
  readonly received: number
  /** Bytes of all transfers whose size is known. */
  readonly size: number
  /** More may come: the size of a transfer is unknown, or an image may still turn out to be one. */
  readonly isLeast: boolean
}

export function totalOf({ images, done, received, active }: RunProgress): TransferTotal {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, received)
  return {
    received: sum(active.map((one) => one.received ?? 0)),
    size: sum(active.map((one) => Math.max(one.size ?? 0, one.received ?? 0))),
    isLeast:
      done + active.length < images ||
      active.some(({ phase, size }) => phase === 'checking' || size === undefined),
  }
}
