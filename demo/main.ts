/**
 * The real command against a small world on 127.0.0.1: an origin laid out as the distributions lay theirs out, an S3
 * server, a cloud in memory (Keystone and Glance), and a catalogue that is a few builds behind.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { unifiedDiff } from '../src/catalog/diff.ts'
import { type FakeRecord, startFakeCloud } from '../test/support/fake-cloud.ts'
import { startS3Server } from '../test/support/s3-server.ts'
import { readCatalogueFolder, startWorld } from '../test/support/world/world.ts'

const bucket = 'openstack-images'
const command = fileURLToPath(new URL('../dist/command/start.mjs', import.meta.url))

const world = await startWorld(8 * 2 ** 20)
const store = await startS3Server({ buckets: [bucket] })
const cloud = await startFakeCloud()
const folder = await world.writeCatalogue()
const cloudsFile = join(dirname(folder), 'clouds.yaml')
await writeFile(cloudsFile, cloud.cloudsFile('admin', 'tenant'), { mode: 0o600 })
const names = Object.keys(world.catalogue)

try {
  title(
    '1. The catalogue is a few builds behind: update brings mirror and catalogue up to date, and then the cloud',
  )
  await run()
  const updated = await readCatalogueFolder(folder, names)
  const published = cloud.images()

  title('2. What changed in the YAML files')
  for (const name of names) {
    process.stdout.write(unifiedDiff(name, world.catalogue[name] ?? '', updated[name] ?? ''))
  }

  title('3. The objects on the mirror')
  for (const { key, size, metadata } of store.objects()) {
    console.log(`${String(size).padStart(10)}  ${key}  ${metadata.checksum ?? ''}`)
  }

  title('4. The images of the cloud')
  for (const image of published) console.log(describeImage(image))

  title('5. Once more: nothing is left to do')
  await run()
  const again = await readCatalogueFolder(folder, names)
  const isCatalogueSame = names.every((name) => again[name] === updated[name])
  const isSame = isCatalogueSame && isDeepStrictEqual(cloud.images(), published)
  console.log(
    isSame
      ? '\nNo byte of the catalogue and no image of the cloud changed.'
      : '\nThe catalogue or the cloud changed: that is a defect.',
  )
  if (!isSame) process.exitCode = 1

  title('The same against the real servers')
  console.log(
    'MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… image-updater update --images /etc/images --minio-server s3.example.com --minio-bucket openstack-images --publish --cloud mycloud',
  )
} finally {
  await cloud.close()
  await store.close()
  await world.close()
  await rm(dirname(folder), { recursive: true, force: true })
}

function title(text: string): void {
  console.log(`\n\u2500\u2500 ${text}\n`)
}

function describeImage({ name, status, visibility, os_hidden, tags }: FakeRecord): string {
  const sight = os_hidden ? `${visibility}, hidden` : visibility
  return `${String(name).padEnd(40)}  ${status}  ${sight}  ${[...tags].sort().join(' ')}`
}

/** The command as a user runs it, in a process of its own. */
async function run(): Promise<void> {
  const args = ['update', '--images', folder, '--minio-server', store.endpoint, '--minio-bucket', bucket]
  args.push('--swift-prefix', store.swiftPrefix, '--publish', '--cloud', 'fake')
  console.log(`$ image-updater ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [command, ...args], {
    stdio: 'inherit',
    env: {
      PATH: process.env.PATH,
      TERM: process.env.TERM,
      HOME: dirname(folder),
      MINIO_ACCESS_KEY: store.accessKey,
      MINIO_SECRET_KEY: store.secretKey,
      OS_CLIENT_CONFIG_FILE: cloudsFile,
    },
  })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`image-updater ended with status ${status}`)
}
