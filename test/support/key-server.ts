import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a key server answers with; a number is a status. */
export type KeyAnswer = string | Uint8Array | number | 'hangs'

/** A key server that answers what `answer` says, by the path that is asked. */
export class KeyServer {
  readonly asked: string[] = []
  answer: (path: string) => KeyAnswer
  readonly #server = createServer((request, response) => {
    const path = request.url ?? ''
    this.asked.push(path)
    const answer = this.answer(path)
    if (answer === 'hangs') return
    if (typeof answer === 'number') response.writeHead(answer).end()
    else response.end(answer)
  })

  constructor(answer: (path: string) => KeyAnswer) {
    this.answer = answer
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
