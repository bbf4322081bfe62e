import { UpdaterError } from '../../errors.ts'
import type { FoundKeys } from './keys.ts'
import type { SignaturePin } from './pins.ts'

/** What the check of a signature says; `name` is the manifest's printable URL. */
export function unsignedDistribution(distribution: string, name: string): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `Signatures are required, but ${distribution} is not known to sign ${name}`,
    { remedy: 'Use --signatures prefer for this image: its proof is the checksum alone' },
  )
}

export function missingSignature(name: string, pin: SignaturePin): UpdaterError {
  const where =
    pin.signature === 'clearsigned' ? 'in it' : `at ${pin.signature.map((s) => name + s).join(', ')}`
  return new UpdaterError(
    'SIGNATURE_MISSING',
    `The signature of ${name} is missing: there is none ${where}`,
    {
      remedy: 'Find out why before you use this build; --signatures off takes the checksum alone',
    },
  )
}

export function missingWarning(name: string): string {
  return `${name} has no signature here, though the distribution signs: its proof is the checksum alone`
}

export function missingKey(name: string, pin: SignaturePin, { problems }: FoundKeys): UpdaterError {
  return new UpdaterError(
    'SIGNATURE_KEY',
    `The key that verifies ${name} is not at hand: ${problems.join('; ')}`,
    { remedy: pin.keyHint },
  )
}

export function missingKeyWarning(name: string, pin: SignaturePin, { problems }: FoundKeys): string {
  return `The signature of ${name} was not verified, its proof is the checksum alone: the key is not at hand (${problems.join('; ')}). ${pin.keyHint}`
}
