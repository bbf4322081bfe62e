import { link, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { throwDefects } from '../catalog/defects.ts'
import { temporaryPath, unwritable } from '../catalog/temporary.ts'
import { UpdaterError } from '../errors.ts'
import { isErrno, makeFolder, writeInOneStep } from '../files.ts'
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
    await makeFolder(dir, 0o777).catch((error) => {
      throw unwritable(dir, error)
    })
    for (const { distribution, path } of files) await writeNew(dir, path, distribution)
  }
  return files.map(({ distribution, path }) => ({
    distribution: distribution.name,
    path,
    images: distribution.images.length,
  }))
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error) => {
      if (isErrno(error, 'ENOENT')) return false
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
  try {
    await writeInOneStep(path, text, { temporary: temporaryPath(dir), move: link })
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? alreadyThere(path) : unwritable(path, error)
  }
}
