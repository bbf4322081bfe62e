import { type Bench, type Scale, scaled } from '../bench.ts'
import { imageUpdater } from '../ours.ts'
import { bringing, digestOf, type Ends, intoSink, startEnds } from './ends.ts'
import { type Packing, packings, startPacked } from './packed.ts'

const MiB = 2 ** 20
const names = ['AlmaLinux-a', 'AlmaLinux-b']

/** Two images at the same time. What unpacks them in a process of its own is not counted as ours. */
function memory(
  name: string,
  about: string,
  start: (scale: Scale) => Promise<{ ends: Ends; paths: readonly string[] }>,
): Bench {
  return {
    name: `memory-${name}`,
    about,
    async prepare(scale) {
      const { ends, paths } = await start(scale)
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, scale.folder, paths, intoSink(ends)) },
          { name: 'only --help', run: () => imageUpdater(['--help'], scale.folder) },
        ],
        limits: [
          { type: 'memory', most: 160 },
          { type: 'written', most: 1 },
        ],
        servers: ends.servers,
        close: () => ends.close(),
      }
    },
  }
}

/** @param rates bytes per second of a connection */
function plain(mebibytes: number, rates: { origin?: number; sink?: number } = {}) {
  return async (scale: Scale) => {
    const size = scaled(mebibytes, scale) * MiB
    const files = names.map((name) => `${name}.raw`)
    const hex = digestOf(size, 'sha256')
    const texts = { '/CHECKSUM': files.map((file) => `${hex}  ${file}\n`).join('') }
    const ends = await startEnds({ texts, rate: rates.origin }, { rate: rates.sink })
    return { ends, paths: files.map((file) => `/raw/${size}/${file}`) }
  }
}

function packed(packing: Packing, mebibytes: number) {
  return (scale: Scale) => startPacked(packing, scaled(mebibytes, scale) * MiB, scale.folder, names)
}

export const memories: readonly Bench[] = [
  memory('64MiB', 'two images of 64 MiB at the same time', plain(64)),
  memory('4GiB', 'two images of 4 GiB at the same time', plain(4096)),
  memory(
    'slow-store',
    'two images of 128 MiB, the store takes 8 MiB/s of each connection',
    plain(128, { sink: 8 * MiB }),
  ),
  memory('slow-source', 'two images of 128 MiB, the source sends 32 MiB/s', plain(128, { origin: 32 * MiB })),
  memory('xz', 'two images of 256 MiB at the same time, packed by xz', packed(packings.xz, 256)),
  memory('gz', 'two images of 256 MiB at the same time, packed by gzip', packed(packings.gz, 256)),
]
