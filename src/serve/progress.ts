import type { ImageRef, ImageStep, RunEvent } from '../events.ts'

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
  const { image, step } = event
  if (step.type === 'done') return finish(progress, image, step.status)
  const before = progress.active.find(({ ordinal }) => ordinal === image.ordinal)
  const after = activeImage(image, step, before)
  if (after === before || after === undefined) return progress
  const others = progress.active.filter((one) => one !== before)
  return { ...progress, active: [...others, after].sort((a, b) => a.ordinal - b.ordinal) }
}

function activeImage(
  { ordinal, name }: ImageRef,
  step: ImageStep,
  before: ActiveImage | undefined,
): ActiveImage | undefined {
  switch (step.type) {
    case 'checking':
      return { ordinal, name, phase: 'checking' }
    case 'transfer-start':
      return { ordinal, name, phase: 'mirroring', received: 0, size: step.size }
    case 'transfer-progress':
      return { ordinal, name, phase: 'mirroring', received: step.received, size: step.size ?? before?.size }
    default:
      return before
  }
}

function finish(
  progress: RunProgress,
  { ordinal }: ImageRef,
  status: Extract<ImageStep, { type: 'done' }>['status'],
): RunProgress {
  const { done, updated, failed, active } = progress
  return {
    ...progress,
    done: done + 1,
    updated: updated + (status === 'updated' || status === 'would-update' ? 1 : 0),
    failed: failed + (status === 'failed' ? 1 : 0),
    active: active.filter((one) => one.ordinal !== ordinal),
  }
}
