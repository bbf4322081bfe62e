import type { DiscoveryHttp, RequestOptions } from './client.ts'

/**
 * Asks each URL once however many ask for it, at the same time or later, and gives all of them the same answer or
 * failure. The first asker's signal ends the request: in one run all have the same. A request with headers of its own
 * is not shared.
 */
export function askOnce(http: DiscoveryHttp): DiscoveryHttp {
  return {
    text: once((url, options) => http.text(url, options)),
    facts: once((url, options) => http.facts(url, options)),
  }
}

type Ask<T> = (url: string, options?: RequestOptions) => Promise<T>

function once<T>(ask: Ask<T>): Ask<T> {
  const answers = new Map<string, Promise<T>>()
  return (url, options = {}) => {
    if (options.headers !== undefined) return ask(url, options)
    const answer = answers.get(url) ?? ask(url, options)
    answers.set(url, answer)
    return answer
  }
}
