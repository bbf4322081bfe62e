import type { Call } from '../call.ts'
import { mirror } from './mirror-action.ts'

export function run(call: Call<'mirror'>): Promise<void> {
  return mirror(call.options(), call.args, call.session)
}
