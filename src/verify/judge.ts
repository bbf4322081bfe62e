import type { Verdict, VerifiedUrl } from '../report/schemas.ts'
import { severities } from '../report/verify.ts'

type Status = VerifiedUrl['status']

/** What there is to say of a version by what its two URLs told; `undefined`: it names none. */
export function judge(source: Status | undefined, mirror: Status | undefined, isNewest: boolean): Verdict {
  if (mirror === 'missing') {
    if (source === 'ok') return isNewest ? 'pending' : 'missing'
    return source === 'error' ? 'missing' : 'unmirrorable'
  }
  return severities.find((verdict) => verdict === source || verdict === mirror) ?? 'ok'
}
