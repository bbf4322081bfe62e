import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  /** The next line that it prints. */
  line(): Promise<string>
  ended(): Promise<unknown>
}

/** Runs one of the scripts of this folder. */
export function startChild(script: string, ...options: string[]): Child {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const end = once(child, 'close')
  const lines: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    child.emit('line')
  })
  return {
    process: child,
    async line() {
      while (lines.length === 0)
        await Promise.race([once(child, 'line'), end.then(() => lines.push('(ended)'))])
      return lines.shift() ?? ''
    },
    ended: () => end,
  }
}
