import { UpdaterError } from '../../errors.ts'
import type { Store, StoreKind } from '../store.ts'

/** A store that a program hands in. */
export interface OwnStoreOptions {
  readonly store: Store
}

export const own: StoreKind<OwnStoreOptions, readonly []> = {
  options: [],
  // No option of a command makes one.
  read: () => ({}) as OwnStoreOptions,
  placeOptions: [],
  publicOptions: [],
  secrets: () => [],
  keyPrefix: () => '',
  publicBase() {
    throw new UpdaterError('CONFIGURATION', 'The mirror has a store of its own and no baseUrl', {
      remedy: 'Say where users find what is stored: { kind: "store", store, baseUrl: "https://…" }',
    })
  },
  advice: {},
  open: async ({ store }) => store,
}
