import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bench, type Contestant, type Scale, scaled } from '../bench.ts'
import { measure } from '../measure.ts'
import { type Entry, imageUpdater, writeCatalogue } from '../ours.ts'
import type { OriginConfig, OriginCounts, OriginFacts } from '../servers/origin.ts'
import { type RunningServer, startServer } from '../servers/process.ts'
import type { SinkConfig, SinkCounts, SinkFacts } from '../servers/sink.ts'
import { intoSink } from './ends.ts'

const serial = fileURLToPath(new URL('../peers/serial.py', import.meta.url))

const hexOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** The texts of an image's server, and its entry for the server at `url`. */
interface Subject {
  readonly texts: Readonly<Record<string, string>>
  entry(url: string): Entry
}

/** Dated folders, of which the listing tells the newest: two requests, one after the other. */
function datedFolders(number: number): Subject {
  const base = `/release-${number}/`
  const file = `server-${number}-amd64.img`
  const hex = hexOf(file)
  const folders = Array.from({ length: 20 }, (_, day) => String(20260101 + day))
  const newest = folders.at(-1) ?? ''
  const listing = [...folders, 'current'].map(
    (name) => `<a href="${name}/">${name}/</a> 2026-01-20 10:00  -\n`,
  )
  const manifest = `${hexOf('other')} *other.img\n${hex} *${file}\n`
  return {
    texts: {
      [base]: `<html><body><pre><a href="../">../</a>\n${listing.join('')}</pre></body></html>`,
      [`${base}${newest}/SHA256SUMS`]: manifest,
      [`${base}current/SHA256SUMS`]: manifest,
    },
    entry: (url) => ({
      name: `image-${number}`,
      distro: 'ubuntu',
      latestUrl: `${url}${base}current/${file}`,
      checksumUrl: `${url}${base}current/SHA256SUMS`,
      version: newest,
      url: `${url}${base}${newest}/${file}`,
      checksum: `sha256:${hex}`,
    }),
  }
}

/** One manifest with a name that moves on: one request. */
function manifest(number: number): Subject {
  const base = `/${number}/images/`
  const file = `AlmaLinux-9-GenericCloud-latest-${number}.x86_64.qcow2`
  const hex = hexOf(file)
  return {
    texts: { [`/${number}/`]: '<html></html>', [`${base}CHECKSUM`]: `${hex}  ${file}\n` },
    entry: (url) => ({
      name: `image-${number}`,
      distro: 'almalinux',
      latestUrl: `${url}${base}${file}`,
      checksumUrl: `${url}${base}CHECKSUM`,
      version: '20260120',
      url: `${url}${base}${file}`,
      checksum: `sha256:${hex}`,
    }),
  }
}

interface World {
  readonly origin: RunningServer<OriginFacts, OriginCounts>
  readonly entries: readonly Entry[]
  readonly catalogue: string
}

export async function startWorld(
  { folder }: Scale,
  { images, hosts, roundTrip }: { images: number; hosts: number; roundTrip: number },
): Promise<World> {
  const subjects = Array.from({ length: images }, (_, number) =>
    number % 2 === 0 ? datedFolders(number) : manifest(number),
  )
  const texts = Object.assign({}, ...subjects.map((subject) => subject.texts))
  const config: OriginConfig = { hosts, texts, roundTrip }
  const origin = await startServer<OriginConfig, OriginFacts, OriginCounts>('origin', config)
  const urlOf = (number: number) => origin.facts.urls[Math.floor(number / 2) % hosts] ?? ''
  const entries = subjects.map((subject, number) => subject.entry(urlOf(number)))
  const name = `catalogue-${images}-${hosts}-${roundTrip}`
  return { origin, entries, catalogue: await writeCatalogue(join(folder, name), entries) }
}

/** The same with a store at the same distance, which has all of the images. */
async function startMirroredWorld(scale: Scale, roundTrip: number) {
  const { origin, entries } = await startWorld(scale, { images: 22, hosts: 6, roundTrip })
  const named = entries.map((entry) => ({ entry, key: `${entry.name}/${entry.version}-${entry.name}.qcow2` }))
  const objects = named.map(({ entry: { checksum }, key }) => [`/bucket/${key}`, recordOf(checksum)])
  const config: SinkConfig = { roundTrip, objects: Object.fromEntries(objects) }
  const sink = await startServer<SinkConfig, SinkFacts, SinkCounts>('sink', config)
  const base = `${sink.facts.url}/swift/v1/AUTH_bench/bucket/`
  const mirrored = named.map(({ entry, key }) => ({ ...entry, mirrorUrl: base + key }))
  const catalogue = await writeCatalogue(join(scale.folder, `mirrored-${roundTrip}`), mirrored)
  const close = async () => {
    await origin.close()
    await sink.close()
  }
  return { origin, sink, catalogue, close }
}

function recordOf(checksum: string): Record<string, string> {
  return {
    'x-amz-meta-checksum': checksum,
    'x-amz-meta-source-checksum': checksum,
    'x-amz-meta-size': '1000000',
  }
}

function ours(name: string, catalogue: string, folder: string, more: readonly string[] = []): Contestant {
  const args = ['--images', catalogue, '--no-mirror', '--dry-run', '--quiet', ...more]
  return { name, run: () => imageUpdater(args, folder) }
}

const serially = (catalogue: string): Contestant => ({
  name: 'serial Python',
  needs: ['python3'],
  run: () => measure('python3', [serial, 'check', catalogue]),
})

/** As many images as a real catalogue has, all of them up to date. */
function smallCheck(roundTrip: number, most: number | undefined): Bench {
  return {
    name: `check-${roundTrip}ms`,
    about: `22 images on 6 servers, all up to date, ${roundTrip} ms for a round trip`,
    async prepare(scale) {
      const { origin, catalogue } = await startWorld(scale, { images: 22, hosts: 6, roundTrip })
      return {
        contestants: [ours('image-updater', catalogue, scale.folder), serially(catalogue)],
        limits: most === undefined ? [] : [{ type: 'ratio', peer: 'serial Python', most }],
        servers: [origin],
        close: () => origin.close(),
      }
    },
  }
}

/** The same again with what the run before has kept. */
const cachedCheck: Bench = {
  name: 'check-cache',
  about: '22 images on 6 servers, all up to date, with and without the texts of the run before',
  async prepare(scale) {
    const { origin, catalogue } = await startWorld(scale, { images: 22, hosts: 6, roundTrip: 30 })
    const sent = { cached: 0, anew: 0 }
    const counting = (kind: keyof typeof sent, args: readonly string[]) => async () => {
      const before = (await origin.counts()).sent
      const cost = await imageUpdater(
        ['--images', catalogue, '--no-mirror', '--quiet', ...args],
        scale.folder,
      )
      sent[kind] = (await origin.counts()).sent - before
      return cost
    }
    return {
      contestants: [
        { name: 'image-updater', run: counting('cached', []) },
        { name: '--no-cache', run: counting('anew', ['--no-cache']) },
      ],
      limits: [],
      notes: async () => [`the servers sent ${sent.cached} bytes, and ${sent.anew} without the cache`],
      servers: [origin],
      close: () => origin.close(),
    }
  },
}

/** Milliseconds: so many that what the processors do meanwhile hardly counts. */
const farAway = 500

/** How many round trips follow upon each other, without a mirror. */
const checkRoundTrips: Bench = {
  name: 'check-round-trips',
  about: `22 images on 6 servers, all up to date, ${farAway} ms for a round trip and none`,
  async prepare(scale) {
    const far = await startWorld(scale, { images: 22, hosts: 6, roundTrip: farAway })
    const near = await startWorld(scale, { images: 22, hosts: 6, roundTrip: 0 })
    return {
      contestants: [
        ours('image-updater', far.catalogue, scale.folder),
        ours('at no distance', near.catalogue, scale.folder),
      ],
      limits: [{ type: 'round-trips', peer: 'at no distance', roundTrip: farAway, most: 6 }],
      close: async () => {
        await far.origin.close()
        await near.origin.close()
      },
    }
  },
}

/** The same for a run with an object store, at the same distance, which is asked for every image. */
const updateRoundTrips: Bench = {
  name: 'update-round-trips',
  about: `22 images on 6 servers and their mirror, all up to date, ${farAway} ms for a round trip and none`,
  async prepare(scale) {
    const far = await startMirroredWorld(scale, farAway)
    const near = await startMirroredWorld(scale, 0)
    const contestant = (name: string, { catalogue, sink }: typeof far): Contestant => {
      const args = ['--images', catalogue, '--quiet', ...intoSink({ sink })]
      return { name, run: () => imageUpdater(args, scale.folder) }
    }
    return {
      contestants: [contestant('image-updater', far), contestant('at no distance', near)],
      limits: [{ type: 'round-trips', peer: 'at no distance', roundTrip: farAway, most: 6 }],
      close: async () => {
        await far.close()
        await near.close()
      },
    }
  },
}

/** Many images: the time is to grow with the requests per server, not with the images. */
const largeCheck: Bench = {
  name: 'check-2000',
  about: '2000 images on 40 servers against 200 images on 4, 100 ms for a round trip',
  async prepare(scale) {
    const roundTrip = 100
    const large = await startWorld(scale, { images: scaled(2000, scale), hosts: 40, roundTrip })
    const small = await startWorld(scale, { images: scaled(200, scale), hosts: 4, roundTrip })
    return {
      contestants: [
        ours('2000 on 40', large.catalogue, scale.folder),
        ours('200 on 4', small.catalogue, scale.folder),
      ],
      limits: [
        { type: 'ratio', peer: '200 on 4', most: 3 },
        { type: 'memory', most: 200 },
      ],
      servers: [large.origin, small.origin],
      close: async () => {
        await large.origin.close()
        await small.origin.close()
      },
    }
  },
}

export const checks: readonly Bench[] = [
  smallCheck(0, undefined),
  smallCheck(30, undefined),
  smallCheck(100, 0.1),
  cachedCheck,
  checkRoundTrips,
  updateRoundTrips,
  largeCheck,
]
