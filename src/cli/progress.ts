import { printable } from '../errors.ts'
import type { ImageRef, ImageStep, Listener } from '../events.ts'
import { formatBytes, formatClock, formatRate } from '../report/quantities.ts'
import { displayWidth, pad, truncate } from '../report/terminal.ts'
import type { Log } from './log.ts'
import type { Screen } from './screen.ts'

const redrawMs = 100
const lineMs = 10_000
const windowMs = 8_000
const maxWidth = 120

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
  toldAt: number
}

export interface Progress {
  readonly onEvent: Listener
  close(): void
}

/** Bars on a terminal, a log line for each transfer every ten seconds elsewhere. */
export function createProgress(screen: Screen, log: Log, clock: () => Date): Progress {
  const now = () => clock().getTime()
  const transfers = new Map<number, Transfer>()
  const isTerminal = screen.output.isTTY === true
  let drawnAt = Number.NEGATIVE_INFINITY

  /** Where there is no terminal, the screen shows nothing. */
  const draw = () => {
    drawnAt = now()
    const columns = Math.min(screen.output.columns ?? 80, maxWidth) - 1
    screen.draw([...transfers.values()].map((transfer) => barLine(transfer, drawnAt, columns)))
  }
  /** A transfer that stands still is drawn too, with its falling rate. */
  const timer = isTerminal ? setInterval(draw, 1000).unref() : undefined

  const onStep = (image: ImageRef, step: ImageStep, at: number) => {
    const transfer = transfers.get(image.ordinal)
    if (step.type === 'transfer-start') {
      const samples = [{ at, received: 0 }]
      transfers.set(image.ordinal, { image, size: step.size, received: 0, samples, toldAt: at })
      draw()
    } else if (transfer === undefined) {
      return
    } else if (step.type === 'transfer-progress') {
      advance(transfer, step, at)
      if (at - drawnAt >= redrawMs) draw()
      if (!isTerminal && at - transfer.toldAt >= lineMs) {
        transfer.toldAt = at
        const { name, shortname } = image
        log.write({ level: 'info', scope: shortname ?? name, message: progressText(transfer, at) })
      }
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
      if (event.type === 'image') onStep(event.image, event.step, now())
    },
    close: () => {
      clearInterval(timer)
      transfers.clear()
      screen.close()
    },
  }
}

type ProgressStep = Extract<ImageStep, { type: 'transfer-progress' }>

function advance(transfer: Transfer, step: ProgressStep, at: number): void {
  transfer.size = step.size ?? transfer.size
  transfer.received = step.received
  transfer.samples.push({ at, received: step.received })
  while (transfer.samples.length > 2 && (transfer.samples[1]?.at ?? at) < at - windowMs)
    transfer.samples.shift()
}

/** Bytes a second over the last seconds. */
function rateOf({ samples, received }: Transfer, now: number): number {
  const [oldest] = samples
  if (oldest === undefined || now <= oldest.at) return 0
  return ((received - oldest.received) / (now - oldest.at)) * 1000
}

function remaining({ size, received }: Transfer, rate: number): string {
  if (size === undefined || rate <= 0) return '-:--'
  return formatClock(Math.max(0, size - received) / rate)
}

function percent({ size, received }: Transfer): number | undefined {
  return size === undefined || size === 0 ? undefined : Math.min(100, Math.floor((received / size) * 100))
}

function progressText(transfer: Transfer, now: number): string {
  const rate = rateOf(transfer, now)
  const { size, received } = transfer
  const share = size === undefined ? '' : ` of ${formatBytes(size)} (${percent(transfer) ?? 0} %)`
  const left = size === undefined ? '' : `, ${remaining(transfer, rate)} left`
  return `Mirroring ${transfer.image.name}: ${formatBytes(received)}${share}, ${formatRate(rate)}${left}`
}

/** `name [=====>    ]  42 %  1.2 GiB/2.9 GiB  52.1 MiB/s  0:35`, exactly `columns` wide where that suffices. */
function barLine(transfer: Transfer, now: number, columns: number): string {
  const { image, size, received } = transfer
  const rate = rateOf(transfer, now)
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
