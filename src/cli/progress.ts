import { printable } from '../errors.ts'
import type { ImageRef, ImageStep, Listener } from '../events.ts'
import { type ActiveImage, advance, noProgress, type RunProgress, totalOf } from '../progress.ts'
import { formatBytes, formatClock, formatRate, formatRemaining, formatShare } from '../report/quantities.ts'
import { formatNames } from '../report/repeated.ts'
import { displayWidth, pad, truncate } from '../report/terminal.ts'
import type { Log } from './log.ts'
import type { Screen } from './screen.ts'

const redrawMs = 100
const windowMs = 8_000
const maxWidth = 120
/** Where there is no terminal: from the beginning to the first line, and between two lines at most. */
const firstLineMs = 10_000
const longestSilenceMs = 5 * 60_000

interface Sample {
  readonly at: number
  readonly received: number
}

interface Transfer {
  readonly image: ImageRef
  size: number | undefined
  received: number
  /** Of the last seconds, oldest first: the rate is measured over them. */
  samples: Sample[]
}

export interface Progress {
  readonly onEvent: Listener
  close(): void
}

/**
 * How far the run is, and a bar for each transfer, on a terminal; elsewhere a line of the log, at first after ten
 * seconds, then after twice as long each time, up to five minutes.
 * @param scope who says it; all but `update` go through versions
 */
export function createProgress(screen: Screen, log: Log, clock: () => Date, scope = 'update'): Progress {
  const now = () => clock().getTime()
  const transfers = new Map<number, Transfer>()
  const isTerminal = screen.output.isTTY === true
  const what = scope === 'update' ? 'images' : 'versions'
  let run = noProgress
  let samples: Sample[] = []
  let drawnAt = Number.NEGATIVE_INFINITY
  let nextLineAt = Number.POSITIVE_INFINITY
  let silence = firstLineMs

  const draw = () => {
    if (!isTerminal) return
    drawnAt = now()
    const columns = Math.min(screen.output.columns ?? 80, maxWidth) - 1
    const total =
      run.images > 1 ? [totalText(run, what, rateOf(samples, totalOf(run).received, drawnAt))] : []
    screen.draw([...total, ...[...transfers.values()].map((one) => barLine(one, drawnAt, columns))])
  }
  const tellLine = (at: number) => {
    silence = Math.min(2 * silence, longestSilenceMs)
    nextLineAt = at + silence
    const text = totalText(run, what, rateOf(samples, totalOf(run).received, at))
    log.write({ level: 'info', scope, message: [text, ...activeText(run)].join('; ') })
  }
  /** A transfer that stands still is drawn too, with its falling rate. */
  const tick = () => {
    if (isTerminal) draw()
    else if (now() >= nextLineAt) tellLine(now())
  }
  const timer = setInterval(tick, 1000).unref()

  const onStep = (image: ImageRef, step: ImageStep, at: number) => {
    const transfer = transfers.get(image.ordinal)
    if (step.type === 'transfer-start') {
      const samples = [{ at, received: 0 }]
      transfers.set(image.ordinal, { image, size: step.size, received: 0, samples })
      draw()
    } else if (transfer === undefined) {
      if (at - drawnAt >= redrawMs) draw()
    } else if (step.type === 'transfer-progress') {
      transfer.size = step.size ?? transfer.size
      transfer.received = step.received
      transfer.samples = withSample(transfer.samples, { at, received: step.received })
      if (at - drawnAt >= redrawMs) draw()
    } else if (step.type === 'transfer-retry') {
      transfer.samples = [{ at, received: 0 }]
      transfer.received = 0
    } else if (step.type === 'transfer-end' || step.type === 'failed' || step.type === 'done') {
      transfers.delete(image.ordinal)
      draw()
    }
  }

  return {
    onEvent: (event) => {
      const at = now()
      const before = run
      run = advance(run, event)
      if (event.type === 'run-start' && event.images > 0) nextLineAt = at + silence
      if (event.type !== 'image') return
      if (run !== before) samples = withSample(samples, { at, received: totalOf(run).received })
      onStep(event.image, event.step, at)
      if (!isTerminal && at >= nextLineAt) tellLine(at)
    },
    close: () => {
      clearInterval(timer)
      transfers.clear()
      screen.close()
    },
  }
}

/** Adds a sample and forgets those that are too old, but for one: the rate is that from there on. */
function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const all = [...samples, sample]
  const first = all.findIndex((_, index) => (all[index + 1]?.at ?? sample.at) >= sample.at - windowMs)
  return all.slice(Math.max(0, first))
}

/** Bytes a second over the last seconds; 0 where nothing comes, or a transfer has begun again. */
function rateOf([oldest]: readonly Sample[], received: number, now: number): number {
  if (oldest === undefined || now <= oldest.at) return 0
  return Math.max(0, ((received - oldest.received) / (now - oldest.at)) * 1000)
}

/** `5 of 13 images, 0.8 of 2.1 GiB, 3 min left`; the time only where all of it is known. */
function totalText(run: RunProgress, what: string, rate: number): string {
  const { received, size, isLeast } = totalOf(run)
  const images = `${run.done} of ${run.images} ${what}`
  if (size === 0) return images
  const bytes = formatShare(received, size, isLeast)
  return isLeast || rate <= 0 || received >= size
    ? `${images}, ${bytes}`
    : `${images}, ${bytes}, ${formatRemaining((size - received) / rate)} left`
}

/** What is under way: the transfers, else what is being looked for. */
function activeText({ active }: RunProgress): string[] {
  const mirrored = active.filter(({ phase }) => phase === 'mirroring').map(shareText)
  if (mirrored.length > 0) return [`mirroring ${formatNames(mirrored)}`]
  const checked = active.filter(({ phase }) => phase === 'checking').map(({ name }) => name)
  return checked.length > 0 ? [`checking ${formatNames(checked)}`] : []
}

function shareText({ name, received = 0, size }: ActiveImage): string {
  return `${name} (${size === undefined ? formatBytes(received) : `${percent({ received, size }) ?? 0} %`})`
}

function remaining({ size, received }: Transfer, rate: number): string {
  if (size === undefined || rate <= 0) return '-:--'
  return formatClock(Math.max(0, size - received) / rate)
}

function percent({ size, received }: Pick<Transfer, 'size' | 'received'>): number | undefined {
  return size === undefined || size === 0 ? undefined : Math.min(100, Math.floor((received / size) * 100))
}

/** `name [=====>    ]  42 %  1.2 GiB/2.9 GiB  52.1 MiB/s  0:35`, exactly `columns` wide where that suffices. */
function barLine(transfer: Transfer, now: number, columns: number): string {
  const { image, size, received } = transfer
  const rate = rateOf(transfer.samples, received, now)
  const share = percent(transfer)
  const bytes = size === undefined ? formatBytes(received) : `${formatBytes(received)}/${formatBytes(size)}`
  const label = truncate(printable(image.shortname ?? image.name), 24)
  const name = pad(label, Math.min(24, Math.max(12, Math.floor(columns / 5))))
  const figures = ` ${share === undefined ? '' : `${share} %`.padStart(5)} ${bytes.padStart(19)} ${formatRate(rate).padStart(12)} ${remaining(transfer, rate).padStart(7)}`
  const room = columns - displayWidth(name) - figures.length - 3
  if (room < 5) return truncate(name.trimEnd() + figures, columns)
  const filled = Math.round(((share ?? 0) / 100) * room)
  const bar = `${'='.repeat(filled).slice(0, -1)}${filled > 0 ? '>' : ''}`.padEnd(room)
  return `${name} [${bar}]${figures}`
}
