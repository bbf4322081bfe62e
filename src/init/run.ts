import { link, lstat, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { throwDefects } from '../catalog/defects.ts'
import { temporaryPath, unwritable } from '../catalog/temporary.ts'
import { UpdaterError } from '../errors.ts'
import type { InitFile, InitOptions, ShippedSummary } from './options.ts'
import { chooseShipped, readShipped, type ShippedDistribution } from './shipped.ts'

export async function runShipped(): Promise<ShippedSummary[]> {
  return (await readShipped()).map(({ name, images }) => ({
    name,
    images: images.map((image) => ({ name: image.name, shortname: image.shortname, enable: image.enable })),
  }))
}

export async function runInit({ distributions, dir, dryRun = false }: InitOptions): Promise<InitFile[]> {
  const chosen = chooseShipped(await readShipped(), distributions)
  const files = chosen.map((distribution) => ({ distribution, path: join(dir, `${distribution.name}.yml`) }))
  const present = await Promise.all(files.map(({ path }) => isThere(path)))
  throwDefects(files.flatMap(({ path }, index) => (present[index] ? [alreadyThere(path)] : [])))
  if (!dryRun) {
    await makeFolder(dir)
    for (const { distribution, path } of files) await writeNew(dir, path, distribution)
  }
  return files.map(({ distribution, path }) => ({
    distribution: distribution.name,
    path,
    images: distribution.images.length,
  }))
}

/** Not by `recursive`, which never ends where the system says of a folder in one that exists that it does not. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(dir)
    if (code !== 'ENOENT' || (await isThere(above))) throw unwritable(dir, error)
    await makeFolder(above)
    await makeFolder(dir)
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw unwritable(path, error)
    },
  )
}

function alreadyThere(path: string): UpdaterError {
  return new UpdaterError('CATALOG_UNWRITABLE', `The file ${path} is there already, and is left as it is`, {
    place: { file: path },
    remedy: 'Move it away, or name another folder with --images',
  })
}

/** In one step, and never in place of another file: what else comes to be there meanwhile stays. */
async function writeNew(dir: string, path: string, { text }: ShippedDistribution): Promise<void> {
  const temporary = temporaryPath(dir)
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(path) : unwritable(path, error)
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}
