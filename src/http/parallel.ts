import { asUpdaterError } from '../errors.ts'
import { type Original, openAt, originalOf, type Resuming, resumingBody, type Span } from './download.ts'
import { validatorOf } from './facts.ts'
import type { OpenBody } from './types.ts'

/** Bytes that are asked for at a time: one connection holds as many, and the consumer's part once more. */
export const spanSize = 4 * 1024 * 1024

/**
 * The bytes of the file whose first answer is `first`, each once and in order, over at most so many
 * connections at a time. All of them ask for the same state of the file (If-Range), else the download ends.
 * @throws UpdaterError as `resumingBody` does
 */
export function bodyOf(first: OpenBody, connections: number, resuming: Resuming): AsyncGenerator<Uint8Array> {
  const file = originalOf(first)
  const spans = connections > 1 ? spansOf(file) : []
  return spans.length > 1
    ? bySpans(file, spans, first, connections, resuming)
    : resumingBody(file, whole, first, resuming)
}

const whole: Span = { first: 0, end: undefined }

async function* bySpans(
  file: Original,
  spans: readonly Span[],
  first: OpenBody,
  connections: number,
  resuming: Resuming,
): AsyncGenerator<Uint8Array> {
  const [, second = whole] = spans
  const opened = await tryOpen(second, file, resuming)
  if (opened === undefined) yield* resumingBody(file, whole, first, resuming)
  else yield* inParallel(file, spans, [first, opened], connections, resuming)
}

/** None where the file is small, or where its ranges cannot be asked for. */
function spansOf(file: Original): Span[] {
  const { size = 0, headers } = file
  const hasRanges = headers['accept-ranges']?.toLowerCase() === 'bytes' && validatorOf(headers) !== undefined
  if (!hasRanges) return []
  return Array.from({ length: Math.ceil(size / spanSize) }, (_, index) => ({
    first: index * spanSize,
    end: Math.min(size, (index + 1) * spanSize),
  }))
}

/** Some servers announce ranges and send the whole file; the first answer is still there then. */
async function tryOpen(span: Span, file: Original, { reopen, signal }: Resuming) {
  try {
    return await openAt(span, file, reopen, signal)
  } catch (thrown) {
    if (signal.aborted) throw asUpdaterError(thrown)
    return undefined
  }
}

async function* inParallel(
  file: Original,
  spans: readonly Span[],
  begun: readonly OpenBody[],
  connections: number,
  resuming: Resuming,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  const signal = AbortSignal.any([resuming.signal, stop.signal])
  const fetched: Promise<Uint8Array[]>[] = []
  let started = 0
  const startNext = () => {
    const span = spans[started]
    if (span === undefined) return
    const fetching = collect(resumingBody(file, span, begun[started], { ...resuming, signal }))
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
