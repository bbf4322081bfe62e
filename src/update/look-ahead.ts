import { compressionOfUrl, isUnpacked } from '../discovery/file-url.ts'
import { type RecordedDigests, type Standing, standingOf } from '../discovery/standing.ts'
import { redactUrl } from '../http/url.ts'
import { type Build, type Digest, type Image, parseDigest, sameDigest } from '../image.ts'
import { lookAt, vouch } from '../run/bring.ts'
import { hashFile } from '../run/hash.ts'
import { findRecorded, type Looked, recordedOf } from '../run/recorded.ts'
import { type Address, keyOfUrl } from '../stores/kinds.ts'
import type { UpdateRun, UpdateTask } from './task.ts'

/** What is known of the object that the catalogue names. */
export interface Ahead {
  /** Where it lies, if that is on this run's mirror. */
  readonly address?: Address | undefined
  /** What lies there; nothing where no store is asked. */
  readonly looked?: Looked | undefined
  readonly recorded: readonly RecordedDigests[]
}

/**
 * Looks at the object that the catalogue names while the distribution is asked: nearly always that is the newest one,
 * which has to be looked at next. For an outdated image the answer is thrown away, unless it is needed to tell so: of a
 * packed source the catalogue has the digest of the unpacked object.
 */
export async function lookAhead(image: Image, run: UpdateRun): Promise<Ahead> {
  const [before] = image.versions
  const url = before?.mirrorUrl
  if (before === undefined || url === undefined) return { recorded: [] }
  const { mirror, checkPublic } = run.settings
  const key = mirror.kind === 'none' ? undefined : keyOfUrl(mirror, url)
  const address = key === undefined ? undefined : { key, url }
  const file = { compression: compressionOfUrl(before.url ?? '') }
  if (run.store !== undefined && address !== undefined) {
    await run.ready
    const looked = await lookAt(address.key, run, file)
    return { address, looked, recorded: recordedOf(looked) }
  }
  if (!isUnpacked(before) || !checkPublic) return { address, recorded: [] }
  try {
    const { recorded } = await run.checking((signal) => findRecorded(url, file, run.http, signal))
    return { address, recorded }
  } catch {
    run.signal.throwIfAborted()
    return { address, recorded: [] }
  }
}

/** How the catalogue stands to the build; where nothing else tells, a download does. */
export async function findStanding(
  task: UpdateTask,
  build: Build,
  looking: Promise<Ahead>,
): Promise<Standing> {
  const { image, run, tell } = task
  const [before] = image.versions
  const ahead = before !== undefined && isUnpacked(before) ? await looking : { recorded: [] }
  const standing = standingOf(before, build, ahead.recorded)
  const named = parseDigest(before?.checksum ?? '')
  const { digest } = build
  const isTold = ahead.recorded.some(({ source }) => named !== undefined && sameDigest(source, named))
  if (standing === 'packed' && ahead.address === undefined && !isTold) {
    const message = `The checksum of ${image.name} is that of the packed file, and ${redactUrl(before?.mirrorUrl ?? '')} tells no other: a run with its mirror corrects it`
    tell({ type: 'warning', message })
    return 'unknown'
  }
  if (standing !== 'unknown' || digest === undefined || named === undefined) return standing
  const why = `Nothing tells of which packed file ${redactUrl(before?.mirrorUrl ?? '')} was made`
  if (ahead.looked !== undefined && ahead.address !== undefined) {
    if (ahead.looked.object === undefined) return 'other'
    const message = `${why}: ${redactUrl(build.url)} is downloaded once to find out whether it is the newest build`
    tell({ type: 'warning', message })
    return findOut(task, { ...build, digest, content: named }, ahead.address, ahead.looked)
  }
  const remedy = run.settings.dryRun
    ? 'an update downloads it once to find out'
    : 'a run with its mirror finds out'
  const message = `${why}, so it is unknown whether it is the newest build: ${remedy}`
  tell({ type: 'warning', message })
  return 'unknown'
}

/**
 * Downloads a build to see whether what comes out of it is what the catalogue names. If so, that is written beside the
 * object, and needs no download again.
 */
async function findOut(
  task: UpdateTask,
  build: Build & { readonly digest: Digest; readonly content: Digest },
  address: Address,
  looked: Looked,
): Promise<Standing> {
  const { image, run } = task
  const { url, compression, digest, content } = build
  const algorithms = [digest.algorithm, content.algorithm]
  const { maxImageSize } = run.settings
  const hashing = { algorithms, compression, format: image.format, maxImageSize }
  const found = await run.transferring(() => hashFile(url, hashing, run))
  const isSame =
    found.file.some((one) => sameDigest(one, digest)) && found.content.some((one) => sameDigest(one, content))
  if (isSame) await vouch(task, address, looked, build)
  return isSame ? 'same' : 'other'
}
