import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { abortedError } from './abort.ts'
import { factsOf, parseContentRange, validatorOf } from './answer.ts'
import { HttpError, statusError } from './failure.ts'
import { isRetriable } from './policy.ts'
import { type Patience, pauseBefore } from './retry.ts'
import type { OpenBody } from './transport.ts'
import { redactUrl } from './url.ts'

/** Bytes that are asked for at a time: one connection holds as many, and the consumer's part once more. */
export const spanSize = 4 * 1024 * 1024

/** How a download asks for more of its file. */
export interface Resuming {
  /**
   * Asks the server that gave the last answer again, with these headers on top; after some attempts that have brought
   * no byte, the address that led to it.
   * @param barren so many attempts in a row
   */
  readonly reopen: (headers: Record<string, string>, barren: number, signal: AbortSignal) => Promise<OpenBody>
  readonly patience: Patience
  readonly signal: AbortSignal
}

/** The file that the first answer began to send. */
interface RemoteFile extends Resuming {
  /** For messages. */
  readonly url: string
  /** Bytes. */
  readonly size: number | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of a file, from `first` to before `end`; without an end to the file's last. */
interface Span {
  readonly first: number
  readonly end: number | undefined
}

const whole: Span = { first: 0, end: undefined }

/**
 * Yields the bytes of the file whose first answer is `first`, each once and in order, over at most so many connections
 * at a time. All of them ask for the same state of the file (If-Range), else the download ends.
 * @throws UpdaterError HTTP_TRUNCATED: the file cannot be continued; ABORTED; HTTP_NETWORK or HTTP_TIMEOUT once the
 * resumptions are used up
 */
export async function* bodyOf(
  first: OpenBody,
  connections: number,
  resuming: Resuming,
): AsyncGenerator<Uint8Array> {
  const file = { ...resuming, url: redactUrl(first.url), size: factsOf(first).size, headers: first.headers }
  const spans = connections > 1 ? spansOf(file) : []
  const [, second] = spans
  // Some servers announce ranges and send the whole file; the first answer is still there then.
  const opened = second && (await openSpan(file, second).catch(() => undefined))
  if (file.signal.aborted) throw abortedError(file.signal)
  if (opened === undefined) yield* readSpan(file, whole, first)
  else yield* readInParallel(file, spans, [first, opened], connections)
}

/** None for a small file, or one whose ranges cannot be asked for. */
function spansOf({ size = 0, headers }: RemoteFile): Span[] {
  const hasRanges = headers['accept-ranges']?.toLowerCase() === 'bytes' && validatorOf(headers) !== undefined
  if (!hasRanges || size <= spanSize) return []
  return Array.from({ length: Math.ceil(size / spanSize) }, (_, index) => ({
    first: index * spanSize,
    end: Math.min(size, (index + 1) * spanSize),
  }))
}

async function* readInParallel(
  file: RemoteFile,
  spans: readonly Span[],
  begun: readonly OpenBody[],
  connections: number,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  const stoppable = { ...file, signal: AbortSignal.any([file.signal, stop.signal]) }
  const fetched: Promise<Uint8Array[]>[] = []
  let started = 0
  const startNext = () => {
    const span = spans[started]
    if (span === undefined) return
    const fetching = collect(readSpan(stoppable, span, begun[started]))
    fetching.catch(() => {})
    fetched.push(fetching)
    started += 1
  }
  try {
    while (fetched.length < connections && started < spans.length) startNext()
    for (let chunks = fetched.shift(); chunks !== undefined; chunks = fetched.shift()) {
      const due = await chunks
      startNext()
      yield* due
    }
  } finally {
    stop.abort()
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks
}

/**
 * Yields the bytes of a span, each exactly once and in order, whatever happens to the connection in between.
 * @param begun an answer that is open at the span's first byte
 */
async function* readSpan(
  file: RemoteFile,
  span: Span,
  begun: OpenBody | undefined,
): AsyncGenerator<Uint8Array> {
  const { barrenResumes, resumes } = file.patience.policy
  let open = begun
  let offset = span.first
  let barren = 0
  for (let resumed = 0; ; resumed++) {
    const start = offset
    try {
      open ??= await openSpan(file, { first: offset, end: span.end }, barren)
      for await (const chunk of open.body) {
        const wanted = cut(file, chunk, offset, span)
        offset += wanted.length
        yield wanted
        if (offset === span.end) return
      }
      if (offset === (span.end ?? file.size ?? offset)) return
      const message = `GET ${file.url} ended after ${offset} of ${file.size} bytes`
      throw new HttpError('HTTP_NETWORK', message, { again: 'often' })
    } catch (thrown) {
      const error = resumable(file, thrown, offset)
      barren = offset > start && error.again === 'often' ? 0 : barren + 1
      if (barren > barrenResumes || resumed >= resumes) throw error
      open = undefined
      await file.patience.sleep(pauseBefore(barren, error, file.patience), file.signal)
    }
  }
}

/** Returns what of a chunk at `offset` belongs to the span. @throws UpdaterError HTTP_TRUNCATED */
function cut(file: RemoteFile, chunk: Uint8Array, offset: number, { end }: Span): Uint8Array {
  if (file.size !== undefined && offset + chunk.length > file.size) {
    throw truncated(file, 'is longer than announced')
  }
  return end === undefined ? chunk : chunk.subarray(0, end - offset)
}

/** Opens a span of the same file. @throws UpdaterError HTTP_TRUNCATED, or why there is no answer */
async function openSpan(file: RemoteFile, { first, end }: Span, barren = 0): Promise<OpenBody> {
  const range = `bytes=${first}-${end === undefined ? '' : end - 1}`
  const headers = { range, 'if-range': validatorOf(file.headers) ?? '' }
  const answer = await file.reopen(headers, barren, file.signal)
  const refusal = refusalOf(file, answer, first)
  if (refusal === undefined) return answer
  await answer.discard()
  throw refusal
}

/** Returns why an answer is not the rest of the file, or undefined if it is. */
function refusalOf(file: RemoteFile, answer: OpenBody, offset: number): UpdaterError | undefined {
  const { status, headers } = answer
  if (isRetriable(status)) return statusError(`GET ${file.url}`, status, headers)
  if (status === 200) return truncated(file, 'changed under way, or its server does not resume')
  if (status !== 206) {
    return truncated(file, 'could not be resumed', statusError(`GET ${file.url}`, status, headers))
  }
  const range = parseContentRange(headers['content-range'])
  if (range?.first !== offset) return truncated(file, 'was resumed at another place than asked')
  if (file.size !== undefined && range.total !== undefined && range.total !== file.size) {
    return truncated(file, 'changed its size under way')
  }
  const isOther = (name: string) => headers[name] !== undefined && headers[name] !== file.headers[name]
  if (isOther('etag') || isOther('last-modified')) return truncated(file, 'changed under way')
  return undefined
}

/** Returns an error after which the download may go on, throws any other. */
function resumable(file: RemoteFile, thrown: unknown, offset: number): HttpError {
  const error = asUpdaterError(thrown)
  if (!(error instanceof HttpError) || error.again === 'never') throw error
  if (validatorOf(file.headers) !== undefined) return error
  throw truncated(file, `broke off after ${offset} bytes and has no ETag to resume with`, error)
}

function truncated({ url }: RemoteFile, what: string, cause?: unknown): UpdaterError {
  return new HttpError('HTTP_TRUNCATED', `${url} ${what}`, {
    cause,
    remedy: 'Start the download again from the beginning',
  })
}
