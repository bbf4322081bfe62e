import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { compressionOfUrl } from '../discovery/file-url.ts'
import { asUpdaterError } from '../errors.ts'
import type { Listener } from '../events.ts'
import {
  type Digest,
  formatDigest,
  type Image,
  type ImageVersion,
  parseDigest,
  sameDigest,
} from '../image.ts'
import { type CatalogueOptions, settleCatalogue, type TakenOptions, withDefaults } from '../options.ts'
import { countStatuses } from '../report/quantities.ts'
import type { Verdict, VerifiedUrl, VerifiedVersion, VerifyReport } from '../report/schemas.ts'
import { severities } from '../report/verify.ts'
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
import { type Answer, type Asker, askUrl, type Hashing, hashUrl, inLightOf } from './ask.ts'

/** The options are those of the command `verify`. */
export interface VerifyOptions extends CatalogueOptions, TakenOptions<'verify'> {}

/**
 * Asks every `url` and `mirror_url` of the catalogue, as anybody could: no credentials are needed or used, and
 * nothing is written. The report says what is wrong.
 * @throws UpdaterError CONFIGURATION, USAGE, CATALOG_* if the run cannot begin. Several defects of a
 * catalogue come as an `AggregateError` in `cause`.
 */
export async function verifyCatalogue(
  options: VerifyOptions = {},
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
      ...{ http, signal, onEvent, full, maxImageSize },
      checking: limited(jobs, signal),
      transferring: limited(transfers, signal),
    }
    const asked = await Promise.all(
      entries.map(async (entry, ordinal) => ({ ...entry, ...(await askVersion(entry, ordinal, run)) })),
    )
    const inReport = inLightOf(asked.flatMap(({ source, mirror }) => [source, mirror]))
    const versions = asked.map(({ image, version, isNewest, source, mirror }): VerifiedVersion => {
      const { file, line, name, shortname } = image
      const [url, mirrorUrl] = [source && inReport(source), mirror && inReport(mirror)]
      return {
        ...{ file, line, name, shortname, version: version.version },
        verdict: judge(url?.status, mirrorUrl?.status, isNewest),
        ...{ url, mirror_url: mirrorUrl },
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
  readonly onEvent: Listener
  readonly full: boolean
  /** Bytes. */
  readonly maxImageSize: number
  /** URLs asked at once. */
  readonly checking: Limit
  /** Downloads at once. */
  readonly transferring: Limit
}

interface Entry {
  readonly image: Image
  readonly version: ImageVersion
}

/** The answers of a version's `url` and `mirror_url`. */
interface Answers {
  readonly source?: Answer | undefined
  readonly mirror?: Answer | undefined
}

async function askVersion(entry: Entry, ordinal: number, run: Verification): Promise<Answers> {
  const { version } = entry
  const { tell } = tellOf(entry.image, ordinal, run.onEvent)
  try {
    tell({ type: 'checking', version: version.version })
    const answers = await (run.full ? readBoth(entry, run) : askBoth(version, run))
    tell({ type: 'done', status: 'up-to-date' })
    return answers
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    tell({ type: 'failed', error })
    tell({ type: 'done', status: 'failed' })
    return {
      source: { url: version.url ?? version.mirrorUrl ?? '', status: 'error', message: error.message },
    }
  }
}

/**
 * Asks both URLs without a download: the checksum that was recorded with an object says whether it is the right one.
 * @throws the signal's reason once it is aborted
 */
async function askBoth({ url, mirrorUrl, checksum = '' }: ImageVersion, run: Verification): Promise<Answers> {
  const ask = async (one: string | undefined) =>
    one === undefined ? undefined : run.checking(() => askUrl(one, run))
  const [source, mirror] = await Promise.all([ask(url), ask(mirrorUrl)])
  const expected = parseDigest(checksum)
  const recorded = parseDigest(mirror?.found?.sourceChecksum ?? '')
  const isComparable = expected !== undefined && recorded?.algorithm === expected.algorithm
  return { source, mirror: mirror && isComparable ? compared(mirror, recorded, expected) : mirror }
}

/** Asks both URLs, downloads what is there, and compares the bytes. @throws the signal's reason once it is aborted */
async function readBoth({ image, version }: Entry, run: Verification): Promise<Answers> {
  const { source, mirror } = await askBoth(version, run)
  const expected = parseDigest(version.checksum ?? '')
  const compression = compressionOfUrl(version.url ?? '')
  const none = 'The entry has no checksum that its bytes could be compared with'
  const read = source && (await readFile(source, expected, none, run, { compression, format: image.format }))
  const content = compression === undefined ? expected : (read?.unpacked ?? recordedContent(mirror, expected))
  const unknown = expected && 'Neither its source nor a recorded checksum tells what its bytes must be'
  return {
    source: read?.answer,
    mirror: mirror && (await readFile(mirror, content, unknown ?? none, run, {})).answer,
  }
}

/** Returns the digest of a decompressed image as it was recorded with the object. */
function recordedContent(mirror: Answer | undefined, expected: Digest | undefined): Digest | undefined {
  const isRecorded = expected !== undefined && mirror?.found?.sourceChecksum === formatDigest(expected)
  return isRecorded ? parseDigest(mirror?.found?.checksum ?? '') : undefined
}

/** A file whose bytes were compared. */
interface ReadFile {
  readonly answer: Answer
  /** The digest of its content, if it is compressed and the right file. */
  readonly unpacked?: Digest | undefined
}

/** @param unknown why there is no digest to compare with */
async function readFile(
  answer: Answer,
  expected: Digest | undefined,
  unknown: string,
  run: Verification,
  packing: Pick<Hashing, 'compression' | 'format'>,
): Promise<ReadFile> {
  const { url, status } = answer
  if (status !== 'ok') return { answer }
  if (expected === undefined) return { answer: { url, status: 'error', message: unknown } }
  const { algorithm } = expected
  try {
    const { digest, unpacked } = await run.transferring(() => hashUrl(url, run, { algorithm, ...packing }))
    return {
      answer: compared(answer, digest, expected),
      unpacked: sameDigest(digest, expected) ? unpacked : undefined,
    }
  } catch (thrown) {
    run.signal.throwIfAborted()
    const { code, message } = asUpdaterError(thrown)
    return { answer: { url, status: code === 'DECOMPRESSION_FAILED' ? 'mismatch' : 'error', message } }
  }
}

/** Compares the digest of a file with the expected one. */
function compared(answer: Answer, found: Digest, expected: Digest): Answer {
  if (sameDigest(found, expected)) return answer
  const message = `Its bytes have ${formatDigest(found)}, not ${formatDigest(expected)}`
  return { url: answer.url, status: 'mismatch', message }
}
