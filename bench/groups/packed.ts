import { join } from 'node:path'
import { writeArchive } from '../archive.ts'
import { type Bench, MissingProgram, scaled } from '../bench.ts'
import { isInstalled } from '../measure.ts'
import { bringing, intoSink, serially, shell, startEnds, systemTools } from './ends.ts'

const MiB = 2 ** 20

export interface Packing {
  readonly extension: 'xz' | 'bz2' | 'gz' | 'zst'
  readonly pack: string
}

/** One block is what `xz` makes without threads, before 5.6 by default: one thread unpacks it. */
export const packings = {
  xzOneBlock: { extension: 'xz', pack: 'xz -1 -T1 -c' },
  /** As `xz -6 -T0` cuts its blocks. */
  xz: { extension: 'xz', pack: 'xz -1 -T0 --block-size=24MiB -c' },
  gz: { extension: 'gz', pack: 'gzip -1 -c' },
  bz2: { extension: 'bz2', pack: 'bzip2 -9 -c' },
  zst: { extension: 'zst', pack: 'zstd -3 -c' },
} as const satisfies Record<string, Packing>

/** Packs an image and starts an origin that has it under these names. @throws MissingProgram */
export async function startPacked(
  { extension, pack }: Packing,
  size: number,
  folder: string,
  names: readonly string[] = ['AlmaLinux-latest'],
) {
  const [packer = ''] = pack.split(' ')
  if (!isInstalled(packer)) throw new MissingProgram(`${packer} is missing`)
  const file = join(folder, `archive.${extension}`)
  const hex = await writeArchive(file, size, pack)
  const paths = names.map((name) => `/${name}.raw.${extension}`)
  const ends = await startEnds({
    texts: { '/CHECKSUM': paths.map((path) => `${hex}  ${path.slice(1)}\n`).join('') },
    files: Object.fromEntries(paths.map((path) => [path, file])),
  })
  return { ends, paths, file, hex }
}

interface Row {
  readonly name: string
  readonly packing: Packing
  readonly mebibytes: number
  /** Decompressors whose own time is the measure. */
  readonly unpack: readonly { readonly program: string; readonly args: string }[]
  /** Its output comes faster than any digest takes it: the two together are a measure of their own. */
  readonly hashed?: boolean
}

const rows: readonly Row[] = [
  {
    name: 'xz-one-block',
    packing: packings.xzOneBlock,
    mebibytes: 512,
    unpack: [{ program: 'xz', args: '-dcq' }],
  },
  { name: 'xz', packing: packings.xz, mebibytes: 1024, unpack: [{ program: 'xz', args: '-dcq -T0' }] },
  {
    name: 'gz',
    packing: packings.gz,
    mebibytes: 1024,
    unpack: [
      { program: 'gzip', args: '-dcq' },
      { program: 'pigz', args: '-dcq' },
    ],
  },
  {
    name: 'bz2',
    packing: packings.bz2,
    mebibytes: 256,
    unpack: [
      { program: 'lbzip2', args: '-dcq' },
      { program: 'bzip2', args: '-dcq' },
    ],
  },
  {
    name: 'zst',
    packing: packings.zst,
    mebibytes: 2048,
    unpack: [{ program: 'zstd', args: '-dcq' }],
    hashed: true,
  },
]

function packed({ name, packing, mebibytes, unpack, hashed = false }: Row): Bench {
  const { extension, pack } = packing
  return {
    name: `transfer-${name}`,
    about: `an image of ${mebibytes} MiB, packed by ${pack}`,
    async prepare(scale) {
      const { folder } = scale
      const { ends, paths, file, hex } = await startPacked(packing, scaled(mebibytes, scale) * MiB, folder)
      const url = `${ends.origin.facts.urls[0]}${paths[0]}`
      const target = `${ends.sink.facts.url}/bucket/peer`
      const alone = unpack.map(({ program, args }) =>
        shell(program, [program], `${program} ${args} < "$1" > /dev/null`, file),
      )
      const [{ program, args } = { program: '', args: '' }] = unpack
      const withDigest = `${program} | openssl`
      const script = `${program} ${args} < "$1" | openssl dgst -sha256`
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, folder, paths, intoSink(ends)) },
          ...alone,
          ...(hashed ? [shell(withDigest, [program, 'openssl'], script, file)] : []),
          systemTools({ folder, url, target, algorithm: 'sha256' }, { program, stage: `${program} ${args}` }),
          // Its standard library knows no zstd.
          ...(extension === 'zst' ? [] : [serially(url, 'sha256', hex, target, extension)]),
        ],
        limits: [
          ...unpack.map(({ program }) => ({ type: 'ratio', peer: program, most: 1.15 }) as const),
          { type: 'ratio', peer: withDigest, most: 1.3 },
          { type: 'ratio', peer: 'serial Python', most: 1 },
          { type: 'memory', most: 160 },
          { type: 'written', most: 1 },
        ],
        servers: ends.servers,
        close: () => ends.close(),
      }
    },
  }
}

export const packedTransfers: readonly Bench[] = rows.map(packed)
