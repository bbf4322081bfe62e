import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Glance } from '../../src/cloud/glance.ts'
import { logIn } from '../../test/support/cloud-subjects.ts'
import { type Bench, type Contestant, MissingProgram, type Scale, scaled } from '../bench.ts'
import { measure } from '../measure.ts'
import { command, environment, writeCatalogue } from '../ours.ts'
import type { OriginConfig, OriginCounts, OriginFacts } from '../servers/origin.ts'
import { startServer } from '../servers/process.ts'
import { digestOf } from './ends.ts'

const MiB = 2 ** 20
const count = 20
const prefix = 'bench-'
const names = Array.from({ length: count }, (_, number) => `${prefix}${number}`)

/** The cloud of the clouds.yaml that TEST_GLANCE_CLOUDS names, whose login may make images public. */
const cloud = 'openstack'

/** What is done without a checksum: each image into a file, and from there into Glance's staging. */
const loop = `folder=$1 url=$2; shift 2
  for name; do
    curl -sSo "$folder/peer" "$url/$name.raw"
    openstack image create --import --public --disk-format raw --container-format bare --file "$folder/peer" "$name" >&2
    rm "$folder/peer"
  done`

const into: Bench = {
  name: 'publish',
  about: `${count} images of 64 MiB from the distribution into Glance, none of which it has`,
  async prepare(scale: Scale) {
    const cloudsFile = process.env.TEST_GLANCE_CLOUDS
    if (cloudsFile === undefined) {
      throw new MissingProgram(`TEST_GLANCE_CLOUDS names no clouds.yaml with a cloud "${cloud}"`)
    }
    const { folder } = scale
    const size = scaled(64, scale) * MiB
    const origin = await startServer<OriginConfig, OriginFacts, OriginCounts>('origin', { texts: {} })
    const session = await logIn(await readFile(cloudsFile, 'utf8'), cloud)
    const glance = new Glance(session)
    const url = `${origin.facts.urls[0] ?? ''}/raw/${size}`
    const catalogue = await writeCatalogue(
      join(folder, 'catalogue'),
      names.map((name) => ({
        name,
        distro: 'almalinux',
        format: 'raw',
        latestUrl: `${url}/${name}.raw`,
        checksumUrl: `${url}/CHECKSUM`,
        version: '20200101',
        url: `${url}/${name}.raw`,
        checksum: `sha256:${digestOf(size, 'sha256')}`,
      })),
    )

    async function empty(): Promise<void> {
      const signal = AbortSignal.timeout(600_000)
      const images = await glance.list({ owner: session.project.id }, signal)
      for (const { id, name } of images) if (name.startsWith(prefix)) await glance.remove(id, signal)
    }

    /** Off the clock, what the run before has left in Glance is removed. */
    const emptied = (contestant: Contestant): Contestant => ({
      ...contestant,
      run: async () => {
        await empty()
        return contestant.run()
      },
    })
    const login = { OS_CLIENT_CONFIG_FILE: cloudsFile }
    const options = ['--quiet', '--no-config', '--state-dir', join(folder, 'state'), '--images', catalogue]
    return {
      contestants: [
        emptied({
          name: 'image-updater publish',
          run: () =>
            measure(command, ['publish', '--cloud', cloud, ...options], {
              env: { ...environment(folder), ...login },
            }),
        }),
        emptied({
          name: 'curl; openstack image create --import',
          needs: ['curl', 'openstack'],
          run: () =>
            measure('/bin/sh', ['-ec', loop, 'peer', folder, url, ...names], {
              env: { ...login, OS_CLOUD: cloud },
            }),
        }),
      ],
      limits: [
        { type: 'ratio', peer: 'curl; openstack image create --import', most: 1 },
        { type: 'memory', most: 160 },
        { type: 'written', most: 1 },
      ],
      servers: [origin],
      notes: async () => [`Glance is at ${session.imageUrl}; its processors' time is not among the servers'`],
      async close() {
        await empty()
        await session.close()
        await origin.close()
      },
    }
  },
}

export const publishing: readonly Bench[] = [into]
