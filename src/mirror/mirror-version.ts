import { compressionOfUrl } from '../discovery/sources.ts'
import { UpdaterError } from '../errors.ts'
import { statusOf } from '../http/failure.ts'
import { type Build, type Digest, type Image, type ImageVersion, parseDigest } from '../image.ts'
import type { UnmirroredReason } from '../report/schemas.ts'
import type { Place, Task } from '../run/context.ts'
import { ensureMirrored } from '../run/ensure-mirrored.ts'

export interface Mirrored {
  readonly status: 'present' | 'stored' | 'would-store'
  readonly bytes?: number | undefined
  readonly seconds?: number | undefined
}

/**
 * Brings one version of the catalogue to its place, if it is missing there.
 * @throws UpdaterError CATALOG_TYPE: the entry has no url or no checksum; and whatever `ensureMirrored` throws
 */
export async function mirrorVersion(task: Task, version: ImageVersion, place: Place): Promise<Mirrored> {
  const { run, step } = task
  const source = sourceOf(task.image, version)
  step({ type: 'checking', version: version.version })
  const { status, bytes, seconds } = await ensureMirrored(task, source, place, true)
  if (status === 'would-store') await run.checking(() => run.http.facts(source.url, { signal: run.signal }))
  if (status === 'foreign' || status === 'none') throw new UpdaterError('INTERNAL', 'This run has no mirror')
  return { status, bytes, seconds }
}

type Source = Pick<Build, 'url' | 'compression' | 'version'> & { readonly digest: Digest }

function sourceOf(image: Image, { version = '', url, checksum }: ImageVersion): Source {
  const about = `The version ${version === '' ? '' : `${version} `}of ${image.name}`
  if (url === undefined) {
    throw new UpdaterError('CATALOG_TYPE', `${about} has no url that it could be brought from`, {
      remedy: 'Add the url of its file',
    })
  }
  const digest = parseDigest(checksum ?? '')
  if (digest === undefined) {
    throw new UpdaterError('CATALOG_TYPE', `${about} has no checksum that its bytes could be compared with`, {
      remedy: "Write the distribution's checksum of its file as algorithm:hex",
    })
  }
  return { version, url, digest, compression: compressionOfUrl(url) }
}

/** Why a version could not be brought to the mirror. */
export function reasonOf(error: UpdaterError): UnmirroredReason {
  if (error.code === 'DIGEST_MISMATCH') return 'mismatch'
  return [404, 410].includes(statusOf(error) ?? 0) && error.code === 'HTTP_STATUS' ? 'source-gone' : 'other'
}
