import { archives } from './archives.ts'
import { catalogue } from './catalogue.ts'
import { headers } from './headers.ts'
import { listings } from './listings.ts'
import { manifests } from './manifests.ts'
import { signatures } from './signatures.ts'
import type { Target } from './target.ts'

/** In the order in which they are tried. */
export const targets = [headers, archives, manifests, listings, signatures, catalogue] as readonly Target[]
