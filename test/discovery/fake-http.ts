import { expect } from 'vitest'
import { buildServer } from '../../docs/examples/resolver.ts'
import { type Discovery, findNewest } from '../../src/discovery/find-newest.ts'
import { UpdaterError } from '../../src/errors.ts'
import type { ImageStep } from '../../src/events.ts'
import type { FileFacts } from '../../src/http/answer.ts'
import type { DiscoveryHttp, RequestOptions, TextAnswer } from '../../src/http/client.ts'
import { statusError } from '../../src/http/failure.ts'
import type { Build, Image } from '../../src/image.ts'

/** What the fake server says: a body, a status, facts of a file, or a body after a redirect. */
export type Answer =
  | string
  | number
  | { readonly redirectedTo: string; readonly text: string }
  | { readonly text: string; readonly next: string }
  | { readonly lastModified: string | undefined }

/** `GET url` or `HEAD url` with its answer, in the order in which they have to be asked. */
export type Exchange = readonly [question: string, answer: Answer]

/**
 * A server that answers exactly the expected questions in their order: any other question fails the test,
 * and `done()` fails it where an answer was not asked for.
 */
export class FakeHttp implements DiscoveryHttp {
  readonly #open: Exchange[]
  readonly #beyond: number | undefined

  /** @param beyond the status of the answer to every question after the expected ones */
  constructor(exchanges: readonly Exchange[], beyond?: number) {
    this.#open = [...exchanges]
    this.#beyond = beyond
  }

  async text(url: string, options?: RequestOptions): Promise<TextAnswer> {
    const answer = this.#answer(`GET ${url}`, options)
    if (typeof answer === 'string') return { url, text: answer, bytes: Buffer.from(answer) }
    if (typeof answer === 'object' && 'next' in answer) {
      return { url, text: answer.text, bytes: Buffer.from(answer.text), next: answer.next }
    }
    if (typeof answer === 'object' && 'text' in answer) {
      return { url: answer.redirectedTo, text: answer.text, bytes: Buffer.from(answer.text) }
    }
    throw new Error(`The test answers GET ${url} with facts`)
  }

  async facts(url: string, options?: RequestOptions): Promise<FileFacts> {
    const answer = this.#answer(`HEAD ${url}`, options)
    if (typeof answer !== 'object' || !('lastModified' in answer)) throw new Error(`No facts for ${url}`)
    const { lastModified } = answer
    return {
      url,
      size: undefined,
      lastModified: lastModified === undefined ? undefined : new Date(lastModified),
      etag: undefined,
      contentType: undefined,
    }
  }

  done(): void {
    expect(this.#open.map(([question]) => question)).toEqual([])
  }

  #answer(question: string, options: RequestOptions | undefined): Exclude<Answer, number> {
    if (options?.signal?.aborted) throw new UpdaterError('ABORTED', 'The run was aborted')
    const next = this.#open.shift()
    if (next === undefined && this.#beyond !== undefined) throw statusError(question, this.#beyond, {})
    expect(question).toBe(next?.[0] ?? 'no further question')
    const answer = next?.[1] ?? 500
    if (typeof answer === 'number') throw statusError(question, answer, {})
    return answer
  }
}

export interface FakeContext extends Discovery {
  readonly http: FakeHttp
  readonly resolver: { readonly name: string }
  /** What the log was told of URLs and doubts. */
  readonly told: ImageStep[]
  readonly tell: (step: ImageStep) => void
}

export function fakeContext(
  exchanges: readonly Exchange[],
  signal?: AbortSignal,
  beyond?: number,
): FakeContext {
  const none = async () => ({ keys: [], problems: [] })
  const keys = { find: none, renew: none }
  const http = new FakeHttp(exchanges, beyond)
  const resolver = { name: 'example' }
  const told: ImageStep[] = []
  const tell = (step: ImageStep) => void told.push(step)
  return {
    http,
    resolver,
    told,
    tell,
    signal,
    now: new Date('2026-11-30T00:00:00Z'),
    keys,
    signatures: 'off',
    overrides: [],
    sources: [],
    resolvers: [buildServer],
  }
}

/** Finds the newest build as a run does, without signatures. */
export function find(image: Image, context: FakeContext): Promise<Build> {
  return findNewest(image, context, (step) => {
    if (['latest-url', 'checksums-from', 'warning'].includes(step.type)) context.told.push(step)
  })
}

/** The error's code; fails the test where nothing or no `UpdaterError` was thrown. */
export async function codeOf(attempt: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(attempt)
    .then(
      (value) => expect.fail(`no error but ${JSON.stringify(value)}`),
      (thrown: unknown) => thrown,
    )
  expect(error).toBeInstanceOf(UpdaterError)
  return (error as UpdaterError).code
}
