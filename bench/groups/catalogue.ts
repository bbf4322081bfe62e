import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type Contestant, type Scale, scaled } from '../bench.ts'
import { measure } from '../measure.ts'
import { writeCatalogue } from '../ours.ts'

const program = fileURLToPath(new URL('../peers/edit-catalogue.mjs', import.meta.url))

/** What is made of the text of a catalogue. */
type Change = (text: string) => string

async function editing(name: string, images: number, scale: Scale, change: Change): Promise<Contestant> {
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
  const path = await writeCatalogue(join(scale.folder, `${name}-${images}`), entries)
  await writeFile(path, change(await readFile(path, 'utf8')))
  return { name: `${images} images`, run: () => measure('node', [program, path]) }
}

function editingOf(name: string, about: string, change: Change): Bench {
  return {
    name,
    about,
    prepare: async (scale) => ({
      contestants: [await editing(name, 500, scale, change), await editing(name, 50, scale, change)],
      limits: [
        { type: 'time', most: 2000 },
        { type: 'ratio', peer: '50 images', most: 10 },
      ],
      close: async () => {},
    }),
  }
}

/** Above the file, above every image, behind a value, and within a list of versions. */
function withComments(text: string): string {
  const commented = text
    .replaceAll(/^ {2}- name: (.*)$/gm, '\n  # $1 is kept until the next release is out.\n$&')
    .replaceAll('enable: true', '$& # in all regions')
    .replaceAll(/^ +versions:$/gm, '$& # newest first\n      # - version: pre-release')
  return `# The images of the cloud\n${commented}\n# end\n`
}

export const catalogues: readonly Bench[] = [
  editingOf(
    'catalogue-500',
    'a file of 500 images is read, every image gets a new version, and all of them are edited',
    (text) => text,
  ),
  editingOf('catalogue-500-comments', 'the same with comments among its lines', withComments),
]
