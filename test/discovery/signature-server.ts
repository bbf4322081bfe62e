import { UpdaterError } from '../../src/errors.ts'
import type { DiscoveryHttp } from '../../src/http/client.ts'
import { parseUrl, redactUrl } from '../../src/http/url.ts'

/** The narrow interface over `fetch`, so that these tests need no policy of retries. */
export function discoveryHttp(): DiscoveryHttp {
  return {
    async text(url, { signal } = {}) {
      if (signal?.aborted) throw new UpdaterError('ABORTED', 'The run was aborted')
      const { url: target } = parseUrl(url)
      const answer = await fetch(target).catch((cause: unknown) => {
        throw new UpdaterError('HTTP_NETWORK', `${redactUrl(url)} cannot be reached`, { cause })
      })
      const bytes = new Uint8Array(await answer.arrayBuffer())
      if (!answer.ok) throw new UpdaterError('HTTP_STATUS', `${redactUrl(url)} answers ${answer.status}`)
      return { url: answer.url, bytes, text: new TextDecoder().decode(bytes) }
    },
    facts(url) {
      throw new Error(`Nobody here asks for the facts of ${url}`)
    },
  }
}
