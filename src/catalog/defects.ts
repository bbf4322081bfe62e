import { UpdaterError } from '../errors.ts'

/** Defects of one file that are told. */
const most = 100

/** Collects the defects of one file. Behind the first hundred it says once that there are more. */
export class DefectList {
  readonly all: UpdaterError[] = []

  /** @param describe is called for what is told alone: a file may have millions */
  add(describe: () => UpdaterError): void {
    if (this.all.length > most) return
    const defect = describe()
    this.all.push(this.all.length < most ? defect : andMore(defect))
  }
}

function andMore({ code, place }: UpdaterError): UpdaterError {
  return new UpdaterError(code, `There are more than ${most} defects: the others are not told`, {
    place,
    remedy: 'Correct the first ones, then run again',
  })
}

/**
 * Throws all defects at once: a single one as it is, several as one error whose `cause` is an `AggregateError`
 * of them (see `listDefects`).
 * @param subject what has them
 */
export function throwDefects(defects: readonly UpdaterError[], subject = 'The catalogue'): void {
  const [first] = defects
  if (first === undefined) return
  if (defects.length === 1) throw first
  throw new UpdaterError(
    first.code,
    `${subject} has ${defects.length > most ? `more than ${most}` : defects.length} defects`,
    {
      cause: new AggregateError(defects),
      remedy: 'Correct them all, then run again: nothing was done',
    },
  )
}

/** The defects that a thrown error stands for, in the order in which they were found. */
export function listDefects(error: UpdaterError): readonly UpdaterError[] {
  if (!(error.cause instanceof AggregateError)) return [error]
  const defects = error.cause.errors.flatMap((one) => (one instanceof UpdaterError ? listDefects(one) : []))
  return defects.length === 0 ? [error] : defects
}
