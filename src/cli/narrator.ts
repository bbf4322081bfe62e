import { describeError } from '../errors.ts'
import type { ImageRef, ImageStep, Listener } from '../events.ts'
import { formatBytes, formatDuration, formatRate } from '../report/quantities.ts'
import { errorLines, type Level, type Log, type LogLine } from './log.ts'

export interface Narrator {
  readonly onEvent: Listener
  /** Prints what is still held back. */
  finish(): void
}

/** A step, and when it was taken. */
interface Told {
  readonly image: ImageRef
  readonly step: ImageStep
  readonly at: Date
}

/**
 * Tells the story of a run in catalogue order although images are worked on at once: the first image
 * that is not done speaks live, the steps of the others wait for their turn and keep their time.
 * @param scope who says what is about no single image
 */
export function createNarrator(log: Log, now: () => Date, scope = 'update'): Narrator {
  const waiting = new Map<number, Told[]>()
  let turn = 0
  let file: string | undefined

  const tell = ({ image, step, at }: Told) => {
    if (file !== image.file) {
      file = image.file
      log.write({ level: 'info', scope, message: `Processing file ${file}`, at })
    }
    for (const line of stepLines(image, step)) log.write({ ...line, at })
  }
  /** Tells what was held back of an image, and says whether the image is done. */
  const tellWaiting = (ordinal: number): boolean => {
    const held = waiting.get(ordinal) ?? []
    waiting.delete(ordinal)
    for (const told of held) tell(told)
    return held.at(-1)?.step.type === 'done'
  }

  return {
    onEvent: (event) => {
      if (event.type === 'note') log.write({ level: event.level, scope, message: event.message })
      if (event.type !== 'image') return
      const { image, step } = event
      if (step.type === 'transfer-progress') return
      waiting.set(image.ordinal, [...(waiting.get(image.ordinal) ?? []), { image, step, at: now() }])
      if (image.ordinal === turn) while (tellWaiting(turn)) turn += 1
    },
    finish: () => {
      for (const ordinal of [...waiting.keys()].sort((a, b) => a - b)) tellWaiting(ordinal)
    },
  }
}

/** What the log says of a step. Progress is drawn elsewhere. */
export function stepLines(image: ImageRef, step: ImageStep): LogLine[] {
  const scope = image.shortname ?? image.name
  const line = (message: string, level: Level = 'info'): LogLine[] => [{ level, scope, message }]
  switch (step.type) {
    case 'checking':
      return line(
        `Checking image ${image.name}${step.version === undefined ? '' : `, version ${step.version}`}`,
      )
    case 'latest-url':
      return line(`Latest download URL is ${step.url}`)
    case 'checksums-from':
      return line(`Getting checksums from ${step.url}`)
    case 'current-checksum':
      return line(`Checksum of current ${step.fileName} is ${step.checksum}`)
    case 'no-checksum':
      return line(`No checksum of ${step.fileName} is published: that of the first download is recorded`)
    case 'our-checksum':
      return line(
        step.checksum === undefined ? 'Our checksum is missing' : `Our checksum is ${step.checksum}`,
      )
    case 'up-to-date':
      return line(`Image ${image.name} is up-to-date, nothing to do`)
    case 'new-values': {
      const { version, buildDate: build_date, checksum, url, mirrorUrl: mirror_url } = step.values
      return line(`New values are ${JSON.stringify({ version, build_date, checksum, url, mirror_url })}`)
    }
    case 'mirror-present':
      return line(`Mirror has ${step.object}, nothing to send`)
    case 'mirror-missing':
      return line(
        step.reason === 'absent'
          ? `Mirror does not have ${step.object}`
          : `Mirror has other bytes as ${step.object}, they are replaced`,
      )
    case 'left-alone':
      return line(
        step.reason === 'disabled'
          ? `Image ${image.name} is disabled and left alone: --include-disabled takes it`
          : `Image ${image.name} has no latest_url and is left alone`,
      )
    case 'mirror-foreign':
      return line(`Mirror URL ${step.url} is not of this mirror and is left alone`)
    case 'transfer-start':
      return line(`Mirroring ${step.url} to ${step.object}${step.size ? ` (${formatBytes(step.size)})` : ''}`)
    case 'transfer-progress':
      return []
    case 'transfer-retry':
      return line(`The transfer starts again from scratch: ${describeError(step.error)}`, 'warning')
    case 'transfer-end': {
      const rate = step.seconds > 0 ? ` (${formatRate(step.bytes / step.seconds)})` : ''
      return line(
        `Stored ${step.object}: ${formatBytes(step.bytes)} in ${formatDuration(step.seconds)}${rate}`,
      )
    }
    case 'public':
      return line(`Mirror URL ${step.url} can be read by everybody`)
    case 'file-written':
      return line(`Updated file ${step.file}`)
    case 'warning':
      return line(step.message, 'warning')
    case 'failed':
      return step.error.code === 'ABORTED'
        ? line(`Image ${image.name} was not finished: the run was interrupted`)
        : errorLines(step.error, scope)
    case 'done':
      return line(`Done: ${step.status}`, 'debug')
  }
}
