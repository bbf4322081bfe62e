import { formatDigest } from '../image.ts'
import { sidecarUrl } from '../stores/naming.ts'
import { readFileStart } from '../stores/public.ts'
import { parseRecord } from '../stores/record.ts'

/** Bytes of a record that are read. */
const limit = 1024

/**
 * Returns the checksum of the packed file that a mirror in a folder of this machine has recorded beside an object.
 * @param fileRoots folders below which it has to lie
 */
export async function readRecordedSource(
  mirrorUrl: string,
  fileRoots: readonly string[],
): Promise<string | undefined> {
  const own = mirrorUrl.replace(/[^/]*$/, '.$&.json')
  for (const url of [own, sidecarUrl(mirrorUrl)]) {
    const record = parseRecord((await readFileStart(url, limit, fileRoots)) ?? '')
    if (record !== undefined) return formatDigest(record.source)
  }
  return undefined
}
