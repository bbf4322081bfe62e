import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import { compressionOfUrl, isUnpacked } from '../discovery/file-url.ts'
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
import { type Hashing, hashFile } from '../run/hash.ts'
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
import { findSidecar } from '../stores/sidecar.ts'
import { type Answer, type Asker, askUrl, inLightOf } from './ask.ts'

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
  const { full, jobs, transfers, maxImageSize, timeout } = settings
  const { startedAt, signal, onEvent, note, http } = begin(context, settings)
  try {
    const images = selectImages(await readCatalog(settings.images), settings.names)
    const taken = images.filter(({ enable }) => enable || settings.includeDisabled)
    const entries = taken.flatMap((image) =>
      image.versions.map((version, index) => ({ image, version, isNewest: index === 0 })),
    )
    onEvent({ type: 'run-start', images: entries.length })
    const run: Verification = {
      ...{ http, signal, onEvent, full, maxImageSize },
      checking: limited(jobs, signal, timeout),
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
async function askBoth(version: ImageVersion, run: Verification): Promise<Answers> {
  const { url, mirrorUrl, checksum = '' } = version
  const ask = async (one: string | undefined): Promise<Answer | undefined> => {
    if (one === undefined) return undefined
    try {
      return await run.checking((signal) => askUrl(one, { ...run, signal }))
    } catch (late) {
      run.signal.throwIfAborted()
      return { url: one, status: 'error', message: asUpdaterError(late).message }
    }
  }
  const [source, mirror] = await Promise.all([ask(url), ask(mirrorUrl)])
  const expected = parseDigest(checksum)
  if (mirror?.found === undefined || expected === undefined || run.full) return { source, mirror }
  if (isUnpacked(version)) return { source, mirror: await recordedAs(mirror, expected, run) }
  const recorded = parseDigest(mirror.found.sourceChecksum ?? '')
  const isComparable = recorded?.algorithm === expected.algorithm
  return { source, mirror: isComparable ? compared(mirror, [recorded], expected) : mirror }
}

/** What is recorded of an object that was made of a packed file, with it or in the sidecar beside it, is compared. */
async function recordedAs(mirror: Answer, expected: Digest, run: Verification): Promise<Answer> {
  const { url, found } = mirror
  const ofPackedFile = { url, status: 'mismatch', message: ofPacked } as const
  if (found?.sourceChecksum === formatDigest(expected)) return ofPackedFile
  const recorded = parseDigest(found?.checksum ?? '')
  if (recorded?.algorithm === expected.algorithm) return compared(mirror, [recorded], expected)
  const sidecar = await run.checking((signal) => findSidecar(url, run.http, signal))
  if (sidecar !== undefined && sameDigest(sidecar.source, expected)) return ofPackedFile
  if (sidecar !== undefined && sameDigest(sidecar.digest, expected)) return mirror
  return { url, status: 'unknown', message: 'Nothing recorded tells its checksum: --full downloads it' }
}

const ofPacked = 'The checksum of the catalogue is that of the packed file: update and mirror correct it'

/** Asks both URLs, downloads what is there, and compares the bytes. @throws the signal's reason once it is aborted */
async function readBoth(entry: Entry, run: Verification): Promise<Answers> {
  const { image, version } = entry
  const { source, mirror } = await askBoth(version, run)
  const expected = parseDigest(version.checksum ?? '')
  const compression = isUnpacked(version) ? compressionOfUrl(version.url ?? '') : undefined
  const [ofSource, ofMirror] = await Promise.all([
    source && readFile(source, expected, run, { compression, format: image.format }),
    mirror && readFile(mirror, expected, run, {}),
  ])
  const isPacked =
    compression !== undefined && ofSource?.isPackedDigest === true && ofMirror?.answer.status === 'mismatch'
  return {
    source: ofSource?.answer,
    mirror: isPacked ? { ...ofMirror.answer, message: ofPacked } : ofMirror?.answer,
  }
}

/** A file whose bytes were compared. */
interface ReadFile {
  readonly answer: Answer
  /** The expected digest is that of a packed file, and not of what comes out of it. */
  readonly isPackedDigest?: boolean | undefined
}

/** Of a packed file, what comes out of it is compared, or itself: earlier versions wrote that into the catalogue. */
async function readFile(
  answer: Answer,
  expected: Digest | undefined,
  run: Verification,
  packing: Pick<Hashing, 'compression' | 'format'>,
): Promise<ReadFile> {
  const { url, status } = answer
  if (status !== 'ok') return { answer }
  if (expected === undefined) {
    const message = 'The entry has no checksum that its bytes could be compared with'
    return { answer: { url, status: 'error', message } }
  }
  const hashing = { ...packing, algorithms: [expected.algorithm], maxImageSize: run.maxImageSize }
  try {
    const { file, content } = await run.transferring(() => hashFile(url, hashing, run))
    const isContent = content.some((one) => sameDigest(one, expected))
    const isFile = file.some((one) => sameDigest(one, expected))
    const found = isFile ? file : [...content, ...file].slice(0, 1)
    return {
      answer: isContent ? answer : compared(answer, found, expected),
      isPackedDigest: isFile && !isContent,
    }
  } catch (thrown) {
    run.signal.throwIfAborted()
    const { code, message } = asUpdaterError(thrown)
    return { answer: { url, status: code === 'DECOMPRESSION_FAILED' ? 'mismatch' : 'error', message } }
  }
}

/** Compares the digest of a file with the expected one. */
function compared(answer: Answer, found: readonly Digest[], expected: Digest): Answer {
  if (found.some((one) => sameDigest(one, expected))) return answer
  const message = `Its bytes have ${found.map(formatDigest).join()}, not ${formatDigest(expected)}`
  return { url: answer.url, status: 'mismatch', message }
}
