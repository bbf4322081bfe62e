import type { ServerResponse } from 'node:http'

/** Server-sent events to everybody who listens. */
export interface Hub {
  /** Sends the last event of each kind at once, and later ones as they come; returns false if there is no room. */
  add(response: ServerResponse): boolean
  publish(kind: string, data: unknown): void
  close(): void
}

export interface HubLimits {
  readonly listeners: number
  /** Bytes that may wait for a slow listener before it is cut off. */
  readonly backlog: number
  /** Milliseconds between signs of life, which keep proxies from closing the connection. */
  readonly heartbeat: number
}

export function createHub({ listeners, backlog, heartbeat }: HubLimits): Hub {
  const open = new Set<ServerResponse>()
  const last = new Map<string, string>()
  const send = (response: ServerResponse, text: string) => {
    if (response.writableLength > backlog) response.destroy()
    else response.write(text)
  }
  const sendAll = (text: string) => {
    for (const response of open) send(response, text)
  }
  const timer = setInterval(() => sendAll(': still here\n\n'), heartbeat).unref()
  return {
    add: (response) => {
      if (open.size >= listeners) return false
      open.add(response)
      response.on('close', () => open.delete(response))
      send(response, ['retry: 5000\n\n', ...last.values()].join(''))
      return true
    },
    publish: (kind, data) => {
      const text = `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`
      last.set(kind, text)
      sendAll(text)
    },
    close: () => {
      clearInterval(timer)
      for (const response of open) response.end()
    },
  }
}

/** Calls `action` at once, then at most every `interval` milliseconds; the last call is never lost. */
export function throttle(action: () => void, interval: number): { call(): void; flush(): void } {
  let timer: NodeJS.Timeout | undefined
  let waiting = false
  const act = () => {
    waiting = false
    action()
    timer = setTimeout(() => {
      timer = undefined
      if (waiting) act()
    }, interval).unref()
  }
  return {
    call: () => {
      waiting = true
      if (timer === undefined) act()
    },
    flush: () => {
      clearTimeout(timer)
      timer = undefined
      if (waiting) act()
    },
  }
}
