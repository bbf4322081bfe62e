import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A server in a process of its own, so that what it costs is not counted as anybody else's. */
export interface RunningServer<Facts, Counts> {
  readonly facts: Facts
  /** What it has counted so far. */
  counts(): Promise<Counts>
  /** Milliseconds of processors that it has used so far. */
  cpu(): Promise<number>
  close(): Promise<void>
}

/** Starts `servers/NAME.ts`. */
export async function startServer<Config extends object, Facts, Counts>(
  name: string,
  config: Config,
): Promise<RunningServer<Facts, Counts>> {
  const child = fork(new URL(`./${name}.ts`, import.meta.url))
  const next = async <T>() => (await once(child, 'message'))[0] as T
  const ask = <T>(question: 'counts' | 'cpu') => {
    child.send(question)
    return next<T>()
  }
  child.send(config)
  const facts = await next<Facts>()
  return {
    facts,
    counts: () => ask<Counts>('counts'),
    cpu: () => ask<number>('cpu'),
    close: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** The other side of `startServer`, in the server's process. */
export function serve<Config, Facts, Counts>(
  start: (config: Config) => Promise<{ facts: Facts; counts: () => Counts }>,
): void {
  if (process.send === undefined) return
  process.once('message', async (config) => {
    const { facts, counts } = await start(config as Config)
    process.on('message', (question) => process.send?.(question === 'cpu' ? cpuTime() : counts()))
    process.send?.(facts)
  })
  process.on('disconnect', () => process.exit())
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Waits as long as a server at a distance takes to answer: a round trip, and one more to open a connection. */
export function createDistance(roundTrip: number): (socket: Socket) => Promise<void> {
  const opened = new WeakSet<Socket>()
  return async (socket) => {
    const isNew = !opened.has(socket)
    opened.add(socket)
    if (roundTrip > 0) await pause(isNew ? 2 * roundTrip : roundTrip)
  }
}

/** Waits until so many bytes are due at `rate` bytes per second since `started`. */
export async function untilDue(started: number, bytes: number, rate: number | undefined): Promise<void> {
  const early = rate === undefined ? 0 : (bytes / rate) * 1000 - (performance.now() - started)
  if (early > 1) await pause(early)
}
