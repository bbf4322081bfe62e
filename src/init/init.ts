import { link, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closest } from '../catalog/closest.ts'
import { throwDefects } from '../catalog/defects.ts'
import { parseCatalog } from '../catalog/parse.ts'
import { readText } from '../catalog/read.ts'
import { matchesGlob } from '../catalog/select.ts'
import { temporaryPath, unwritable } from '../catalog/write.ts'
import { UpdaterError } from '../errors.ts'
import { isErrno, makeFolder, writeInOneStep } from '../files.ts'
import type { Image } from '../image.ts'
import { flag, text } from '../option.ts'
import { assertOptions, assertTyped, defaultFolder, textsOf } from '../options.ts'
import { packageFolder } from '../package.ts'

export interface InitOptions {
  /** Names of distributions (globs: `*`, `?`); see `shippedCatalogue`. */
  readonly distributions: readonly string[]
  /** The folder that their files are written to; it is made if it does not exist. Default: `/etc/images`. */
  readonly dir?: string | undefined
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
  /** What `InitOptions.distributions` selects it by: the name of its file without the extension, e.g. `ubuntu`. */
  readonly name: string
  readonly images: readonly Pick<Image, 'name' | 'shortname' | 'enable'>[]
}

/** The image definitions of one distribution: the text of their file, and what it says. */
interface ShippedDistribution {
  readonly name: string
  readonly text: string
  readonly images: readonly Image[]
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
export async function initCatalogue(options: InitOptions): Promise<InitFile[]> {
  assertOptions(options)
  const { dir = defaultFolder, dryRun = false } = options
  const distributions = textsOf('distributions', options.distributions)
  assertTyped('dir', text(), dir)
  assertTyped('dryRun', flag(), dryRun)
  const files = choose(await readShipped(), distributions).map(({ name, images, text }) => {
    return { distribution: name, path: join(dir, `${name}.yml`), images: images.length, text }
  })
  const present = await Promise.all(files.map(({ path }) => isThere(path)))
  throwDefects(files.flatMap(({ path }, index) => (present[index] ? [alreadyThere(path)] : [])))
  if (!dryRun) {
    await makeFolder(dir, 0o777).catch((error) => {
      throw unwritable(dir, error)
    })
    for (const { path, text } of files) await writeNew(dir, path, text)
  }
  return files.map(({ distribution, path, images }) => ({ distribution, path, images }))
}

async function readShipped(): Promise<ShippedDistribution[]> {
  const folder = new URL('catalog/', packageFolder())
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yml')).sort()
  return Promise.all(
    files.map(async (file) => {
      const path = fileURLToPath(new URL(file, folder))
      const text = await readText(path)
      return { name: file.replace(/\.yml$/, ''), text, images: parseCatalog(path, text).images }
    }),
  )
}

/** @throws UpdaterError USAGE: one of the names matches nothing */
function choose(
  shipped: readonly ShippedDistribution[],
  wanted: readonly string[],
): readonly ShippedDistribution[] {
  const names = shipped.map(({ name }) => name)
  for (const name of wanted) {
    if (names.some((one) => matchesGlob(name, one))) continue
    const close = closest(name, names).map((label) => `"${label}"`)
    throw new UpdaterError('USAGE', `There are no image definitions of "${name}"`, {
      remedy:
        close.length > 0
          ? `Close to that: ${close.join(', ')}`
          : '`image-updater init` lists all that there are',
    })
  }
  return shipped.filter(({ name }) => wanted.some((pattern) => matchesGlob(pattern, name)))
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
async function writeNew(dir: string, path: string, text: string): Promise<void> {
  try {
    await writeInOneStep(path, text, { temporary: await temporaryPath(dir), move: link })
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? alreadyThere(path) : unwritable(path, error)
  }
}
