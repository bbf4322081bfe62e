import type { UpdaterError } from '../errors.ts'
import { errorLines, type Log } from './log.ts'

/** The last lines of a hook that are kept, and the characters of each. */
const kept = 50
const longest = 2000

/** What hooks print, and how they fail. */
export interface HookLog {
  onLine(line: string): void
  onFailure(error: UpdaterError): void
}

/** Tells what hooks print as information. Where that is not told, its last lines are told before a failure. */
export function createHookLog(log: Log): HookLog {
  let words: string[] = []
  const isTold = log.tells('info')
  return {
    onLine: (line) => {
      if (isTold) log.write({ level: 'info', scope: 'hook', message: line })
      else words = [...words, line.slice(0, longest)].slice(-kept)
    },
    onFailure: (error) => {
      for (const message of words) log.write({ level: 'warning', scope: 'hook', message })
      words = []
      for (const line of errorLines(error, 'hook')) log.write(line)
    },
  }
}
