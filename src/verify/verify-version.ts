import { compressionOfUrl } from '../discovery/sources.ts'
import { asUpdaterError } from '../errors.ts'
import { type Digest, formatDigest, type Image, type ImageVersion, parseDigest } from '../image.ts'
import type { Limit } from '../run/context.ts'
import { type Answer, type Asker, askUrl, compared, failed, type Hashed, hashUrl } from './ask.ts'

/** What one run shares among its versions. */
export interface Verification extends Asker {
  readonly full: boolean
  /** Bytes. */
  readonly maxImageSize: number
  /** URLs asked at once. */
  readonly checking: Limit
  /** Downloads at once. */
  readonly transferring: Limit
}

export interface Verified {
  readonly url?: Answer | undefined
  readonly mirrorUrl?: Answer | undefined
}

/** @throws the signal's reason once it is aborted */
export async function verifyVersion(
  image: Image,
  version: ImageVersion,
  run: Verification,
): Promise<Verified> {
  const ask = async (url: string | undefined) =>
    url === undefined ? undefined : run.checking(() => askUrl(url, run))
  const [source, mirror] = await Promise.all([ask(version.url), ask(version.mirrorUrl)])
  const expected = parseDigest(version.checksum ?? '')
  if (!run.full) return { url: source, mirrorUrl: mirror && withRecord(mirror, expected) }
  if (expected === undefined)
    return { url: source && uncomparable(source), mirrorUrl: mirror && uncomparable(mirror) }
  const compression = compressionOfUrl(version.url ?? '')
  const hashed = await hashSource(source, expected, image, run)
  const content = compression === undefined ? expected : contentOf(hashed?.hashed, expected, mirror)
  return {
    url: hashed?.answer ?? source,
    mirrorUrl: mirror && (await hashMirror(withRecord(mirror, expected), content, run)),
  }
}

/** Without a download, what was recorded with an object says whether it is the right one. */
function withRecord(mirror: Answer, expected: Digest | undefined): Answer {
  const recorded = parseDigest(mirror.found?.sourceChecksum ?? '')
  if (recorded === undefined || expected === undefined || recorded.algorithm !== expected.algorithm)
    return mirror
  return compared(mirror, recorded, expected)
}

function uncomparable(answer: Answer): Answer {
  if (answer.status !== 'ok') return answer
  const message = 'The entry has no checksum that its bytes could be compared with'
  return { url: answer.url, status: 'error', message }
}

async function hashSource(
  source: Answer | undefined,
  expected: Digest,
  { format }: Image,
  run: Verification,
): Promise<{ readonly answer: Answer; readonly hashed?: Hashed } | undefined> {
  if (source?.status !== 'ok') return undefined
  const compression = compressionOfUrl(source.url)
  try {
    const { algorithm } = expected
    const hashed = await run.transferring(() => hashUrl(source.url, run, { algorithm, compression, format }))
    return { answer: compared(source, hashed.digest, expected), hashed }
  } catch (thrown) {
    run.signal.throwIfAborted()
    const error = asUpdaterError(thrown)
    const isBroken = error.code === 'DECOMPRESSION_FAILED'
    return {
      answer: isBroken
        ? { url: source.url, status: 'mismatch', message: error.message }
        : failed(source.url, error),
    }
  }
}

/** What the bytes of a decompressed image must hash to, as far as anything tells. */
function contentOf(
  hashed: Hashed | undefined,
  expected: Digest,
  mirror: Answer | undefined,
): Digest | undefined {
  if (hashed?.unpacked !== undefined && formatDigest(hashed.digest) === formatDigest(expected))
    return hashed.unpacked
  const isRecorded = mirror?.found?.sourceChecksum === formatDigest(expected)
  return isRecorded ? parseDigest(mirror?.found?.checksum ?? '') : undefined
}

async function hashMirror(mirror: Answer, content: Digest | undefined, run: Verification): Promise<Answer> {
  if (mirror.status !== 'ok') return mirror
  if (content === undefined) {
    const message = 'Neither its source nor a recorded checksum tells what its bytes must be'
    return { url: mirror.url, status: 'error', message }
  }
  try {
    const { digest } = await run.transferring(() => hashUrl(mirror.url, run, content))
    return compared(mirror, digest, content)
  } catch (thrown) {
    run.signal.throwIfAborted()
    return failed(mirror.url, asUpdaterError(thrown))
  }
}
