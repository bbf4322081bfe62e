import type { CloudGroup } from './cloud-row.ts'
import { clouds } from './rows/clouds.ts'

/** Every named fault of a publish. */
export const cloudGroups: readonly CloudGroup[] = [clouds]
