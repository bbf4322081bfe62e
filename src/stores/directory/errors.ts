import { type ErrorCode, UpdaterError } from '../../errors.ts'

const meanings: Readonly<
  Record<string, { readonly code: ErrorCode; readonly says: string; readonly remedy: string }>
> = {
  EACCES: denied('permission denied'),
  EPERM: denied('not permitted'),
  EROFS: denied('the file system is read-only'),
  ENOSPC: { code: 'STORE_FAILED', says: 'no space left on the device', remedy: 'Free space on the mirror' },
  EDQUOT: { code: 'STORE_FAILED', says: 'the disk quota is used up', remedy: 'Free space on the mirror' },
}

function denied(says: string) {
  return { code: 'STORE_DENIED', says, remedy: 'Give this user the right to write there' } as const
}

/** Runs `action`; what the file system throws becomes STORE_DENIED or STORE_FAILED. */
export async function translating<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw isErrno(error) ? fileFailure(what, error) : error
  }
}

export function fileFailure(what: string, error: unknown): UpdaterError {
  const code = isErrno(error) ? error.code : ''
  const meaning = meanings[code] ?? { code: 'STORE_FAILED', says: code || String(error), remedy: undefined }
  return new UpdaterError(meaning.code, `${what}: ${meaning.says}`, {
    cause: error,
    ...(meaning.remedy === undefined ? {} : { remedy: meaning.remedy }),
  })
}

/** Did the file system throw this, with one of the codes if any are given? */
export function isErrno(
  error: unknown,
  ...codes: readonly string[]
): error is Error & { readonly code: string } {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) && (codes.length === 0 || codes.includes(code))
}
