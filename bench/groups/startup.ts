import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { measure } from '../measure.ts'
import { imageUpdater, writeCatalogue } from '../ours.ts'

const node = { name: 'node -e 0', run: () => measure('node', ['-e', '0']) }

function startup(name: string, about: string, args: readonly string[], most: number): Bench {
  return {
    name: `startup-${name}`,
    about,
    prepare: async ({ folder }) => ({
      contestants: [{ name: 'image-updater', run: () => imageUpdater(args, folder) }, node],
      limits: [{ type: 'extra', peer: 'node -e 0', most }],
      close: async () => {},
    }),
  }
}

/** A catalogue that nothing has to be asked for: it is read, checked, and that is all. */
const reading: Bench = {
  name: 'startup-catalogue',
  about: 'a catalogue of one file is read and found wrong',
  async prepare({ folder }) {
    const path = await writeCatalogue(join(folder, 'wrong'), [])
    await writeFile(path, 'images: nothing\n')
    const args = ['--images', path, '--no-mirror', '--dry-run']
    return {
      contestants: [{ name: 'image-updater', run: () => imageUpdater(args, folder, 2) }, node],
      limits: [{ type: 'extra', peer: 'node -e 0', most: 150 }],
      close: async () => {},
    }
  },
}

export const startups: readonly Bench[] = [
  startup('help', '--help', ['--help'], 50),
  startup(
    'complete',
    'what a shell asks for at <Tab>',
    ['__complete', 'bash', '--', 'image-updater', '--d'],
    50,
  ),
  reading,
]
