import { UpdaterError } from '../../errors.ts'

/** What went wrong in a decompressor; an error of ours stays as it is. */
export function decompressionFailed(what: string, cause?: unknown): UpdaterError {
  if (cause instanceof UpdaterError) return cause
  return new UpdaterError('DECOMPRESSION_FAILED', `The compressed image could not be unpacked: ${what}`, {
    cause,
    remedy: 'The file is damaged or not what its name says; look at it on the server',
  })
}
