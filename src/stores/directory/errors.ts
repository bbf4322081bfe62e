import { UpdaterError } from '../../errors.ts'
import { explainRefusal, isErrno } from '../../files.ts'

/** Runs `action`; what the file system throws becomes STORE_DENIED or STORE_FAILED. */
export async function translating<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw isErrno(error) ? fileFailure(what, error) : error
  }
}

export function fileFailure(what: string, cause: unknown): UpdaterError {
  const { why, remedy } = explainRefusal(cause)
  const code = isErrno(cause, 'EACCES', 'EPERM', 'EROFS') ? 'STORE_DENIED' : 'STORE_FAILED'
  return new UpdaterError(code, `${what}: ${why}`, { remedy, cause })
}
