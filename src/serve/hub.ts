import type { ServerResponse } from 'node:http'

/** Listeners at once. */
const mostListeners = 256
/** Bytes that may wait for a slow listener before it is cut off. */
const backlog = 256 * 1024
/** Milliseconds between signs of life, which keep proxies from closing the connection. */
const heartbeat = 15_000
/** Milliseconds between two messages. */
const interval = 250

/** Sends a state to everybody who listens, as server-sent events of one kind. */
export interface Hub {
  /** Sends the last state at once, and later ones as they come; returns false if there is no room. */
  add(response: ServerResponse): boolean
  /** The state has changed: it is sent soon, together with the changes that follow until then. */
  changed(): void
  /** Sends what has changed, and ends. */
  close(): void
}

/** @param state what is sent, or undefined if there is nothing yet */
export function createHub(kind: string, state: () => object | undefined): Hub {
  const listeners = new Set<ServerResponse>()
  let timer: NodeJS.Timeout | undefined
  const message = () => {
    const data = state()
    return data === undefined ? '' : `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
  }
  const send = (text: string, receivers: Iterable<ServerResponse>) => {
    for (const response of receivers) {
      if (response.writableLength > backlog) response.destroy()
      else response.write(text)
    }
  }
  const tell = () => {
    timer = undefined
    send(message(), listeners)
  }
  const life = setInterval(() => send(': still here\n\n', listeners), heartbeat).unref()
  return {
    add: (response) => {
      if (listeners.size >= mostListeners) return false
      listeners.add(response)
      response.on('close', () => listeners.delete(response))
      send(`retry: 5000\n\n${message()}`, [response])
      return true
    },
    changed: () => {
      timer ??= setTimeout(tell, interval).unref()
    },
    close: () => {
      clearInterval(life)
      if (timer !== undefined) {
        clearTimeout(timer)
        tell()
      }
      for (const response of listeners) response.end()
    },
  }
}
