import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contestant } from '../bench.ts'
import { measure } from '../measure.ts'
import { imageUpdater, writeCatalogue } from '../ours.ts'
import { type OriginConfig, type OriginCounts, type OriginFacts, pattern } from '../servers/origin.ts'
import { type RunningServer, startServer } from '../servers/process.ts'
import type { SinkConfig, SinkCounts, SinkFacts } from '../servers/sink.ts'

export type Algorithm = 'sha256' | 'sha512'

/** Hex digest of the origin's `/raw/SIZE`. */
export function digestOf(size: number, algorithm: Algorithm): string {
  const hash = createHash(algorithm)
  for (let at = 0; at < size; at += pattern.length) hash.update(pattern.subarray(0, size - at))
  return hash.digest('hex')
}

/** Where images come from and where they go. */
export interface Ends {
  readonly origin: RunningServer<OriginFacts, OriginCounts>
  readonly sink: RunningServer<SinkFacts, SinkCounts>
  readonly servers: readonly RunningServer<unknown, unknown>[]
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
    servers: [origin, sink],
    close: async () => {
      await origin.close()
      await sink.close()
    },
  }
}

/** The options that choose the sink as the store. */
export function intoSink({ sink }: Pick<Ends, 'sink'>): string[] {
  const { url } = sink.facts
  return ['--minio-server', url, '--minio-bucket', 'bucket', '--swift-prefix', 'swift/v1/AUTH_bench/']
}

/** A catalogue of old versions of the images at these paths of the origin. */
export function writeImages({ origin }: Ends, folder: string, paths: readonly string[]): Promise<string> {
  const url = origin.facts.urls[0] ?? ''
  return writeCatalogue(
    join(folder, 'catalogue'),
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
}

/** The command that brings the images at these paths of the origin into a store. */
export async function bringing(
  ends: Ends,
  folder: string,
  paths: readonly string[],
  options: readonly string[],
): Promise<() => ReturnType<typeof imageUpdater>> {
  const catalogue = await writeImages(ends, folder, paths)
  const before = await readFile(catalogue)
  return async () => {
    await writeFile(catalogue, before)
    return imageUpdater(['--images', catalogue, '--quiet', ...options], folder)
  }
}

/** A shell script, with its arguments from `$1`. */
export function shell(
  name: string,
  needs: readonly string[],
  script: string,
  ...args: readonly string[]
): Contestant {
  return { name, needs, run: () => measure('/bin/sh', ['-ec', script, 'peer', ...args]) }
}

const python = fileURLToPath(new URL('../peers/serial.py', import.meta.url))

/** `update.py`'s way; the arguments are `serial.py transfer`'s. */
export function serially(...args: readonly string[]): Contestant {
  const run = () => measure('python3', [python, 'transfer', ...args])
  return { name: 'serial Python', needs: ['python3'], run }
}

/**
 * All that the command does with an image, by system tools, in one pass: what the machine can do. Every
 * process is one that the shell waits for, so that it is counted.
 * @param decompress a pipe's stage; absent: the image is not compressed
 */
export function systemTools(
  { folder, url, target, algorithm }: { folder: string; url: string; target: string; algorithm: Algorithm },
  decompress?: { readonly program: string; readonly stage: string },
): Contestant {
  const digest = `openssl dgst -${algorithm}`
  const stored = decompress === undefined ? '' : ` | ${decompress.stage} | tee "$1/stored"`
  const script = `mkfifo "$1/source" "$1/stored"
    ${digest} "$1/source" &
    ${decompress === undefined ? '' : 'openssl dgst -sha256 "$1/stored" &'}
    curl -sS "$2" | tee "$1/source"${stored} | curl -sST - "$3"
    wait
    rm "$1/source" "$1/stored"`
  const needs = ['curl', 'openssl', ...(decompress === undefined ? [] : [decompress.program])]
  return shell('system tools, one pass', needs, script, folder, url, target)
}
