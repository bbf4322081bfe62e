import type { Call } from '../call.ts'
import { prune } from './prune-action.ts'

export function run(call: Call<'prune'>): Promise<void> {
  return prune(call.options(), call.session)
}
