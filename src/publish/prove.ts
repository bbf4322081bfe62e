import { createHash } from 'node:crypto'
import { isPacked } from '../cloud/definition.ts'
import type { Match } from '../cloud/match.ts'
import type { CloudPlan } from '../cloud/plan.ts'
import { proofOf } from '../cloud/promotion.ts'
import { asUpdaterError } from '../errors.ts'
import { formatDigest } from '../image.ts'
import { bounded } from '../transfer/decompression/unpacking.ts'
import { type CloudRun, carryOut } from './run.ts'

/**
 * Reads the bytes of images that were there before us, and of which nobody knows whether they are the catalogue's, since
 * Glance's digest is of another algorithm. What is found out is kept on the image, so that it is read once.
 * @returns whether anything was found out
 */
export async function proveUnproven({ images }: CloudPlan, run: CloudRun): Promise<boolean> {
  const proven = await Promise.all(
    images.flatMap(({ unproven }) => unproven).map((match) => run.transferring(() => prove(match, run))),
  )
  return proven.includes(true)
}

async function prove({ image, version }: Match, run: CloudRun): Promise<boolean> {
  const { glance, note, settings, signal } = run
  const { digest } = version
  // Of a packed file the catalogue has the digest, and Glance has what came out of it.
  if (digest === undefined || isPacked(version)) return false
  const about = `The bytes of ${image.name} (${image.id})`
  try {
    const hash = createHash(digest.algorithm)
    for await (const chunk of bounded(glance.read(image.id, signal), settings.maxImageSize))
      hash.update(chunk)
    const found = { algorithm: digest.algorithm, hex: hash.digest('hex') }
    await carryOut(proofOf(image, found), run, signal)
    note('info', `${about} have ${formatDigest(found)}`)
    return true
  } catch (error) {
    if (signal.aborted) throw error
    note('warning', `${about} could not be read: ${asUpdaterError(error).message}`)
    return false
  }
}
