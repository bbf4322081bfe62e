import { pathToFileURL } from 'node:url'
import { mirrors, option, path } from '../../option.ts'
import type { StoreKind } from '../store.ts'

/** A local folder, which a web server may show to the public. */
export interface DirectoryOptions {
  readonly dir: string
}

/** Commands that read what the catalogue names there. */
const lookers = ['check', 'report', 'verify', 'validate'] as const

export const directoryOptions = [
  option('mirror-dir', path('directories'), {
    commands: [...mirrors, ...lookers],
    group: 'Mirror',
    help: 'the mirror is this folder, no object store needed',
    own: Object.fromEntries(
      lookers.map((command) => [command, { help: 'a mirror that is a folder: the same as --file-root' }]),
    ),
  }),
] as const

export const directory: StoreKind<DirectoryOptions, typeof directoryOptions> = {
  options: directoryOptions,
  chosenBy: 'mirror-dir',
  read: ({ mirrorDir = '' }) => ({ dir: mirrorDir }),
  placeOptions: ['mirror-dir'],
  publicOptions: [],
  secrets: () => [],
  keyPrefix: () => '',
  publicBase: ({ dir }) => pathToFileURL(dir).href,
  advice: {},
  async open({ dir }) {
    const { createDirectoryStore } = await import('./store.ts')
    return createDirectoryStore(dir)
  },
}
