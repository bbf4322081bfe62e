import type { Bench, Contestant, Limit, Scale, Stage } from './bench.ts'
import { type Cost, isInstalled, type Memory, median, sum } from './measure.ts'

export interface Line {
  readonly name: string
  /** Milliseconds of each round. */
  readonly times: readonly number[]
  readonly time: number
  /** Milliseconds of processors. */
  readonly cpu: number
  /** Our time as a multiple of this one's, each round for itself. */
  readonly ratio: number
  /** Milliseconds of processors that the servers used meanwhile. */
  readonly servers: number
  /** The highest of all rounds. */
  readonly memory: Memory
  /** Bytes. */
  readonly written: number
}

export interface Verdict {
  readonly limit: Limit
  readonly found: number
  readonly reached: boolean
}

export interface Result {
  readonly name: string
  readonly about: string
  readonly lines: readonly Line[]
  readonly limits: readonly Verdict[]
  readonly notes: readonly string[]
}

export async function runBench(bench: Bench, scale: Scale, rounds: number): Promise<Result> {
  const { name, about } = bench
  const stage = await bench.prepare(scale)
  try {
    const { present, skipped } = await warmUp(stage)
    const lines = linesOf(present, await race(present, stage, rounds))
    const notes = [...skipped, ...((await stage.notes?.()) ?? [])]
    return { name, about, lines, limits: judge(stage, lines), notes }
  } finally {
    await stage.close()
  }
}

/** Everyone runs once. A peer that cannot is skipped; that we cannot is an error. */
async function warmUp({ contestants: [ours, ...peers] }: Stage) {
  const present = [ours]
  const skipped: string[] = []
  await ours.run()
  for (const peer of peers) {
    const lacking = (peer.needs ?? []).filter((program) => !isInstalled(program))
    if (lacking.length > 0) {
      skipped.push(`${peer.name} is skipped: ${lacking.join(', ')} is missing`)
      continue
    }
    try {
      await peer.run()
      present.push(peer)
    } catch (error) {
      skipped.push(`${peer.name} is skipped: ${(error as Error).message.trim()}`)
    }
  }
  return { present, skipped }
}

interface Turn extends Cost {
  /** Milliseconds of processors that the servers used meanwhile. */
  readonly servers: number
}

/** Costs by contestant and round. Every other round goes backwards, so that nobody always comes after the same one. */
async function race(
  contestants: readonly Contestant[],
  { servers = [] }: Stage,
  rounds: number,
): Promise<Turn[][]> {
  const used = async () => sum(await Promise.all(servers.map((server) => server.cpu())))
  const turns: Turn[][] = contestants.map(() => [])
  const order = [...contestants.entries()]
  for (let round = 0; round < rounds; round++, order.reverse()) {
    for (const [index, contestant] of order) {
      const before = await used()
      const cost = await contestant.run()
      turns[index]?.push({ ...cost, servers: (await used()) - before })
    }
  }
  return turns
}

function linesOf(contestants: readonly Contestant[], costs: readonly Turn[][]): Line[] {
  const [ours = []] = costs
  return contestants.map(({ name }, index) => {
    const own = costs[index] ?? []
    const times = own.map(({ time }) => time)
    return {
      name,
      times,
      time: median(times),
      ratio: median(times.map((time, round) => (ours[round]?.time ?? Number.NaN) / time)),
      cpu: median(own.map(({ cpu }) => cpu)),
      servers: median(own.map(({ servers }) => servers)),
      memory: highest(own.map(({ memory }) => memory)),
      written: median(own.map(({ written }) => written)),
    }
  })
}

function highest(memories: readonly Memory[]): Memory {
  return {
    own: Math.max(...memories.map(({ own }) => own)),
    largest: Math.max(...memories.map(({ largest }) => largest)),
    together: Math.max(...memories.map(({ together }) => together)),
  }
}

/** Limits against a peer that is not there are left out. */
function judge({ limits }: Stage, lines: readonly Line[]): Verdict[] {
  const [ours] = lines
  return limits.flatMap((limit) => {
    const peer = 'peer' in limit ? lines.find(({ name }) => name === limit.peer) : ours
    if (ours === undefined || peer === undefined) return []
    const found = measured(limit, ours, peer)
    return [{ limit, found, reached: found <= limit.most }]
  })
}

function measured(limit: Limit, ours: Line, peer: Line): number {
  const longer = () => median(ours.times.map((time, round) => time - (peer.times[round] ?? Number.NaN)))
  switch (limit.type) {
    case 'ratio':
      return peer.ratio
    case 'extra':
      return longer()
    case 'round-trips':
      return longer() / limit.roundTrip
    case 'time':
      return ours.time
    case 'memory':
      return ours.memory.own / 2 ** 20
    case 'written':
      return ours.written / 2 ** 20
  }
}
