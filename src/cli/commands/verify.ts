import type { Call } from '../call.ts'
import { verify } from './verify-action.ts'

export function run(call: Call<'verify'>): Promise<void> {
  return verify(call.options(), call.args, call.session)
}
