import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type Contestant, scaled } from '../bench.ts'
import { measure } from '../measure.ts'
import {
  type Algorithm,
  bringing,
  digestOf,
  type Ends,
  intoSink,
  serially,
  shell,
  startEnds,
  systemTools,
} from './ends.ts'

const MiB = 2 ** 20

const rclone =
  'rclone copyurl --config /dev/null "$1" ":s3:bucket/peer" --s3-provider Other --s3-endpoint "$2" --s3-access-key-id a --s3-secret-access-key b --s3-chunk-size 8Mi --s3-upload-concurrency 4 --s3-upload-cutoff 8Mi --s3-no-check-bucket --s3-disable-checksum --s3-no-head --no-check-dest; curl -sS "$1" | openssl dgst -"$3"'
const threePasses = 'curl -sSo "$1" "$2"; openssl dgst -"$3" "$1"; curl -sST "$1" "$4"; rm "$1"'

const sdk = fileURLToPath(new URL('../peers/sdk.mjs', import.meta.url))

/** The same by the AWS SDK's helper for uploads, with as many parts of the same size at once. */
function withSdk(url: string, algorithm: Algorithm, hex: string, { sink }: Ends): Contestant {
  const run = () => measure('node', [sdk, url, algorithm, hex, sink.facts.url])
  return { name: 'AWS SDK', run }
}

/** One image that is not packed, at the origin. */
export async function startPlain(size: number, algorithm: Algorithm, rate?: number) {
  const path = `/raw/${size}/AlmaLinux-latest.raw`
  const hex = digestOf(size, algorithm)
  const ends = await startEnds({ texts: { '/CHECKSUM': `${hex}  AlmaLinux-latest.raw\n` }, rate })
  return { ends, path, hex, url: (ends.origin.facts.urls[0] ?? '') + path }
}

function plain(algorithm: Algorithm): Bench {
  return {
    name: `transfer-${algorithm}`,
    about: `an image of 1 GiB, ${algorithm}, into a store that takes it as fast as it comes`,
    async prepare(scale) {
      const { folder } = scale
      const { ends, path, hex, url } = await startPlain(scaled(1024, scale) * MiB, algorithm)
      const { url: sink } = ends.sink.facts
      const target = `${sink}/bucket/peer`
      return {
        contestants: [
          { name: 'image-updater', run: await bringing(ends, folder, [path], intoSink(ends)) },
          shell('curl | openssl', ['curl', 'openssl'], 'curl -sS "$1" | openssl dgst -"$2"', url, algorithm),
          withSdk(url, algorithm, hex, ends),
          shell('rclone + hash', ['rclone', 'curl', 'openssl'], rclone, url, sink, algorithm),
          systemTools({ folder, url, target, algorithm }),
          shell(
            'three passes',
            ['curl', 'openssl'],
            threePasses,
            join(folder, 'peer'),
            url,
            algorithm,
            target,
          ),
          serially(url, algorithm, hex, target),
        ],
        limits: [
          { type: 'ratio', peer: 'curl | openssl', most: 1.3 },
          { type: 'ratio', peer: 'AWS SDK', most: 1 },
          { type: 'ratio', peer: 'rclone + hash', most: 1 },
          { type: 'ratio', peer: 'three passes', most: 1 },
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

/** A folder on a disk is the store. What the run before has left there is removed, off the clock. */
const intoFolder: Bench = {
  name: 'transfer-folder',
  about: 'an image of 1 GiB, sha256, into a folder, on the disk at the end',
  async prepare(scale) {
    const mebibytes = scaled(1024, scale)
    const mirror = join(scale.folder, 'mirror')
    const { ends, path, url } = await startPlain(mebibytes * MiB, 'sha256')
    const emptied = ({ run, ...contestant }: Contestant): Contestant => ({
      ...contestant,
      run: async () => {
        await rm(mirror, { recursive: true, force: true })
        await mkdir(mirror)
        return run()
      },
    })
    const peer = 'curl | tee FILE | openssl; sync FILE'
    const script = 'curl -sS "$2" | tee "$1" | openssl dgst -sha256; sync "$1"'
    return {
      contestants: [
        emptied({
          name: 'image-updater',
          run: await bringing(ends, scale.folder, [path], ['--mirror-dir', mirror]),
        }),
        emptied(shell(peer, ['curl', 'openssl', 'sync'], script, join(mirror, 'peer'), url)),
      ],
      limits: [
        { type: 'ratio', peer, most: 1.3 },
        { type: 'memory', most: 160 },
        { type: 'written', most: mebibytes + 1 },
      ],
      servers: ends.servers,
      close: () => ends.close(),
    }
  },
}

/** A source that slows down each connection. */
const connections: Bench = {
  name: 'transfer-connections',
  about: 'an image of 128 MiB from a source that sends 16 MiB/s over each connection',
  async prepare(scale) {
    const { folder } = scale
    const { ends, path, url } = await startPlain(scaled(128, scale) * MiB, 'sha256', 16 * MiB)
    const over = (count: number) =>
      bringing(ends, folder, [path], [...intoSink(ends), '--connections', String(count)])
    const aria2 =
      'aria2c -q --allow-overwrite=true -x4 -s4 -k1M -d "$1" -o peer "$2"; openssl dgst -sha256 "$1/peer"'
    return {
      contestants: [
        { name: '4 connections', run: await over(4) },
        { name: '1 connection', run: await over(1) },
        shell('aria2c -x4, openssl', ['aria2c', 'openssl'], aria2, folder, url),
      ],
      limits: [
        { type: 'ratio', peer: '1 connection', most: 0.4 },
        { type: 'memory', most: 160 },
        { type: 'written', most: 1 },
      ],
      servers: ends.servers,
      close: () => ends.close(),
    }
  },
}

export const transfers: readonly Bench[] = [plain('sha256'), plain('sha512'), intoFolder, connections]
