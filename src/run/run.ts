import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { guarded, type ImageStep, type Listener, type RunEvent } from '../events.ts'
import { unlessAborted } from '../http/abort.ts'
import { HttpClient } from '../http/client.ts'
import type { Policy } from '../http/policy.ts'
import type { Image } from '../image.ts'
import { assertOptions } from '../options.ts'
import { type Memory, openMemory, stateFolder } from '../state.ts'
import { keyPrefixOf, openStore } from '../stores/kinds.ts'
import { isFolderName } from '../stores/naming.ts'
import type { Store } from '../stores/store.ts'
import type { NamedObjects } from './named.ts'
import type { RunSettings } from './options.ts'

/** What a use-case takes beside its options. */
export interface RunContext {
  /** Ends the run early: uploads are aborted, every catalogue file is whole. */
  readonly signal?: AbortSignal | undefined
  /** An error that it throws becomes a process warning, and the run goes on. */
  readonly onEvent?: Listener | undefined
  /** Gets secrets that the run learns of, before anything can tell of them. */
  readonly hide?: ((secrets: readonly string[]) => void) | undefined
  /** Numbers of the HTTP client that differ from the defaults, in milliseconds and bytes. */
  readonly httpPolicy?: Partial<Policy> | undefined
}

/** A remark on the run as a whole. */
export type Note = (level: 'debug' | 'info' | 'warning' | 'error', message: string) => void

/**
 * Runs tasks, a limited number at once; none is begun once the run is aborted. Each gets the signal that ends it: the
 * run's, or one of its own.
 */
export type Limit = <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T>

/** What a run of any use-case has from its first moment. */
export interface Beginning {
  readonly startedAt: Date
  readonly signal: AbortSignal
  /** A listener that cannot end the run. */
  readonly onEvent: Listener
  readonly note: Note
  readonly http: HttpClient
  readonly memory: Memory
}

/** What tells whether everybody can read what a run is about to store. */
export interface Readers {
  /**
   * Before the first transfer: one object tells what otherwise each image would, after it was transferred. Asked once
   * for the run.
   * @throws UpdaterError PUBLIC_* if nobody could read it
   */
  assertAny(): Promise<void>
  /** Why nobody could read what the run would have stored, if that was asked. Never throws. */
  failure(): Promise<UpdaterError | undefined>
}

/** What the images of one run share that are brought to a mirror. */
export interface Run extends Pick<Beginning, 'signal' | 'http' | 'note'> {
  readonly settings: RunSettings
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  readonly readers: Readers
  readonly named: NamedObjects
  /** Short tasks, at most `jobs` at once. */
  readonly checking: Limit
  /** Transfers, at most `transfers` at once. */
  readonly transferring: Limit
}

/** Tells what happens to one image. */
export type Tell = (step: ImageStep) => void

/** One image on its way through a run. */
export interface Task {
  readonly image: Image
  readonly run: Run
  readonly tell: Tell
}

/**
 * What of this machine and its networks a run may read where a catalogue, or a server, names it, and the folder of what
 * it remembers.
 */
type Reaching = Partial<Pick<RunSettings, 'fileRoot' | 'allowPrivate' | 'stateDir'>>

export function begin(context: RunContext, { fileRoot, allowPrivate, stateDir }: Reaching = {}): Beginning {
  assertOptions(context, 'The context')
  const { signal = new AbortController().signal } = context
  setMaxListeners(0, signal)
  const onEvent = guarded(context.onEvent)
  const note: Note = (level, message) => onEvent({ type: 'note', level, message })
  const http = new HttpClient({
    policy: context.httpPolicy,
    fileRoots: fileRoot,
    allowPrivate,
    note: (message) => note('debug', message),
  })
  const memory = openMemory(stateDir ?? stateFolder(process.env), (message) => note('warning', message))
  return { startedAt: new Date(), signal, onEvent, note, http, memory }
}

/** A run's store, which is asked while the run goes on. */
interface OpenedStore {
  /** `undefined`: nothing is written to a mirror in this run. */
  readonly store: Store | undefined
  /**
   * The store has proven that it can be used: nothing is asked of it, or stored, before.
   * @throws UpdaterError STORE_*, ABORTED
   */
  readonly ready: Promise<void>
  /** The uploads that earlier runs left behind are removed, or a note says why not. Never throws. */
  readonly tidied: Promise<void>
}

/**
 * Opens the mirror's store, and returns before that has answered.
 * @throws UpdaterError CONFIGURATION, STORE_CREDENTIALS
 */
export async function openMirror(
  { mirror, dryRun, timeout }: RunSettings,
  images: readonly Image[],
  { http, signal, note, memory }: Pick<Beginning, 'http' | 'signal' | 'note' | 'memory'>,
): Promise<OpenedStore> {
  const warn = (message: string) => note('warning', message)
  const store = dryRun ? undefined : await openStore(mirror, http, { memory, warn })
  if (store === undefined) return { store, ready: Promise.resolve(), tidied: Promise.resolve() }
  const ready = store.ready(signal).catch((error: unknown) => {
    throw asUpdaterError(error)
  })
  const folders = images.flatMap(({ shortname = [] }) => shortname).filter(isFolderName)
  const tidied = ready.then(
    () => removeStale(store, keyPrefixOf(mirror), folders, { signal, note, timeout }),
    () => undefined,
  )
  return { store, ready, tidied }
}

const day = 24 * 60 * 60 * 1000

async function removeStale(
  store: Store,
  prefix: string,
  folders: readonly string[],
  { signal, note, timeout }: Pick<Beginning, 'signal' | 'note'> & Pick<RunSettings, 'timeout'>,
): Promise<void> {
  try {
    const before = new Date(Date.now() - day)
    const removed = await within(timeout, signal, (either) =>
      store.abortStale({ prefix, folders, before }, either),
    )
    if (removed > 0) note('info', `Removed ${removed} unfinished uploads of earlier runs`)
  } catch (error) {
    if (signal.aborted) return
    note('warning', `Unfinished uploads could not be looked for: ${asUpdaterError(error).message}`)
  }
}

/** Holds events back until `possible` resolves, and drops them if it rejects. */
export function heldUntil(possible: Promise<unknown>, listener: Listener): Listener {
  let held: RunEvent[] | undefined = []
  const tell = () => {
    for (const event of held ?? []) listener(event)
    held = undefined
  }
  possible.then(tell, () => undefined)
  return (event) => (held === undefined ? listener(event) : void held.push(event))
}

/** At most `count` tasks at once. @param timeout milliseconds that each may take; absent: as long as it takes */
export function limited(count: number, signal: AbortSignal, timeout?: number): Limit {
  const limit = pLimit(count)
  return (task) =>
    limit(() => {
      signal.throwIfAborted()
      return timeout === undefined ? task(signal) : within(timeout, signal, task)
    })
}

/** Whatever a task waits for, it ends. @throws UpdaterError HTTP_TIMEOUT */
async function within<T>(
  timeout: number,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController()
  const late = new UpdaterError('HTTP_TIMEOUT', `The servers were not done within ${timeout / 1000} s`, {
    remedy: 'Look at what holds them up, or allow them more with --timeout',
  })
  const timer = setTimeout(() => deadline.abort(late), timeout)
  const either = AbortSignal.any([signal, deadline.signal])
  setMaxListeners(0, either)
  try {
    return await unlessAborted(task(either), deadline.signal)
  } catch (error) {
    throw deadline.signal.aborted && !signal.aborted ? late : error
  } finally {
    clearTimeout(timer)
  }
}

/** Returns what the outcome of an image begins with, and the function that reports its steps. */
export function tellOf(image: Image, ordinal: number, onEvent: Listener) {
  const { file, line, name, shortname } = image
  const warnings: string[] = []
  return {
    about: { file, line, name, shortname },
    /** Filled while the steps are told. */
    warnings,
    tell: (step: ImageStep) => {
      if (step.type === 'warning') warnings.push(step.message)
      onEvent({ type: 'image', image: { ordinal, file, name, shortname }, step })
    },
  }
}

/** Returns what was thrown as one of our errors; after an abort that is ABORTED, whatever the abort's reason is. */
export function errorOf(thrown: unknown, { aborted, reason }: AbortSignal): UpdaterError {
  if (thrown instanceof UpdaterError || !aborted) return asUpdaterError(thrown)
  const why = reason instanceof Error ? reason.message : String(reason)
  return new UpdaterError('ABORTED', why, { cause: thrown })
}

export function secondsSince(start: Date): number {
  return (Date.now() - start.getTime()) / 1000
}

/** Closes everything that a run has open; a failure becomes a warning, and the others are closed all the same. */
export async function endInOrder(closers: readonly (() => unknown)[], note: Note): Promise<void> {
  for (const close of closers) {
    try {
      await close()
    } catch (error) {
      note('warning', `The run could not end in order: ${asUpdaterError(error).message}`)
    }
  }
}

/** Returns why an image is skipped, before any request is made, or undefined if it is not. */
export function skipReason(image: Image, includeDisabled: boolean): 'no-latest-url' | 'disabled' | undefined {
  if (image.latestUrl === undefined) return 'no-latest-url'
  return image.enable || includeDisabled ? undefined : 'disabled'
}
