import { readFile, readlink } from 'node:fs/promises'

export interface FoundProcess {
  /** Ticks since boot: tells a process from a later one with the same number; known on Linux only. */
  readonly start: string | undefined
}

/**
 * A running process; `undefined` where there is none, or where it has ended and only waits to be reaped.
 * See proc(5), /proc/pid/stat: state is field 3, start time field 22.
 */
export async function findProcess(pid: number): Promise<FoundProcess | undefined> {
  if (!isRunning(pid)) return undefined
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { start: fields[19] }
}

/** Within what a process number means the same process: this boot of the kernel, and the pid namespace. */
export async function thisMachine(): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
