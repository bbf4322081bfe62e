import type { RunEvent } from '../events.ts'

/** An image that a run is working on. */
export interface ActiveImage {
  readonly ordinal: number
  readonly name: string
  readonly phase: 'checking' | 'mirroring'
  /** Bytes received so far, and the size that the distribution says. */
  readonly received?: number | undefined
  readonly size?: number | undefined
}

/** How far a run is. */
export interface RunProgress {
  readonly images: number
  readonly done: number
  readonly updated: number
  readonly failed: number
  readonly active: readonly ActiveImage[]
}

export const noProgress: RunProgress = { images: 0, done: 0, updated: 0, failed: 0, active: [] }

/** The progress after an event; the same value if the event changes nothing. */
export function advance(progress: RunProgress, event: RunEvent): RunProgress {
  if (event.type === 'run-start') return { ...noProgress, images: event.images }
  if (event.type === 'note') return progress
  const { step } = event
  const { ordinal, name } = event.image
  const { done, updated, failed } = progress
  const others = progress.active.filter((one) => one.ordinal !== ordinal)
  const withImage = (image: ActiveImage): RunProgress => ({
    ...progress,
    active: [...others, image].sort((a, b) => a.ordinal - b.ordinal),
  })
  switch (step.type) {
    case 'checking':
      return withImage({ ordinal, name, phase: 'checking' })
    case 'transfer-start':
      return withImage({ ordinal, name, phase: 'mirroring', received: 0, size: step.size })
    case 'transfer-progress': {
      const before = progress.active.find((one) => one.ordinal === ordinal)
      const size = step.size ?? before?.size
      return withImage({ ordinal, name, phase: 'mirroring', received: step.received, size })
    }
    case 'done':
      return {
        ...progress,
        done: done + 1,
        updated: updated + (step.status === 'updated' || step.status === 'would-update' ? 1 : 0),
        failed: failed + (step.status === 'failed' ? 1 : 0),
        active: others,
      }
    default:
      return progress
  }
}
