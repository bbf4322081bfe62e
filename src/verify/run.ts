import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import type { Listener } from '../events.ts'
import type { Image, ImageVersion } from '../image.ts'
import type { Verdict, VerifiedUrl, VerifiedVersion, VerifyReport } from '../report/schemas.ts'
import type { RunContext } from '../run/context.ts'
import { begin, endInOrder, errorOf, limited, secondsSince, tellOf } from '../run/run.ts'
import { defaultMaxImageSize, positive, settleCatalogue } from '../run/settings.ts'
import { type Answer, failed, inLightOf } from './ask.ts'
import { judge } from './judge.ts'
import type { VerifyOptions } from './options.ts'
import { type Verification, type Verified, verifyVersion } from './verify-version.ts'

/** See `verifyCatalogue`. */
export async function runVerify(options: VerifyOptions, context: RunContext): Promise<VerifyReport> {
  const settings = settleCatalogue(options)
  const full = options.full ?? false
  const jobs = positive('jobs', options.jobs ?? 256)
  const transfers = positive('transfers', options.transfers ?? 2)
  const maxImageSize = positive('maxImageSize', options.maxImageSize ?? defaultMaxImageSize)
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
      summary: summarize(versions),
      versions,
      errors: [],
    }
  } finally {
    await endInOrder([() => http.close()], note)
  }
}

function summarize(versions: readonly VerifiedVersion[]): VerifyReport['summary'] {
  const count = (verdict: Verdict) => versions.filter((one) => one.verdict === verdict).length
  return {
    mismatch: count('mismatch'),
    unmirrorable: count('unmirrorable'),
    missing: count('missing'),
    private: count('private'),
    error: count('error'),
    pending: count('pending'),
    ok: count('ok'),
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
  const { step } = tellOf(image, ordinal, onEvent)
  try {
    step({ type: 'checking', version: version.version })
    const verified = await verifyVersion(image, version, run)
    step({ type: 'done', status: 'up-to-date' })
    return verified
  } catch (thrown) {
    const error = errorOf(thrown, run.signal)
    step({ type: 'failed', error })
    step({ type: 'done', status: 'failed' })
    return { url: failed(version.url ?? version.mirrorUrl ?? '', error) }
  }
}

/** Without what was found on the way. */
function plain({ url, status, message }: Answer): VerifiedUrl {
  return { url, status, message }
}
