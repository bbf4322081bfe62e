import { type Bench, type Limit, scaled } from '../bench.ts'
import { imageUpdater } from '../ours.ts'
import { bringing, digestOf, type Ends, startEnds } from './transfer.ts'

const MiB = 2 ** 20

/** Two images at the same time, of which the largest process is looked at. */
function memory(
  name: string,
  about: string,
  mebibytes: number,
  rates: { origin?: number; sink?: number },
): Bench {
  return {
    name: `memory-${name}`,
    about,
    async prepare(scale) {
      const size = scaled(mebibytes, scale) * MiB
      const names = ['a', 'b'].map((letter) => `AlmaLinux-${letter}.raw`)
      const hex = digestOf(size, 'sha256')
      const texts = { '/CHECKSUM': names.map((file) => `${hex}  ${file}\n`).join('') }
      const ends: Ends = await startEnds({ texts, rate: rates.origin }, { rate: rates.sink })
      const paths = names.map((file) => `/raw/${size}/${file}`)
      const limits: Limit[] = [
        { type: 'memory', most: 160 },
        { type: 'written', most: 1 },
      ]
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, scale.folder, paths) },
          { name: 'only --help', run: () => imageUpdater(['--help'], scale.folder) },
        ],
        limits,
        close: () => ends.close(),
      }
    },
  }
}

export const memories: readonly Bench[] = [
  memory('64MiB', 'two images of 64 MiB at the same time', 64, {}),
  memory('4GiB', 'two images of 4 GiB at the same time', 4096, {}),
  memory('slow-store', 'two images of 128 MiB, the store takes 32 MiB/s of each connection', 128, {
    sink: 32 * MiB,
  }),
  memory('slow-source', 'two images of 128 MiB, the source sends 32 MiB/s', 128, { origin: 32 * MiB }),
]
