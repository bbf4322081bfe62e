import type { RunContext } from '../index.ts'
import { camel } from '../option.ts'
import { storeOptions } from '../stores/kinds.ts'
import type { Log } from './log.ts'
import { createNarrator } from './narrator.ts'
import { createProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Session } from './session.ts'
import type { Options } from './settings.ts'

interface Telling {
  readonly session: Session
  readonly log: Log
  readonly screen: Screen
  /** No progress bars. */
  readonly quiet?: boolean | undefined
}

/** Carries a use-case out with its story in the log and the progress of its transfers below. */
export async function tellRun<Report>(
  { session, log, screen, quiet }: Telling,
  useCase: (context: RunContext) => Promise<Report>,
): Promise<Report> {
  const { command: scope, context } = session
  const { signal, now } = context
  const progress = quiet ? undefined : createProgress({ screen, log, now: () => now().getTime() })
  const narrator = createNarrator(log, now, scope)
  const onAbort = () => {
    const message = `${(signal.reason as Error).message}: uploads are aborted (once more: stop at once)`
    log.write({ level: 'warning', scope, message })
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await useCase({
      signal,
      onEvent: (event) => {
        progress?.onEvent(event)
        narrator.onEvent(event)
      },
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    progress?.close()
    narrator.finish()
  }
}

/** A secret on the command line is a warning: `ps` shows it. */
export function warnOfSecret({ origin }: Options<'mirror' | 'prune' | 'update'>, log: Log): void {
  const shown = storeOptions.filter(
    ({ name, secret }) => secret === true && origin(camel(name) as 'mirror').source === 'flag',
  )
  for (const { env } of shown) {
    const message = `The secret key stands on the command line, where ps shows it to every user of this machine: give it in ${env}`
    log.write({ level: 'warning', scope: 'update', message })
  }
}
