import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import type { Limit } from './bench.ts'
import type { Line, Result } from './rounds.ts'

/** The machine in one line, in general terms. */
export function machine(): string {
  const kernel = readVersion('/proc/sys/kernel/osrelease')
  const gib = Math.round(totalmem() / 2 ** 30)
  return `${availableParallelism()} cores, ${gib} GiB, ${process.platform} ${kernel}, Node ${process.version}`
}

function readVersion(path: string): string {
  try {
    return /^\d+\.\d+/.exec(readFileSync(path, 'utf8'))?.[0] ?? ''
  } catch {
    return ''
  }
}

export function formatResult({ name, about, lines, limits, notes }: Result): string {
  const rows = lines.map((line) => `| ${cellsOf(line).join(' | ')} |`)
  const verdicts = limits.map(({ limit, found, reached }) => {
    return `- ${reached ? 'kept' : 'NOT KEPT'}: ${describe(limit)}: ${found.toFixed(2)}`
  })
  return [
    `### ${name}: ${about}`,
    '',
    "| | median s | from – to | ours is × | CPU s | servers' CPU s | peak MiB | together MiB | MiB to disk |",
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    ...verdicts,
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n')
}

function cellsOf({ name, time, times, ratio, cpu, servers, memory, written }: Line): string[] {
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2)
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
  return [
    name.replaceAll('|', '\\|'),
    seconds(time),
    `${seconds(Math.min(...times))} – ${seconds(Math.max(...times))}`,
    ratio.toFixed(2),
    seconds(cpu),
    seconds(servers),
    mebibytes(memory.largest),
    mebibytes(memory.together),
    mebibytes(written),
  ]
}

function describe(limit: Limit): string {
  switch (limit.type) {
    case 'ratio':
      return `at most ${limit.most} times as long as ${limit.peer}`
    case 'extra':
      return `at most ${limit.most} ms longer than ${limit.peer}`
    case 'round-trips':
      return `at most ${limit.most} round trips, one after the other`
    case 'time':
      return `at most ${limit.most} ms`
    case 'memory':
      return `at most ${limit.most} MiB of memory in its own process`
    case 'written':
      return `at most ${limit.most} MiB to disk`
  }
}
