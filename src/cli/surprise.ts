import { asUpdaterError, printable } from '../errors.ts'
import { errorLines } from './log.ts'
import type { Session } from './session.ts'

/** What nobody foresaw, in one sentence; its stack only for those who debug. */
export function tellSurprise(thrown: unknown, { args, context, redact }: Session): void {
  for (const { level, message } of errorLines(asUpdaterError(thrown), 'main')) {
    if (level === 'error' || args.includes('--debug')) {
      context.stderr.write(`image-updater: ${printable(redact(message))}\n`)
    }
  }
}
