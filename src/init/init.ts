import { link, lstat, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { throwDefects } from '../catalog/defects.ts'
import { temporaryPath, unwritable } from '../catalog/temporary.ts'
import { UpdaterError } from '../errors.ts'
import { chooseShipped, readShipped, type ShippedDistribution } from './shipped.ts'

export interface InitOptions {
  /** Names of distributions (globs: `*`, `?`); see `shippedCatalogue`. */
  readonly distributions: readonly string[]
  /** The folder that their files are written to; it is made if it does not exist. */
  readonly dir: string
  /** Nothing is written. Default: false. */
  readonly dryRun?: boolean | undefined
}

/** A file that was written, or in a dry run would be. */
export interface InitFile {
  readonly distribution: string
  readonly path: string
  /** Definitions in it. */
  readonly images: number
}

/** What comes with the program of one distribution. */
export interface ShippedSummary {
  /** What `InitOptions.distributions` selects it by. */
  readonly name: string
  readonly images: readonly {
    readonly name: string
    readonly shortname?: string | undefined
    readonly enable: boolean
  }[]
}

/** Returns the distributions whose image definitions come with the program. */
export async function shippedCatalogue(): Promise<ShippedSummary[]> {
  return (await readShipped()).map(({ name, images }) => ({
    name,
    images: images.map((image) => ({ name: image.name, shortname: image.shortname, enable: image.enable })),
  }))
}

/**
 * Writes image definitions that come with the program to a folder, one file for each distribution. A file
 * that is there already is never touched: then nothing is written.
 * @throws UpdaterError USAGE: a name selects nothing; CATALOG_UNWRITABLE, several as an `AggregateError` in
 * `cause`
 */
export async function initCatalogue({
  distributions,
  dir,
  dryRun = false,
}: InitOptions): Promise<InitFile[]> {
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

/** Makes each folder itself: `recursive` never returns if the system says ENOENT although the parent exists. */
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

/** Writes a new file in one step; a file that has come to be there meanwhile stays as it is. */
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
