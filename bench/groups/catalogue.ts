import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type Contestant, type Scale, scaled } from '../bench.ts'
import { measure } from '../measure.ts'
import { writeCatalogue } from '../ours.ts'

const program = fileURLToPath(new URL('../peers/edit-catalogue.mjs', import.meta.url))

async function editing(images: number, scale: Scale): Promise<Contestant> {
  const count = scaled(images, scale)
  const entries = Array.from({ length: count }, (_, number) => ({
    name: `image-${number}`,
    distro: 'ubuntu',
    latestUrl: `https://images.example.org/release-${number}/current/server-${number}-amd64.img`,
    checksumUrl: `https://images.example.org/release-${number}/current/SHA256SUMS`,
    version: '20260108',
    url: `https://images.example.org/release-${number}/20260108/server-${number}-amd64.img`,
    checksum: `sha256:${String(number).padStart(64, '0')}`,
  }))
  const path = await writeCatalogue(join(scale.folder, `catalogue-${images}`), entries)
  return { name: `${images} images`, run: () => measure('node', [program, path]) }
}

export const catalogues: readonly Bench[] = [
  {
    name: 'catalogue-20000',
    about: 'a file of 20000 images is read, every image gets a new version, and all of them are edited',
    prepare: async (scale) => ({
      contestants: [await editing(20_000, scale), await editing(2000, scale)],
      limits: [
        { type: 'time', most: 2000 },
        { type: 'ratio', peer: '2000 images', most: 12 },
      ],
      close: async () => {},
    }),
  },
]
