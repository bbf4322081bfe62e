import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { factsOf, parseContentRange, validatorOf } from './facts.ts'
import { HttpError, statusError } from './failure.ts'
import { isRetriable } from './policy.ts'
import { type Patience, rest } from './retry.ts'
import type { OpenBody } from './types.ts'
import { redactUrl } from './url.ts'

/** Asks the URL that gave the first answer again, with these headers on top. */
export type Reopen = (headers: Record<string, string>, signal: AbortSignal) => Promise<OpenBody>

/** The file that the first answer began to send. */
export interface Original {
  /** For messages. */
  readonly url: string
  /** Bytes. */
  readonly size: number | undefined
  readonly headers: Readonly<Record<string, string>>
}

export function originalOf(first: OpenBody): Original {
  return { url: redactUrl(first.url), size: factsOf(first).size, headers: first.headers }
}

/** Bytes of a file, from `first` to before `end`; without an end to the file's last. */
export interface Span {
  readonly first: number
  readonly end: number | undefined
}

/** How a download asks again after its connection broke off. */
export interface Resuming {
  readonly reopen: Reopen
  readonly patience: Patience
  readonly signal: AbortSignal
}

/**
 * The bytes of a span of the file, each exactly once and in order, whatever happens to the connection in
 * between.
 * @param begun an answer that is open at the span's first byte
 * @throws UpdaterError HTTP_TRUNCATED: the file cannot be continued; ABORTED; HTTP_NETWORK or HTTP_TIMEOUT
 * once the resumptions are used up
 */
export async function* resumingBody(
  file: Original,
  span: Span,
  begun: OpenBody | undefined,
  { reopen, patience, signal }: Resuming,
): AsyncGenerator<Uint8Array> {
  const { barrenResumes, resumes } = patience.policy
  let open = begun
  let offset = span.first
  let barren = 0
  for (let resumed = 0; ; resumed++) {
    const start = offset
    try {
      open ??= await openAt({ first: offset, end: span.end }, file, reopen, signal)
      for await (const chunk of open.body) {
        const wanted = cut(chunk, offset, span, file)
        offset += wanted.length
        yield wanted
        if (offset === span.end) return
      }
      if (offset === (span.end ?? file.size ?? offset)) return
      throw brokeOff(file, offset)
    } catch (thrown) {
      const error = resumable(thrown, offset, file)
      barren = offset > start ? 0 : barren + 1
      if (barren > barrenResumes || resumed >= resumes) throw error
      open = undefined
      await rest(barren, error, patience, signal)
    }
  }
}

/** What of a chunk at `offset` belongs to the span. @throws UpdaterError HTTP_TRUNCATED */
function cut(chunk: Uint8Array, offset: number, { end }: Span, file: Original): Uint8Array {
  if (file.size !== undefined && offset + chunk.length > file.size) {
    throw truncated(file, 'is longer than announced')
  }
  return end === undefined ? chunk : chunk.subarray(0, end - offset)
}

/** A span of the same file. @throws UpdaterError HTTP_TRUNCATED, or why there is no answer */
export async function openAt(
  { first, end }: Span,
  file: Original,
  reopen: Reopen,
  signal: AbortSignal,
): Promise<OpenBody> {
  const range = `bytes=${first}-${end === undefined ? '' : end - 1}`
  const answer = await reopen({ range, 'if-range': validatorOf(file.headers) ?? '' }, signal)
  const refusal = refusalOf(answer, first, file)
  if (refusal === undefined) return answer
  await answer.discard()
  throw refusal
}

/** Why an answer is not the rest of the file; `undefined`: it is. */
function refusalOf(answer: OpenBody, offset: number, file: Original): UpdaterError | undefined {
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

function brokeOff({ url, size }: Original, offset: number): HttpError {
  return new HttpError('HTTP_NETWORK', `GET ${url} ended after ${offset} of ${size} bytes`, {
    again: 'often',
  })
}

/** Hands back an error after which the download may go on, throws any other. */
function resumable(thrown: unknown, offset: number, file: Original): HttpError {
  const error = asUpdaterError(thrown)
  if (!(error instanceof HttpError) || error.again === 'never') throw error
  if (validatorOf(file.headers) !== undefined) return error
  throw truncated(file, `broke off after ${offset} bytes and has no ETag to resume with`, error)
}

function truncated(file: Original, what: string, cause?: unknown): UpdaterError {
  return new HttpError('HTTP_TRUNCATED', `${file.url} ${what}`, {
    cause,
    remedy: 'Start the download again from the beginning',
  })
}
