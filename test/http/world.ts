import { onTestFinished } from 'vitest'
import { UpdaterError } from '../../src/errors.ts'
import { HttpClient, type HttpClientOptions } from '../../src/http/client.ts'
import { type Origin, type OriginOptions, startOrigin } from '../support/origin.ts'

/** An origin that ends with the test. */
export async function origin(files: OriginOptions['files'] = {}): Promise<Origin> {
  const started = await startOrigin({ files })
  onTestFinished(() => started.close())
  return started
}

/** A client that ends with the test and never really waits between attempts; `pauses` are what it would wait. */
export function client(options: HttpClientOptions = {}): HttpClient & { readonly pauses: number[] } {
  const pauses: number[] = []
  const made = new HttpClient({
    random: () => 0.5,
    sleep: async (milliseconds) => void pauses.push(milliseconds),
    ...options,
  })
  onTestFinished(() => made.close())
  return Object.assign(made, { pauses })
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<UpdaterError> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof UpdaterError) return thrown
    throw thrown
  }
  throw new Error('it succeeded')
}
