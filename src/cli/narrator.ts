import { describeError, type UpdaterError } from '../errors.ts'
import type { ImageRef, ImageStep, Listener } from '../events.ts'
import { formatBytes, formatCount, formatDuration, formatRate } from '../report/quantities.ts'
import { formatNames, kindOfWarning, Repetitions } from '../report/repeated.ts'
import { errorLines, type Level, type Log, type LogLine } from './log.ts'

export interface Narrator {
  readonly onEvent: Listener
  /** Prints what is still held back. */
  finish(): void
}

export interface Narration {
  readonly now: () => Date
  /** Who says what is about no single image. Default: update. */
  readonly scope?: string | undefined
}

/** A step, and when it was taken. */
interface Told {
  readonly image: ImageRef
  readonly step: ImageStep
  readonly at: Date
}

/**
 * Tells the story of a run whose images are worked on at once. What an image has changed, a warning and a failure are
 * told at once, after what led to it; the other steps of an image are told together when it is done, in catalogue
 * order. An image that is to be transferred speaks live from then on, and no other waits for it.
 */
export function createNarrator(log: Log, { now, scope = 'update' }: Narration): Narrator {
  const waiting = new Map<number, Told[]>()
  const files = new Set<string>()
  /** No image waits for these. */
  const passed = new Set<number>()
  const live = new Set<number>()
  let turn = 0
  const write = log.exceptionsOnly ? withPatience(log.write) : log.write
  const warnings = new Repetitions()
  let stopped: UpdaterError | undefined

  const tell = ({ image, step, at }: Told) => {
    if (!files.has(image.file)) {
      files.add(image.file)
      write({ level: 'info', scope, message: `Processing file ${image.file}`, at })
    }
    for (const line of stepLines(image, step, stopped)) write({ ...line, at })
  }
  const tellWaiting = (ordinal: number) => {
    const held = waiting.get(ordinal) ?? []
    waiting.delete(ordinal)
    for (const one of held) tell(one)
  }
  const tellAll = () => {
    for (const ordinal of [...waiting.keys()].sort((a, b) => a - b)) tellWaiting(ordinal)
  }
  const onStep = (image: ImageRef, step: ImageStep) => {
    const { ordinal } = image
    if (step.type === 'transfer-progress' || step.type === 'transfer-due') return
    if (step.type === 'warning' && warnings.add(step.message, scopeOf(image)) === 'repeated') return
    waiting.set(ordinal, [...(waiting.get(ordinal) ?? []), { image, step, at: now() }])
    if (transferSteps.has(step.type)) live.add(ordinal)
    if (live.has(ordinal) || step.type === 'done') passed.add(ordinal)
    if (live.has(ordinal) || stepLines(image, step, stopped).some(isNews)) tellWaiting(ordinal)
    for (; passed.has(turn); turn += 1) tellWaiting(turn)
  }

  /** What comes now is told anew: an update is followed by what it publishes. */
  const begin = () => {
    tellAll()
    passed.clear()
    live.clear()
    turn = 0
  }

  return {
    onEvent: (event) => {
      // A note is of the run as a whole: where it warns, something has failed.
      if (event.type === 'note') log.write({ level: event.level, scope, message: event.message })
      if (event.type === 'stopped') {
        stopped = event.error
        for (const line of errorLines(stopped, scope)) write(line)
      }
      if (event.type === 'run-start') begin()
      if (event.type === 'image') onStep(event.image, event.step)
    },
    finish: () => {
      tellAll()
      for (const { warning, first, others } of warnings.all()) {
        const more = formatCount(others.size, 'more image')
        const message = `${more} with the warning of ${first}, "${kindOfWarning(warning)}": ${formatNames([...others])}`
        write({ level: 'warning', scope, message })
      }
    },
  }
}

/** From such a step on an image speaks live: what follows may take long. */
const transferSteps: ReadonlySet<ImageStep['type']> = new Set([
  'new-values',
  'mirror-missing',
  'transfer-start',
])

const isNews = ({ level }: LogLine) => level === 'change' || level === 'warning' || level === 'error'

/** Holds warnings back until something has changed or failed. */
function withPatience(write: Log['write']): Log['write'] {
  let held: LogLine[] | undefined = []
  return (line) => {
    if (held !== undefined && line.level === 'warning') return void held.push(line)
    if (held !== undefined && isNews(line)) {
      for (const warning of held) write(warning)
      held = undefined
    }
    write(line)
  }
}

/** How the log calls an image. */
const scopeOf = ({ name, shortname = name }: ImageRef) => shortname

/** Beside the checksum of a packed file that of an unpacked image would look like another one's. */
function ourChecksum({ checksum, isOfUnpacked }: Extract<ImageStep, { type: 'our-checksum' }>): string {
  if (checksum === undefined) return 'Our checksum is missing'
  return `Our checksum is ${checksum}${isOfUnpacked ? ', of the unpacked image' : ''}`
}

/**
 * What the log says of a step. Progress is drawn elsewhere.
 * @param stopped an error of the whole run, which was told: images that fail because of it are no news
 */
export function stepLines(image: ImageRef, step: ImageStep, stopped?: UpdaterError): LogLine[] {
  const scope = scopeOf(image)
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
      return line(ourChecksum(step))
    case 'up-to-date':
      return line(`Image ${image.name} is up-to-date, nothing to do`)
    case 'new-values': {
      const { version, buildDate: build_date, checksum, url, mirrorUrl: mirror_url } = step.values
      const message = `New values are ${JSON.stringify({ version, build_date, checksum, url, mirror_url })}`
      return [{ level: 'change', scope, message, mayBeCut: true }]
    }
    case 'mirror-present':
      return line(`Mirror has ${step.object}, nothing to send`)
    case 'mirror-missing':
      return step.reason === 'absent'
        ? line(`Mirror does not have ${step.object}`)
        : line(`Mirror has other bytes as ${step.object}, they are replaced`, 'change')
    case 'left-alone':
      return line(
        step.reason === 'disabled'
          ? `Image ${image.name} is disabled and left alone: --include-disabled takes it`
          : `Image ${image.name} has no latest_url and is left alone`,
      )
    case 'mirror-foreign':
      return line(`Mirror URL ${step.url} is not of this mirror and is left alone`)
    case 'transfer-start':
      return line(
        `Mirroring ${step.url} to ${step.object}${step.size ? ` (${formatBytes(step.size)})` : ''}${step.from ? `, from ${step.from}` : ''}`,
      )
    case 'transfer-due':
    case 'transfer-progress':
      return []
    case 'transfer-retry':
      return line(`The transfer starts again from scratch: ${describeError(step.error)}`, 'warning')
    case 'transfer-end': {
      const rate = step.seconds > 0 ? ` (${formatRate(step.bytes / step.seconds)})` : ''
      return line(
        `Stored ${step.object}: ${formatBytes(step.bytes)} in ${formatDuration(step.seconds)}${rate}`,
        'change',
      )
    }
    case 'public':
      return line(`Mirror URL ${step.url} can be read by everybody`)
    case 'file-written':
      return line(`Updated file ${step.file}`, 'change')
    case 'in-cloud':
      return line(`In ${step.cloud}: ${step.message}`, 'change')
    case 'gate':
      return line(`Gate: ${step.message}`)
    case 'warning':
      return line(step.message, 'warning')
    case 'failed':
      if (stopped !== undefined && step.error.cause === stopped) {
        return line(`Image ${image.name} is not transferred`)
      }
      return step.error.code === 'ABORTED'
        ? line(`Image ${image.name} was not finished: the run was interrupted`)
        : errorLines(step.error, scope)
    case 'done':
      return line(`Done: ${step.status}`, 'debug')
  }
}
