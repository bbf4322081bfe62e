import { createHash } from 'node:crypto'
import { type Definition, isPacked } from '../cloud/definition.ts'
import type { CloudImage } from '../cloud/image.ts'
import { marks } from '../cloud/marks.ts'
import type { CloudPlan } from '../cloud/plan.ts'
import { setProperty } from '../cloud/properties.ts'
import { asUpdaterError } from '../errors.ts'
import { formatDigest } from '../image.ts'
import { bounded } from '../transfer/decompression/unpacking.ts'
import type { CloudRun } from './run.ts'

/**
 * Reads the bytes of images that were there before us, and of which nobody knows whether they are the catalogue's, since
 * Glance's digest is of another algorithm. What is found out is kept on the image, so that it is read once.
 * @returns whether anything was found out
 */
export async function proveUnproven(
  plan: CloudPlan,
  images: readonly CloudImage[],
  run: CloudRun,
): Promise<boolean> {
  const unproven = plan.images.flatMap(({ definition, findings }) =>
    findings.flatMap(({ what, id, version }) => {
      const image = images.find((one) => one.id === id)
      return what === 'unproven' && image !== undefined ? [{ definition, image, version }] : []
    }),
  )
  const proven = await Promise.all(
    unproven.map(({ definition, image, version }) =>
      run
        .transferring(() => proveOne(definition, version, image, run))
        .catch((error: unknown) => {
          if (run.signal.aborted) throw error
          run.note(
            'warning',
            `The bytes of ${image.name} (${image.id}) could not be read: ${asUpdaterError(error).message}`,
          )
          return false
        }),
    ),
  )
  return proven.includes(true)
}

async function proveOne(
  { versions }: Definition,
  version: string | undefined,
  { id, hash, name }: CloudImage,
  { glance, note, settings, signal }: CloudRun,
): Promise<boolean> {
  const named = versions.find((one) => one.version === version)
  // Of a packed file the catalogue has the digest, and Glance has what came out of it.
  if (named?.digest === undefined || isPacked(named)) return false
  const { digest } = named
  const hashing = createHash(digest.algorithm)
  for await (const chunk of bounded(glance.read(id, signal), settings.maxImageSize)) hashing.update(chunk)
  const found = { algorithm: digest.algorithm, hex: hashing.digest('hex') }
  note('info', `The bytes of ${name} (${id}) have ${formatDigest(found)}`)
  const proof = hash === undefined ? [] : [setProperty(marks.hash, `${hash.algorithm}:${hash.hex}`)]
  await glance.patch(id, [setProperty(marks.checksum, formatDigest(found)), ...proof], signal)
  return true
}
