import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type Contestant, type Limit, scaled } from '../bench.ts'
import { isInstalled, measure } from '../measure.ts'
import { imageUpdater, writeCatalogue } from '../ours.ts'
import { type OriginConfig, type OriginCounts, type OriginFacts, pattern } from '../servers/origin.ts'
import { type RunningServer, startServer } from '../servers/process.ts'
import type { SinkConfig, SinkCounts, SinkFacts } from '../servers/sink.ts'

type Algorithm = 'sha256' | 'sha512'

const serial = fileURLToPath(new URL('../peers/serial.py', import.meta.url))
const MiB = 2 ** 20

/** Hex digest of the origin's `/raw/SIZE`. */
export function digestOf(size: number, algorithm: Algorithm): string {
  const hash = createHash(algorithm)
  for (let at = 0; at < size; at += pattern.length) hash.update(pattern.subarray(0, size - at))
  return hash.digest('hex')
}

export interface Ends {
  readonly origin: RunningServer<OriginFacts, OriginCounts>
  readonly sink: RunningServer<SinkFacts, SinkCounts>
  close(): Promise<void>
}

export async function startEnds(
  config: OriginConfig & { readonly texts: Readonly<Record<string, string>> },
  sinkConfig: SinkConfig = {},
): Promise<Ends> {
  const origin = await startServer<OriginConfig, OriginFacts, OriginCounts>('origin', config)
  const sink = await startServer<SinkConfig, SinkFacts, SinkCounts>('sink', sinkConfig)
  return {
    origin,
    sink,
    close: async () => {
      await origin.close()
      await sink.close()
    },
  }
}

/** The command that brings the images at these paths of the origin into the sink. */
export async function bringing(
  { origin, sink }: Ends,
  folder: string,
  paths: readonly string[],
  more: readonly string[] = [],
): Promise<() => ReturnType<typeof imageUpdater>> {
  const url = origin.facts.urls[0] ?? ''
  const catalogue = await writeCatalogue(
    join(folder, `catalogue-${paths.length}-${sink.facts.url.split(':').at(-1)}`),
    paths.map((path, number) => ({
      name: `AlmaLinux-${number}`,
      distro: 'almalinux',
      format: 'raw',
      latestUrl: url + path,
      checksumUrl: `${url}/CHECKSUM`,
      version: '20200101',
      url: `${url}/AlmaLinux-20200101`,
      checksum: `sha256:${'0'.repeat(64)}`,
    })),
  )
  const before = await readFile(catalogue)
  const args = ['--images', catalogue, '--minio-server', sink.facts.url, '--minio-bucket', 'bucket']
  args.push('--swift-prefix', 'swift/v1/AUTH_bench/', '--quiet', ...more)
  return async () => {
    await writeFile(catalogue, before)
    return imageUpdater(args, folder)
  }
}

const shell = (name: string, needs: readonly string[], script: string, ...args: string[]): Contestant => ({
  name,
  needs,
  run: () => measure('/bin/sh', ['-ec', script, 'peer', ...args]),
})

const rclone =
  'rclone copyurl --config /dev/null "$1" ":s3:bucket/peer" --s3-provider Other --s3-endpoint "$2" --s3-access-key-id a --s3-secret-access-key b --s3-chunk-size 8Mi --s3-upload-concurrency 4 --s3-upload-cutoff 8Mi --s3-no-check-bucket --s3-disable-checksum --s3-no-head --no-check-dest; curl -sS "$1" | openssl dgst -"$3"'

function plain(algorithm: Algorithm): Bench {
  return {
    name: `transfer-${algorithm}`,
    about: `an image of 1 GiB, ${algorithm}, into a store that takes it as fast as it comes`,
    async prepare(scale) {
      const size = scaled(1024, scale) * MiB
      const path = `/raw/${size}/AlmaLinux-latest.raw`
      const hex = digestOf(size, algorithm)
      const ends = await startEnds({ texts: { '/CHECKSUM': `${hex}  AlmaLinux-latest.raw\n` } })
      const url = (ends.origin.facts.urls[0] ?? '') + path
      const target = `${ends.sink.facts.url}/bucket/peer`
      const file = join(scale.folder, 'peer')
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, scale.folder, [path]) },
          shell('curl | openssl', ['curl', 'openssl'], 'curl -sS "$1" | openssl dgst -"$2"', url, algorithm),
          shell('rclone + hash', ['rclone', 'curl', 'openssl'], rclone, url, ends.sink.facts.url, algorithm),
          shell(
            'three passes',
            ['curl', 'openssl'],
            'curl -sSo "$1" "$2"; openssl dgst -"$3" "$1"; curl -sST "$1" "$4"; rm "$1"',
            file,
            url,
            algorithm,
            target,
          ),
          {
            name: 'serial Python',
            needs: ['python3'],
            run: () => measure('python3', [serial, 'transfer', url, algorithm, hex, target]),
          },
        ],
        limits: [
          { type: 'ratio', peer: 'curl | openssl', most: 1.3 },
          { type: 'ratio', peer: 'rclone + hash', most: 1 },
          { type: 'ratio', peer: 'three passes', most: 1 },
          { type: 'ratio', peer: 'serial Python', most: 1 },
          { type: 'memory', most: 160 },
          { type: 'written', most: 1 },
        ],
        close: () => ends.close(),
      }
    },
  }
}

interface Packing {
  readonly extension: 'xz' | 'bz2' | 'gz' | 'zst'
  readonly pack: string
  /** The program whose own time is the limit, */
  readonly unpack: readonly string[]
  /** and what takes its output. Default: nothing does. */
  readonly through?: string
}

const packings: readonly Packing[] = [
  { extension: 'xz', pack: 'xz -2 -T0 --block-size=8MiB', unpack: ['xz', '-dcq', '-T0'] },
  { extension: 'bz2', pack: 'bzip2 -1', unpack: ['lbzip2', '-dcq'] },
  { extension: 'gz', pack: 'gzip -1', unpack: ['gzip', '-dcq'] },
  // Faster than any digest: the digest of its output sets the pace.
  { extension: 'zst', pack: 'zstd -1', unpack: ['zstd', '-dcq'], through: 'openssl dgst -sha256' },
]

function packed({ extension, pack, unpack, through = 'cat > /dev/null' }: Packing): Bench {
  const [program = '', ...args] = unpack
  return {
    name: `transfer-${extension}`,
    about: `an image of 512 MiB, half of it noise, packed by ${pack}`,
    async prepare(scale) {
      if (![pack.split(' ')[0] ?? '', program].every(isInstalled)) throw new Missing(program)
      const archive = makeArchive(scaled(512, scale), pack)
      const path = `/AlmaLinux-latest.raw.${extension}`
      const hex = createHash('sha256').update(archive).digest('hex')
      const file = join(scale.folder, `archive.${extension}`)
      await writeFile(file, archive)
      const ends = await startEnds({
        texts: { '/CHECKSUM': `${hex}  AlmaLinux-latest.raw.${extension}\n` },
        archives: { [path]: archive.toString('base64') },
      })
      const url = (ends.origin.facts.urls[0] ?? '') + path
      const target = `${ends.sink.facts.url}/bucket/peer`
      const limits: Limit[] = [
        { type: 'ratio', peer: program, most: extension === 'zst' ? 1.3 : 1.15 },
        { type: 'written', most: 1 },
      ]
      const python: Contestant = {
        name: 'serial Python',
        needs: ['python3'],
        run: () => measure('python3', [serial, 'transfer', url, 'sha256', hex, target, extension]),
      }
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, scale.folder, [path]) },
          shell(program, [program], `"$@" < "${file}" | ${through}`, program, ...args),
          ...(extension === 'zst' ? [] : [python]),
        ],
        limits: extension === 'zst' ? limits : [...limits, { type: 'ratio', peer: 'serial Python', most: 1 }],
        close: async () => {
          await ends.close()
          await rm(file)
        },
      }
    },
  }
}

/** A bench whose own tools are not there. */
export class Missing extends Error {}

/** Noise and repetition in turn, as a disk image has them. */
function makeArchive(mebibytes: number, pack: string): Buffer {
  const input = Buffer.alloc(mebibytes * MiB)
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  for (let at = 0; at < input.length; at += MiB) {
    noise.update(Buffer.alloc(MiB / 2)).copy(input, at)
    for (let line = 0; line < MiB / 2; line += 64) input.write(`line ${line % 977}\n`, at + MiB / 2 + line)
  }
  return execFileSync('/bin/sh', ['-c', `${pack} -c`], { input, maxBuffer: 2 ** 31 - 1 })
}

/** A source that slows down each connection. */
const connections: Bench = {
  name: 'transfer-connections',
  about: 'an image of 128 MiB from a source that sends 16 MiB/s over each connection',
  async prepare(scale) {
    const size = scaled(128, scale) * MiB
    const path = `/raw/${size}/AlmaLinux-latest.raw`
    const texts = { '/CHECKSUM': `${digestOf(size, 'sha256')}  AlmaLinux-latest.raw\n` }
    const ends = await startEnds({ texts, rate: 16 * MiB })
    const url = (ends.origin.facts.urls[0] ?? '') + path
    const aria2 =
      'aria2c -q --allow-overwrite=true -x4 -s4 -k1M -d "$1" -o peer "$2"; openssl dgst -sha256 "$1/peer"'
    return {
      contestants: [
        { name: '4 connections', run: await bringing(ends, scale.folder, [path], ['--connections', '4']) },
        { name: '1 connection', run: await bringing(ends, scale.folder, [path]) },
        shell('aria2c -x4, openssl', ['aria2c', 'openssl'], aria2, scale.folder, url),
      ],
      limits: [
        { type: 'ratio', peer: '1 connection', most: 0.4 },
        { type: 'memory', most: 160 },
        { type: 'written', most: 1 },
      ],
      close: () => ends.close(),
    }
  },
}

export const transfers: readonly Bench[] = [
  plain('sha256'),
  plain('sha512'),
  ...packings.map(packed),
  connections,
]
