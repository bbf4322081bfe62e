import { UpdaterError } from '../errors.ts'

/**
 * Throws all defects at once: a single one as it is, several as one error whose `cause` is an `AggregateError`
 * of them (see `listDefects`).
 * @param subject what has them
 */
export function throwDefects(defects: readonly UpdaterError[], subject = 'The catalogue'): void {
  const [first] = defects
  if (first === undefined) return
  if (defects.length === 1) throw first
  throw new UpdaterError(first.code, `${subject} has ${defects.length} defects`, {
    cause: new AggregateError(defects),
    remedy: 'Correct them all, then run again: nothing was done',
  })
}

/** The defects that a thrown error stands for, in the order in which they were found. */
export function listDefects(error: UpdaterError): readonly UpdaterError[] {
  if (!(error.cause instanceof AggregateError)) return [error]
  const defects = error.cause.errors.flatMap((one) => (one instanceof UpdaterError ? listDefects(one) : []))
  return defects.length === 0 ? [error] : defects
}
