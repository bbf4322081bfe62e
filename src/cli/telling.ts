import type { RunContext } from '../index.ts'
import { redactDeep } from '../redact.ts'
import type { OutcomeError } from '../report/schemas.ts'
import { storeOptions } from '../stores/kinds.ts'
import type { Call } from './call.ts'
import { withSurprise } from './context.ts'
import { type Loudness, openLog } from './log.ts'
import { createNarrator } from './narrator.ts'
import { assertFilesWritable, type Files } from './present.ts'
import { createProgress } from './progress.ts'
import type { Options } from './settings.ts'

/**
 * Carries a use-case out, with its story in the log and the progress of its transfers below.
 * @returns its report, without secrets
 * @throws UpdaterError CONFIGURATION before it begins if the files of its report cannot be written
 */
export async function tellRun<Report extends { readonly errors: readonly OutcomeError[] }>(
  call: Call<'update' | 'mirror' | 'publish' | 'verify' | 'prune'>,
  useCase: (context: RunContext) => Promise<Report>,
): Promise<Report> {
  const { command: scope, context, redact } = call.session
  const { signal, now } = context
  const options = call.options()
  const values: Loudness & Files = options.values
  await assertFilesWritable(values)
  const log = openLog(call.session, values)
  const warn = (message: string) => log.write({ level: 'warning', scope, message })
  for (const sentence of openSecrets(options)) warn(sentence)
  const progress = values.quiet ? undefined : createProgress(log.screen, log, now, scope)
  const narrator = createNarrator(log, { now, scope })
  const onAbort = () =>
    warn(`${(signal.reason as Error).message}: uploads are aborted (once more: stop at once)`)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const report = await useCase({
      signal,
      hide: call.session.hide,
      onEvent: (event) => {
        progress?.onEvent(event)
        narrator.onEvent(event)
      },
    })
    return redactDeep(withSurprise(report, signal), redact)
  } finally {
    signal.removeEventListener('abort', onAbort)
    progress?.close()
    narrator.finish()
  }
}

/** A secret on the command line is a warning: `ps` shows it. */
function openSecrets({ origin }: Options<'verify'>): string[] {
  return storeOptions.flatMap(({ name, secret, env }) =>
    secret === true && origin(name).source === 'flag'
      ? `The secret key stands on the command line, where ps shows it to every user of this machine: give it in ${env}`
      : [],
  )
}
