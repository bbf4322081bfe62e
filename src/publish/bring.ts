import { createHash } from 'node:crypto'
import type { DefinedVersion } from '../cloud/definition.ts'
import type { Glance } from '../cloud/glance.ts'
import { isDoubtful } from '../cloud/glance-errors.ts'
import type { CloudImage } from '../cloud/image.ts'
import { journalOf } from '../cloud/marks.ts'
import { type Bring, creationOf, describing, leaving } from '../cloud/promotion.ts'
import { beginUpload } from '../cloud/upload.ts'
import { compressionOfUrl } from '../discovery/file-url.ts'
import { asUpdaterError, UpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import { type RetryPolicy, retry } from '../http/retry.ts'
import { type Digest, formatDigest } from '../image.ts'
import { restarting } from '../run/bring.ts'
import type { Tell } from '../run/run.ts'
import { type SentFile, send } from '../run/send.ts'
import type { Upload } from '../stores/store.ts'
import { type CloudRun, carryOut } from './run.ts'

/** A version in Glance that nobody else sees yet, whose bytes are proven. */
export interface Fresh {
  readonly image: CloudImage
  readonly bytes: number
  readonly seconds: number
}

/** Glance's own algorithm, unless its operator has chosen another one. */
const usual = 'sha512'

/**
 * Brings the bytes of a version into Glance, proves them by Glance's own hash, and describes them.
 * @throws UpdaterError CLOUD_*, HTTP_*, DIGEST_MISMATCH, DECOMPRESSION_*, IMAGE_*, ABORTED
 */
export async function bringVersion(bring: Bring, run: CloudRun, tell: Tell): Promise<Fresh> {
  const started = performance.now()
  const { image, bytes } = await retry(again(bring, run, tell), () => bringOnce(bring, run, tell))
  return { image, bytes, seconds: (performance.now() - started) / 1000 }
}

/** Milliseconds until bytes that the cloud did not take are sent once more: a stream can't be repeated by the client. */
const calming = 1000

function again({ version }: Bring, run: CloudRun, tell: Tell): RetryPolicy {
  const usually = restarting({ run, tell })
  const pauseAfter = (error: UpdaterError, number: number) => {
    const pause = usually.pauseAfter(error)
    const isPassing = isDoubtful(error) || error.code === 'CLOUD_AUTH'
    if (pause !== undefined || number > 0 || !isPassing || version.id !== undefined) return pause
    if (run.signal.aborted) return undefined
    tell({ type: 'transfer-retry', error })
    return calming
  }
  return { pauseAfter, signal: run.signal }
}

/** On any failure the record goes, unless the catalogue gives its id: one that was deleted can never be used again. */
async function bringOnce(bring: Bring, run: CloudRun, tell: Tell): Promise<Omit<Fresh, 'seconds'>> {
  const { glance, writer } = run
  // Not before its turn: what other runs see of a record is that it is made and filled.
  return run.transferring(async () => {
    const record =
      bring.resumes ?? (await run.checking((signal) => glance.create(creationOf(bring, writer()), signal)))
    try {
      const sent = await sendVersion(bring, record, run, tell)
      const there = await run.checking((signal) => prove(record.id, bring, sent, run, signal))
      const { action } = describing(bring, there, writer())
      if (action.kind !== 'patch') return { image: there, bytes: sent.size }
      const image = await run.checking((signal) => glance.patch(there.id, action.operations, signal))
      return { image, bytes: sent.size }
    } catch (error) {
      await (bring.version.id === undefined ? removeRecord(record, run) : leaveRecord(record, run))
      throw error
    }
  })
}

/** What was sent, and its digest in Glance's usual algorithm. */
interface Sent {
  readonly size: number
  readonly digests: readonly Digest[]
}

/** Sends from the mirror, or, where that does not give it, from the distribution. */
async function sendVersion(bring: Bring, record: CloudImage, run: CloudRun, tell: Tell): Promise<Sent> {
  const { version } = bring
  const [first, second] = sourcesOf(version)
  if (first === undefined) throw unnamed(bring)
  try {
    return await sendFrom(first, bring, record, run, tell)
  } catch (error) {
    // No byte of it has come: Glance's record is as it was.
    if (second === undefined || statusOf(error) === undefined) throw error
    tell({
      type: 'warning',
      message: `The mirror does not give ${first.url} (${statusOf(error)}): the bytes come from ${second.url}`,
    })
    return sendFrom(second, bring, record, run, tell)
  }
}

/** The files that a version can be made of, the mirror's first. */
function sourcesOf({ url, mirrorUrl, digest }: DefinedVersion): readonly SentFile[] {
  const algorithm = digest?.algorithm ?? 'sha256'
  const ofMirror =
    mirrorUrl === undefined ? [] : [{ url: mirrorUrl, digest, algorithm, also: usual } as const]
  if (url === undefined) return ofMirror
  const compression = compressionOfUrl(url)
  // Of a packed file that lies on a mirror the catalogue has the digest of what came out of it.
  const isContent = compression !== undefined && mirrorUrl !== undefined
  const digests = isContent ? { digest: undefined, content: digest } : { digest }
  return [...ofMirror, { url, ...digests, compression, algorithm, also: usual } as const]
}

async function sendFrom(
  file: SentFile,
  { definition: { image }, version }: Bring,
  record: CloudImage,
  run: CloudRun,
  tell: Tell,
): Promise<Sent> {
  const { glance, settings, signal } = run
  const { importTimeout } = settings
  // A record whose import has failed can only be deleted, and its id never be used again.
  const method = version.id === undefined ? run.method : 'upload'
  const sending = { image, run, tell }
  const target = `${record.id} in ${run.session.cloud}`
  if (method === 'web-download') {
    if (file.compression !== undefined) throw unpackable(file)
    const looked = await send(sending, file, `${target}, to look at it`, async () => discarding)
    await glance.download(record.id, file.url, importTimeout, signal)
    return looked
  }
  return send(sending, file, target, async (announced) => {
    const size = file.compression === undefined ? announced : undefined
    return beginUpload(glance, record.id, { method, size, importTimeout, signal })
  })
}

/** Takes bytes and keeps nothing: what they are is all that is wanted. */
const discarding: Upload = {
  partSize: 2 ** 20,
  concurrency: 1,
  write: async () => {},
  complete: async () => [],
  abort: async () => {},
}

/**
 * Proves that Glance has what was sent. Where it converts images, what it has is of another format than was asked for, and
 * no digest of ours: then only bytes count that came from here.
 * @throws UpdaterError CLOUD_MISMATCH, CLOUD_IMPORT
 */
async function prove(
  id: string,
  { record, version }: Bring,
  { size, digests }: Sent,
  { glance, method, settings }: CloudRun,
  signal: AbortSignal,
): Promise<CloudImage> {
  const there = await glance.awaitActive(id, settings.importTimeout, signal)
  const wrong = (what: string) =>
    new UpdaterError('CLOUD_MISMATCH', `Version ${version.version} in Glance (${id}) ${what}`, {
      remedy: 'It was not made visible; run again, and if it stays, tell the operator of the cloud',
    })
  const { hash, diskFormat } = there
  if (hash === undefined) throw wrong('has no digest that could be compared')
  if (diskFormat !== record.diskFormat) {
    if (method !== 'web-download') return there
    throw wrong(
      `was converted to ${diskFormat}, so nobody knows what Glance has downloaded; import it with another --import`,
    )
  }
  if (there.size !== size) throw wrong(`has ${there.size} bytes, and ${size} were sent`)
  const ours = digests.find(({ algorithm }) => algorithm === hash.algorithm)
  const theirs = ours === undefined ? await readBack(id, digests, glance, signal) : hash
  const sent = ours ?? digests[0]
  if (sent?.hex === theirs.hex.toLowerCase()) return there
  throw wrong(`has ${theirs.algorithm}:${theirs.hex}, and ${sent && formatDigest(sent)} was sent`)
}

/** Glance's operator may have chosen an algorithm that is not computed here: then its bytes are read. */
async function readBack(
  id: string,
  [first]: readonly Digest[],
  glance: Glance,
  signal: AbortSignal,
): Promise<NonNullable<CloudImage['hash']>> {
  const algorithm = first?.algorithm ?? usual
  const hashing = createHash(algorithm)
  for await (const chunk of glance.read(id, signal)) hashing.update(chunk)
  return { algorithm, hex: hashing.digest('hex') }
}

/** Of an image that no run is to go on with at once. */
export async function leaveRecord({ id }: CloudImage, run: CloudRun): Promise<void> {
  const lasting = run.lasting()
  try {
    const image = await run.glance.get(id, lasting)
    if (image !== undefined && journalOf(image) !== undefined) await carryOut(leaving(image), run, lasting)
  } catch {
    // Its mark is given up when it is old.
  }
}

function unpackable({ url }: SentFile): UpdaterError {
  return new UpdaterError('CLOUD_IMPORT', `Glance would take ${url} as it is, packed`, {
    remedy: 'Name an unpacked mirror_url in the catalogue, or leave --import out',
  })
}

/** Of what nobody sees, and no run will go on with. A failure is told, and the next run tries again. */
async function removeRecord({ id }: CloudImage, run: CloudRun): Promise<void> {
  try {
    await run.glance.remove(id, run.lasting())
  } catch (error) {
    run.note('warning', `The unfinished image ${id} could not be removed: ${asUpdaterError(error).message}`)
  }
}

function unnamed({ definition: { image }, version }: Bring): UpdaterError {
  const { file, line, column } = image
  return new UpdaterError('CATALOG_TYPE', `Version ${version.version} of ${image.name} names no file`, {
    place: { file, line, column },
    remedy: 'Add its url',
  })
}
