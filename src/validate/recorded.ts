import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDigest } from '../image.ts'
import { sidecarKey } from '../stores/naming.ts'
import { parseRecord } from '../stores/record.ts'

/** Bytes of a record that are read. */
const limit = 1024

/** Returns the checksum of the packed file that a mirror in a folder of this machine has recorded beside an object. */
export async function readRecordedSource(mirrorUrl: string): Promise<string | undefined> {
  const path = pathOf(mirrorUrl)
  if (path === undefined) return undefined
  const own = join(dirname(path), `.${basename(path)}.json`)
  for (const file of [own, sidecarKey(path)]) {
    const record = parseRecord(await readStart(file))
    if (record !== undefined) return formatDigest(record.source)
  }
  return undefined
}

function pathOf(url: string): string | undefined {
  try {
    return url.startsWith('file:') ? fileURLToPath(url) : undefined
  } catch {
    return undefined
  }
}

/** Returns an empty text if there is no such file. */
async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
