import type { Group } from './row.ts'
import { catalogue } from './rows/catalogue.ts'
import { hostile } from './rows/hostile.ts'
import { http } from './rows/http.ts'
import { images } from './rows/images.ts'
import { machine } from './rows/machine.ts'
import { rollback } from './rows/rollback.ts'
import { secondBuild } from './rows/second-build.ts'
import { signals } from './rows/signals.ts'
import { signatures } from './rows/signatures.ts'
import { store } from './rows/store.ts'

/** Every named fault. */
export const groups: readonly Group[] = [
  http,
  store,
  signatures,
  rollback,
  images,
  catalogue,
  hostile,
  machine,
  secondBuild,
  signals,
]
