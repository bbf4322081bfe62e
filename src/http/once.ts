import { abortedError, orAborted } from './abort.ts'
import type { DiscoveryHttp, RequestOptions } from './types.ts'

/**
 * Asks each URL once however many ask for it, at the same time or later, and gives all of them the same
 * answer or failure. An asker that aborts leaves the others their answer; when the last of them has
 * left, the request is aborted and forgotten. A request with headers of its own is not shared.
 */
export function askOnce(http: DiscoveryHttp): DiscoveryHttp {
  return {
    text: shared((url, options) => http.text(url, options)),
    facts: shared((url, options) => http.facts(url, options)),
  }
}

type Ask<T> = (url: string, options?: RequestOptions) => Promise<T>

function shared<T>(ask: Ask<T>): Ask<T> {
  const answers = new Map<string, Shared<T>>()
  return async (url, options = {}) => {
    const { signal, headers } = options
    if (headers !== undefined) return ask(url, options)
    if (signal?.aborted) throw abortedError(signal)
    const entry = answers.get(url) ?? begin(ask, url)
    answers.set(url, entry)
    entry.askers++
    try {
      return await orAborted(entry.answer, signal)
    } finally {
      entry.askers--
      if (entry.askers === 0 && !entry.settled) {
        answers.delete(url)
        entry.controller.abort()
      }
    }
  }
}

interface Shared<T> {
  readonly answer: Promise<T>
  readonly controller: AbortController
  askers: number
  settled: boolean
}

function begin<T>(ask: Ask<T>, url: string): Shared<T> {
  const controller = new AbortController()
  const answer = ask(url, { signal: controller.signal }).finally(() => {
    entry.settled = true
  })
  const entry: Shared<T> = { answer, controller, askers: 0, settled: false }
  return entry
}
