import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { measure } from '../measure.ts'
import { imageUpdater, writeCatalogue } from '../ours.ts'

const server = 'https://repo.almalinux.org/almalinux/9/cloud/x86_64/images'

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

/** One image, and nothing to find fault with. */
const validating: Bench = {
  name: 'startup-validate',
  about: 'validate, of a catalogue of one image',
  async prepare({ folder }) {
    const path = await writeCatalogue(join(folder, 'right'), [
      {
        name: 'almalinux-9',
        distro: 'rocky',
        latestUrl: `${server}/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2`,
        checksumUrl: `${server}/CHECKSUM`,
        version: '20260120',
        url: `${server}/AlmaLinux-9-GenericCloud-9.7-20260120.x86_64.qcow2`,
        checksum: `sha256:${'0123456789abcdef'.repeat(4)}`,
      },
    ])
    return {
      contestants: [
        { name: 'image-updater', run: () => imageUpdater(['validate', '--images', path], folder) },
        node,
      ],
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
  validating,
]
