/**
 * The real command against a small world on 127.0.0.1: an origin laid out as the distributions lay theirs
 * out, an S3 server, and a catalogue that is a few builds behind.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unifiedDiff } from '../src/catalog/diff.ts'
import { startS3Server } from '../test/support/s3-server.ts'
import { readCatalogueFolder, startWorld } from '../test/support/world/world.ts'

const bucket = 'openstack-images'
const command = fileURLToPath(new URL('../dist/command/start.mjs', import.meta.url))

const world = await startWorld(8 * 2 ** 20)
const store = await startS3Server({ buckets: [bucket] })
const folder = await world.writeCatalogue()
const names = Object.keys(world.catalogue)

try {
  title('1. The catalogue is a few builds behind: image-updater brings it up to date')
  await run()
  const updated = await readCatalogueFolder(folder, names)

  title('2. What changed in the YAML files')
  for (const name of names) {
    process.stdout.write(unifiedDiff(name, world.catalogue[name] ?? '', updated[name] ?? ''))
  }

  title('3. The objects on the mirror')
  for (const { key, size, metadata } of store.objects()) {
    console.log(`${String(size).padStart(10)}  ${key}  ${metadata.checksum ?? ''}`)
  }

  title('4. Once more: nothing is left to do')
  await run()
  const again = await readCatalogueFolder(folder, names)
  const unchanged = names.every((name) => again[name] === updated[name])
  console.log(
    unchanged ? '\nNo byte of the catalogue changed.' : '\nThe catalogue changed: that is a defect.',
  )
  if (!unchanged) process.exitCode = 1

  title('The same against the real servers')
  console.log(
    'MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… image-updater --images /etc/images --minio-server s3.example.com --minio-bucket openstack-images',
  )
} finally {
  await store.close()
  await world.close()
  await rm(dirname(folder), { recursive: true, force: true })
}

function title(text: string): void {
  console.log(`\n\u2500\u2500 ${text}\n`)
}

/** The command as a user runs it, in a process of its own. */
async function run(): Promise<void> {
  const args = ['--images', folder, '--minio-server', store.endpoint, '--minio-bucket', bucket]
  args.push('--swift-prefix', store.swiftPrefix)
  console.log(`$ image-updater ${args.join(' ')}\n`)
  const child = spawn(process.execPath, [command, ...args], {
    stdio: 'inherit',
    env: {
      PATH: process.env.PATH,
      TERM: process.env.TERM,
      HOME: join(folder, '..'),
      MINIO_ACCESS_KEY: store.accessKey,
      MINIO_SECRET_KEY: store.secretKey,
    },
  })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`image-updater ended with status ${status}`)
}
