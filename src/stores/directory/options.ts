import { pathToFileURL } from 'node:url'
import type { StoreKind } from '../store.ts'

/** A local folder, which a web server may show to the public. */
export interface DirectoryOptions {
  readonly dir: string
}

export const directory: StoreKind<DirectoryOptions> = {
  placeOptions: ['mirror-dir'],
  publicOptions: [],
  keyPrefix: () => '',
  publicBase: ({ dir }) => pathToFileURL(dir).href,
  advice: {},
  async open({ dir }) {
    const { createDirectoryStore } = await import('./store.ts')
    return createDirectoryStore(dir)
  },
}
