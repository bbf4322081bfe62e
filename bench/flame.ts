/**
 * npm run bench:flame [-- --scale F]: runs the command with Node's profiler and draws where its time goes,
 * for a transfer and for a check: docs/flame/*.svg.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Scale, scaled } from './bench.ts'
import { renderFlame } from './flame/render.ts'
import { type Profile, readStacks } from './flame/stacks.ts'
import { startWorld } from './groups/check.ts'
import { intoSink, writeImages } from './groups/ends.ts'
import { startPlain } from './groups/transfer.ts'
import { measure } from './measure.ts'
import { command, environment } from './ours.ts'

const target = fileURLToPath(new URL('../docs/flame/', import.meta.url))
/** Microseconds. */
const interval = 250

interface Path {
  readonly name: string
  readonly title: string
  /** The command's arguments, and what to close after it. */
  prepare(scale: Scale): Promise<{ args: readonly string[]; close(): Promise<void> }>
}

const paths: readonly Path[] = [
  {
    name: 'transfer',
    title: 'A transfer: 1 GiB, sha256, into an S3 store',
    async prepare(scale) {
      const { ends, path } = await startPlain(scaled(1024, scale) * 2 ** 20, 'sha256')
      const catalogue = await writeImages(ends, scale.folder, [path])
      const args = ['--images', catalogue, '--quiet', ...intoSink(ends)]
      return { args, close: () => ends.close() }
    },
  },
  {
    name: 'check',
    title: 'A check: 200 images on 6 servers, nothing cached',
    async prepare(scale) {
      const world = { images: scaled(200, scale), hosts: 6, roundTrip: 0 }
      const { origin, catalogue } = await startWorld(scale, world)
      const args = ['--images', catalogue, '--no-mirror', '--dry-run', '--quiet']
      return { args, close: () => origin.close() }
    },
  },
]

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } })
await mkdir(target, { recursive: true })
for (const { name, title, prepare } of paths) {
  const folder = await mkdtemp(join(tmpdir(), 'image-updater-flame-'))
  try {
    const { args, close } = await prepare({ factor: Number(values.scale), folder })
    const taken = await profile(args, folder).finally(close)
    const svg = renderFlame(title, readStacks(taken))
    await writeFile(join(target, `${name}.svg`), svg)
    console.log(`docs/flame/${name}.svg: ${Math.ceil(svg.length / 1024)} kB`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of the main thread. The command starts Node by its name: the one that is found first has the profiler on. */
async function profile(args: readonly string[], folder: string): Promise<Profile> {
  const [bin, profiles] = [join(folder, 'bin'), join(folder, 'profiles')]
  await mkdir(bin)
  const options = `--cpu-prof --cpu-prof-dir="${profiles}" --cpu-prof-interval=${interval}`
  await writeFile(join(bin, 'node'), `#!/bin/sh\nexec "${process.execPath}" ${options} "$@"\n`)
  await chmod(join(bin, 'node'), 0o755)
  const PATH = `${bin}${delimiter}${process.env.PATH}`
  await measure(command, args, { env: { ...environment(folder), PATH } })
  const [name = ''] = await readdir(profiles)
  return JSON.parse(await readFile(join(profiles, name), 'utf8'))
}
