import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { compressionOfUrl } from '../discovery/sources.ts'
import { asUpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import { type Digest, formatDigest, type Image, type ImageVersion, parseDigest } from '../image.ts'
import { type TakenOptions, withDefaults } from '../options.ts'
import { countStatuses } from '../report/quantities.ts'
import type { Verdict, VerifiedUrl, VerifiedVersion, VerifyReport } from '../report/schemas.ts'
import { severities } from '../report/verify.ts'
import { type CatalogueOptions, settleCatalogue } from '../run/options.ts'
import {
  begin,
  endInOrder,
  errorOf,
  type Limit,
  limited,
  type RunContext,
  secondsSince,
  tellOf,
} from '../run/run.ts'
import { type Answer, type Asker, askUrl, compared, failed, type Hashed, hashUrl, inLightOf } from './ask.ts'

/** The options are those of the command `verify`. */
export interface VerifyOptions extends CatalogueOptions, TakenOptions<'verify'> {}

/**
 * Asks every `url` and `mirror_url` of the catalogue, as anybody could: no credentials are needed or used, and
 * nothing is written. The report says what is wrong.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* if the run cannot begin. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function verifyCatalogue(
  options: VerifyOptions,
  context: RunContext = {},
): Promise<VerifyReport> {
  const settings = { ...settleCatalogue(options), ...withDefaults('verify', options) }
  const { full, jobs, transfers, maxImageSize } = settings
  const { startedAt, signal, onEvent, note, http } = begin(context)
  try {
    const images = selectImages(await readCatalog(settings.images), settings.names)
    const taken = images.filter(({ enable }) => enable || settings.includeDisabled)
    const entries = taken.flatMap((image) =>
      image.versions.map((version, index) => ({ image, version, isNewest: index === 0 })),
    )
    onEvent({ type: 'run-start', images: entries.length })
    const run: Verification = {
      http,
      signal,
      full,
      maxImageSize,
      checking: limited(jobs, signal),
      transferring: limited(transfers, signal),
    }
    const verified = await Promise.all(
      entries.map((entry, ordinal) => runVersion({ ...entry, ordinal, run, onEvent })),
    )
    const understood = inLightOf(verified.flatMap(({ url, mirrorUrl }) => [url, mirrorUrl]))
    const versions = entries.map(({ image, version, isNewest }, index): VerifiedVersion => {
      const { file, line, name, shortname } = image
      const [url, mirrorUrl] = [understood(verified[index]?.url), understood(verified[index]?.mirrorUrl)]
      return {
        ...{ file, line, name, shortname, version: version.version },
        verdict: judge(url?.status, mirrorUrl?.status, isNewest),
        url: url && plain(url),
        mirror_url: mirrorUrl && plain(mirrorUrl),
      }
    })
    return {
      schema_version: 1,
      command: 'verify',
      started_at: startedAt.toISOString(),
      seconds: secondsSince(startedAt),
      full,
      summary: countStatuses(
        versions.map(({ verdict }) => verdict),
        ...severities,
      ),
      versions,
      errors: [],
    }
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

interface Entry {
  readonly image: Image
  readonly version: ImageVersion
  readonly ordinal: number
  readonly run: Verification
  readonly onEvent: Listener
}

async function runVersion({ image, version, ordinal, run, onEvent }: Entry): Promise<Verified> {
  const { tell } = tellOf(image, ordinal, onEvent)
  try {
    tell({ type: 'checking', version: version.version })
    const verified = await verifyVersion(image, version, run)
    tell({ type: 'done', status: 'up-to-date' })
    return verified
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    tell({ type: 'done', status: 'failed' })
    return { url: failed(version.url ?? version.mirrorUrl ?? '', error) }
  }
}

/** Returns only what the report has of an answer. */
function plain({ url, status, message }: Answer): VerifiedUrl {
  return { url, status, message }
}

type Status = VerifiedUrl['status']

/** Judges a version by the states of its two URLs; `undefined`: it has none. */
export function judge(source: Status | undefined, mirror: Status | undefined, isNewest: boolean): Verdict {
  if (mirror === 'missing') {
    if (source === 'ok') return isNewest ? 'pending' : 'missing'
    return source === 'error' ? 'missing' : 'unmirrorable'
  }
  return severities.find((verdict) => verdict === source || verdict === mirror) ?? 'ok'
}

/** What one run shares among its versions. */
interface Verification extends Asker {
  readonly full: boolean
  /** Bytes. */
  readonly maxImageSize: number
  /** URLs asked at once. */
  readonly checking: Limit
  /** Downloads at once. */
  readonly transferring: Limit
}

interface Verified {
  readonly url?: Answer | undefined
  readonly mirrorUrl?: Answer | undefined
}

/** @throws the signal's reason once it is aborted */
async function verifyVersion(image: Image, version: ImageVersion, run: Verification): Promise<Verified> {
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

/** Without a download, the checksum recorded with an object says whether it is the right one. */
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

/** Returns the expected digest of a decompressed image, or undefined if nothing tells it. */
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
