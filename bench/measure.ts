import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Bytes of memory at the highest; 0 where the system does not tell. */
export interface Memory {
  /** The program itself, without its children. */
  readonly own: number
  /** The largest process of it and its children. */
  readonly largest: number
  /** All processes at one time. What they share is counted in each. */
  readonly together: number
}

/** What one run of a program cost. */
export interface Cost {
  /** Milliseconds from its start to its end. */
  readonly time: number
  /** Milliseconds of processors that it and its children used. */
  readonly cpu: number
  readonly memory: Memory
  /** Bytes that it and its children gave to a disk. 0 where the system does not tell. */
  readonly written: number
  readonly stdout: string
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Exit status that counts as success. Default: 0. */
  readonly status?: number
}

/** The environment without what would lead a program elsewhere. */
const neutral = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^AWS_|^MINIO_|_proxy$/i.test(name)),
)

/** So that the system's own accounts are read after the last of the children has ended. */
const wrapper = '"$@"; status=$?; times >&3; cat "/proc/$$/io" >&3 2>/dev/null; exit $status'

/** Runs a program to its end. @throws Error where its exit status is another one */
export async function measure(
  program: string,
  args: readonly string[],
  { env = {}, status = 0 }: ProgramOptions = {},
): Promise<Cost> {
  const started = performance.now()
  const child = spawn('/bin/sh', ['-c', wrapper, 'bench', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...neutral, ...env },
  })
  const texts = [1, 2, 3].map((number) => textOf(child.stdio[number] as NodeJS.ReadableStream))
  const peak = watchMemory(child.pid ?? 0)
  const [exit] = (await once(child, 'close')) as [number | null]
  const time = performance.now() - started
  const [stdout = '', stderr = '', accounts = ''] = await Promise.all(texts)
  const memory = peak()
  if (exit !== status) throw new Error(`${program} ended with ${exit}: ${stderr.slice(-2000)}`)
  const written = Number(/^write_bytes: (\d+)/m.exec(accounts)?.[1] ?? 0)
  return { time, cpu: cpuOf(accounts), memory, written, stdout }
}

/** Of the children, which `times` tells in its second line: `0m1.5s 0m0.25s`. */
function cpuOf(accounts: string): number {
  const [, children = ''] = accounts.split('\n')
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
  return sum(parts.map(([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000))
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const sampleInterval = 10

/** The system keeps each process' peak: it is read again and again, for it is gone with the process. */
function watchMemory(shell: number): () => Memory {
  const peak = { own: 0, largest: 0, together: 0 }
  const timer = setInterval(async () => {
    const families = await Promise.all((await childrenOf(shell)).map((pid) => familyOf(pid, '')))
    const sizes = families.flat()
    peak.own = Math.max(peak.own, ...families.map(([program]) => program?.most ?? 0))
    peak.largest = Math.max(peak.largest, ...sizes.map(({ most }) => most))
    peak.together = Math.max(peak.together, sum(sizes.map(({ now }) => now)))
  }, sampleInterval)
  return () => {
    clearInterval(timer)
    return { ...peak, together: Math.max(peak.together, peak.largest) }
  }
}

/** Bytes that a process holds, and the most that it ever held. */
interface Size {
  readonly now: number
  readonly most: number
}

/**
 * Of a process, and then of its descendants. A child with its parent's command line is a copy of it, on its
 * way to another program, and shares its parent's memory.
 */
async function familyOf(pid: number, parent: string): Promise<Size[]> {
  const command = await textIn(`/proc/${pid}/cmdline`)
  const size = command === parent ? { now: 0, most: 0 } : await sizeOf(pid)
  const children = await Promise.all((await childrenOf(pid)).map((child) => familyOf(child, command)))
  return [size, ...children.flat()]
}

async function sizeOf(pid: number): Promise<Size> {
  const text = await textIn(`/proc/${pid}/status`)
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return { now: bytes('VmRSS'), most: bytes('VmHWM') }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await textIn(`/proc/${pid}/task/${pid}/children`)
  return text.split(' ').filter(Boolean).map(Number)
}

/** Empty where the process is gone. */
function textIn(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

/** Is a folder on no disk, so that nothing counts as written? */
export async function isInMemory(folder: string): Promise<boolean> {
  const tmpfs = 0x01021994
  return (await statfs(folder)).type === tmpfs
}

/** Is there a program of this name on the PATH? */
export function isInstalled(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = 0, high = 0] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]]
  return (low + high) / 2
}
