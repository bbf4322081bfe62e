import { asUpdaterError, type UpdaterError } from '../errors.ts'
import { factsOf, parseContentRange, validatorOf } from './facts.ts'
import { HttpError, statusError } from './failure.ts'
import { isRetriable } from './policy.ts'
import { type Patience, rest } from './retry.ts'
import type { OpenBody } from './types.ts'
import { redactUrl } from './url.ts'

/** Asks the URL that gave the first answer again, with these headers on top. */
export type Reopen = (headers: Record<string, string>) => Promise<OpenBody>

/**
 * The bytes of the file whose first answer is `first`, each exactly once and in order, whatever happens
 * to the connection in between.
 * @throws UpdaterError HTTP_TRUNCATED: the file cannot be continued; ABORTED; HTTP_NETWORK or HTTP_TIMEOUT
 * once the resumptions are used up
 */
export async function* resumingBody(
  first: OpenBody,
  reopen: Reopen,
  patience: Patience,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file: Original = { url: redactUrl(first.url), size: factsOf(first).size, headers: first.headers }
  const { barrenResumes, resumes } = patience.policy
  let open: OpenBody | undefined = first
  let offset = 0
  let barren = 0
  for (let resumed = 0; ; resumed++) {
    const start = offset
    try {
      open ??= await reopenAt(offset, file, reopen)
      for await (const chunk of open.body) {
        offset += chunk.length
        if (file.size !== undefined && offset > file.size) throw truncated(file, 'is longer than announced')
        yield chunk
      }
      if (file.size === undefined || offset === file.size) return
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

interface Original {
  /** For messages. */
  readonly url: string
  readonly size: number | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** The rest of the same file from `offset` on. @throws UpdaterError HTTP_TRUNCATED, or why there is no answer */
async function reopenAt(offset: number, file: Original, reopen: Reopen): Promise<OpenBody> {
  const answer = await reopen({
    range: `bytes=${offset}-`,
    'if-range': validatorOf(file.headers) ?? '',
  })
  const refusal = refusalOf(answer, offset, file)
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
