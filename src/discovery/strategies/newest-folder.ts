import { UpdaterError } from '../../errors.ts'
import { statusOf } from '../../http/failure.ts'
import { redactUrl } from '../../http/url.ts'
import { isPrerelease } from '../../natural-order.ts'
import { fetchListing } from '../listing.ts'
import type { ResolverContext } from '../resolver.ts'

/** Folders that may hold the newest build: a server that is in the middle of a synchronisation lacks one or two. */
const maxFolders = 3

/**
 * Returns what is found in the newest folder that has the build. A folder that is listed before its files are there, or
 * that holds candidates of a release alone, is passed over: the latter without a warning, since every release begins
 * so.
 * @param folders URLs that end with a slash, the newest first, at least one
 * @param fileName what the build's file is called, or its form: its ending tells which files of a folder are images
 * @throws what `find` throws of the newest folder, if none of the first three has the build
 */
export async function inNewestFolder<Found>(
  folders: readonly string[],
  find: (folder: string) => Promise<Found>,
  { fileName, imageName }: { readonly fileName: string; readonly imageName: string },
  context: ResolverContext,
): Promise<Found> {
  let failure: UpdaterError | undefined
  for (const [index, folder] of folders.slice(0, maxFolders).entries()) {
    try {
      const found = await find(folder)
      for (const passed of folders.slice(0, index)) {
        if (await holdsCandidates(passed, fileName, context)) continue
        const message = `${redactUrl(passed)} has no build of ${imageName} yet, so that of ${redactUrl(folder)} is taken: the server may be in the middle of a synchronisation, or the distribution may have changed its names`
        context.tell({ type: 'warning', message })
      }
      return found
    } catch (thrown) {
      if (!isAbsence(thrown)) throw thrown
      failure ??= absenceOf(thrown, folder, imageName)
    }
  }
  throw failure
}

/** Does the error say that the build is not there, and not that the server cannot tell? */
function isAbsence(thrown: unknown): thrown is UpdaterError {
  const status = statusOf(thrown)
  if (status !== undefined) return status === 404 || status === 410
  return (
    thrown instanceof UpdaterError && ['DISCOVERY_NOTHING_FOUND', 'CHECKSUM_NOT_LISTED'].includes(thrown.code)
  )
}

function absenceOf(error: UpdaterError, folder: string, imageName: string): UpdaterError {
  if (statusOf(error) === undefined) return error
  return new UpdaterError(
    'DISCOVERY_NOTHING_FOUND',
    `${redactUrl(folder)} is the newest folder, but has no build of ${imageName}: ${error.message}`,
    {
      remedy:
        'Wait until the server has its files; if they are there, compare latest_url and latest_checksum_url with their names',
      cause: error,
    },
  )
}

/** Are all images in the folder candidates of a release? A folder that cannot be listed tells nothing. */
async function holdsCandidates(folder: string, fileName: string, context: ResolverContext): Promise<boolean> {
  const ending = fileName.slice(fileName.lastIndexOf('.'))
  try {
    const entries = await fetchListing(folder, context)
    const images = entries.filter(({ name, isFolder }) => !isFolder && name.endsWith(ending))
    return images.length > 0 && images.every(({ name }) => isPrerelease(name))
  } catch (thrown) {
    context.signal?.throwIfAborted()
    if (thrown instanceof UpdaterError) return false
    throw thrown
  }
}
