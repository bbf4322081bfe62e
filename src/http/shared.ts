import { setMaxListeners } from 'node:events'
import { abortedError, unlessAborted } from './abort.ts'

interface Task<T> {
  readonly result: Promise<T>
  readonly unwanted: AbortController
  readonly askers: Set<AbortSignal | undefined>
}

/**
 * Does each named task once for all who ask for it, at the same time or later. A task is aborted and forgotten if
 * all who asked have aborted before it has ended; one of them alone takes nothing from the others.
 */
export class SharedTasks<T> {
  readonly #tasks = new Map<string, Task<T>>()

  /** @throws UpdaterError what the task failed with; ABORTED */
  async ask(
    name: string,
    signal: AbortSignal | undefined,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw abortedError(signal)
    const { result, unwanted, askers } = this.#tasks.get(name) ?? this.#begin(name, task)
    const leave = () => {
      askers.delete(signal)
      if (askers.size > 0) return
      this.#tasks.delete(name)
      unwanted.abort(signal?.reason)
    }
    askers.add(signal)
    if (signal !== undefined) setMaxListeners(0, signal) // one signal serves all requests of a run
    signal?.addEventListener('abort', leave)
    try {
      return await (signal === undefined ? result : unlessAborted(result, signal))
    } catch (error) {
      throw signal?.aborted ? abortedError(signal) : error
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  #begin(name: string, task: (signal: AbortSignal) => Promise<T>): Task<T> {
    const unwanted = new AbortController()
    const begun = { result: task(unwanted.signal), unwanted, askers: new Set<AbortSignal | undefined>() }
    this.#tasks.set(name, begun)
    return begun
  }
}
