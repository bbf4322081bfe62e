import type { RunContext } from '../index.ts'
import { camel } from '../option.ts'
import { storeOptions } from '../stores/kinds.ts'
import type { Flags } from './flags.ts'
import type { Log } from './log.ts'
import { createNarrator } from './narrator.ts'
import type { MirrorFlags } from './options.ts'
import { createProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Session } from './session.ts'

export interface Telling {
  readonly session: Session
  readonly log: Log
  readonly screen: Screen
  /** No progress bars. */
  readonly quiet?: boolean | undefined
  /** What lines about the run as a whole are of. */
  readonly scope: string
}

/** Carries a use-case out with its story in the log and the progress of its transfers below. */
export async function tellRun<Report>(
  { session, log, screen, quiet, scope }: Telling,
  useCase: (context: RunContext) => Promise<Report>,
): Promise<Report> {
  const { signal, now } = session.context
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

export function warnOfSecret({ origin }: Pick<Flags<MirrorFlags>, 'origin'>, log: Log): void {
  for (const { name, secret, env } of storeOptions) {
    if (secret !== true || origin(camel(name) as keyof MirrorFlags).source !== 'flag') continue
    const message = `The secret key stands on the command line, where ps shows it to every user of this machine: give it in ${env}`
    log.write({ level: 'warning', scope: 'update', message })
  }
}
