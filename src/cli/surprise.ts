import { asUpdaterError, printable } from '../errors.ts'
import { errorLines } from './log.ts'
import { createRedact, formsOf, secretsOf } from './redact.ts'

/** What nobody foresaw, in one sentence; its stack only for those who debug. */
export function tellSurprise(thrown: unknown): void {
  const args = process.argv.slice(2)
  const redact = createRedact(formsOf(secretsOf(args, process.env)))
  for (const { level, message } of errorLines(asUpdaterError(thrown), 'main')) {
    if (level === 'error' || args.includes('--debug')) {
      process.stderr.write(`image-updater: ${printable(redact(message))}\n`)
    }
  }
}
