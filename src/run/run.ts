import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import type { ImageStep, Listener, RunEvent } from '../events.ts'
import { createHttpClient } from '../http/client.ts'
import type { HttpClient } from '../http/types.ts'
import type { Image } from '../image.ts'
import { version } from '../package.ts'
import { reportedError } from '../report/refusal.ts'
import type { OutcomeError } from '../report/schemas.ts'
import type { Store } from '../stores/store.ts'
import type { Limit, Note, Run, RunContext } from './context.ts'
import type { Mirror } from './mirror.ts'
import type { RunSettings } from './settings.ts'

/** What a run of any use-case has from its first moment. */
export interface Beginning {
  readonly startedAt: Date
  readonly signal: AbortSignal
  /** A listener that cannot end the run. */
  readonly onEvent: Listener
  readonly note: Note
  readonly http: HttpClient
}

export function begin(context: RunContext): Beginning {
  const { signal = new AbortController().signal } = context
  setMaxListeners(0, signal)
  const onEvent = guarded(context.onEvent)
  const note: Note = (level, message) => onEvent({ type: 'note', level, message })
  const http = createHttpClient({
    version: version(),
    policy: context.httpPolicy,
    note: (message) => note('debug', message),
  })
  return { startedAt: new Date(), signal, onEvent, note, http }
}

function guarded(listener: Listener = () => {}): Listener {
  return (event) => {
    try {
      listener(event)
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
}

/** Keeps events back until the run is known to be possible; where it is not, they are never told. */
export function heldUntil(possible: Promise<unknown>, listener: Listener): Listener {
  let held: RunEvent[] | undefined = []
  const tell = () => {
    for (const event of held ?? []) listener(event)
    held = undefined
  }
  possible.then(tell, () => undefined)
  return (event) => (held === undefined ? listener(event) : void held.push(event))
}

/** @param store `undefined`: nothing is written to a mirror in this run */
export function createRun<Settings extends RunSettings>(
  settings: Settings,
  { signal, note, http }: Beginning,
  mirror: Mirror,
  store: Store | undefined,
): Run & { readonly settings: Settings } {
  return {
    settings,
    signal,
    http,
    store,
    keyPrefix: mirror.keyPrefix,
    place: (image, version) => mirror.place(image, version),
    checking: limited(settings.jobs, signal),
    transferring: limited(settings.transfers, signal),
    note,
  }
}

/** At most `count` tasks at once. */
export function limited(count: number, signal: AbortSignal): Limit {
  const limit = pLimit(count)
  return (task) =>
    limit(() => {
      signal.throwIfAborted()
      return task()
    })
}

/** How one image of a run is spoken of: its steps as events, and what its outcome begins with. */
export function tellOf(image: Image, ordinal: number, onEvent: Listener) {
  const { file, line, name, shortname } = image
  const warnings: string[] = []
  return {
    about: { file, line, name, shortname, warnings },
    step: (step: ImageStep) => {
      if (step.type === 'warning') warnings.push(step.message)
      onEvent({ type: 'image', image: { ordinal, file, name, shortname }, step })
    },
  }
}

/** What was thrown in a run, as one of our errors: whatever an abort's reason is, what it ended is aborted. */
export function errorOf(thrown: unknown, { aborted, reason }: AbortSignal): UpdaterError {
  if (thrown instanceof UpdaterError || !aborted) return asUpdaterError(thrown)
  const why = reason instanceof Error ? reason.message : String(reason)
  return new UpdaterError('ABORTED', why, { cause: thrown })
}

/** An error as a report tells it: it stands at the image's definition where it names no other place. */
export function outcomeError(error: UpdaterError, image: Image): OutcomeError {
  return reportedError(error, image)
}

export function secondsSince(start: Date): number {
  return (Date.now() - start.getTime()) / 1000
}

/** Closes what a run has open; what fails is told, and the rest is closed all the same. */
export async function endInOrder(closers: readonly (() => unknown)[], note: Note): Promise<void> {
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      note('warning', `The run could not end in order: ${asUpdaterError(error).message}`)
    }
  }
}

/** Why an image is not looked at, decided before any request; `undefined`: it is looked at. */
export function skipReason(image: Image, includeDisabled: boolean): 'no-latest-url' | 'disabled' | undefined {
  if (image.latestUrl === undefined) return 'no-latest-url'
  return image.enable || includeDisabled ? undefined : 'disabled'
}
