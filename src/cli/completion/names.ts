import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'

export interface ImageName {
  readonly name: string
  readonly shortname: string | undefined
}

/** What images of a catalogue are selected by. */
export interface CatalogueNames {
  readonly images: readonly ImageName[]
  /** Names of files with images, without extension. */
  readonly files: readonly string[]
}

/** Names in folders or files; what cannot be read has none. */
export async function catalogueNames(paths: readonly string[]): Promise<CatalogueNames> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  const read = await Promise.all(files.map(async (file) => ({ file, images: await namesOf(file) })))
  return {
    images: read.flatMap(({ images }) => images),
    files: read.flatMap(({ file, images }) => (images.length > 0 ? [basename(file, extname(file))] : [])),
  }
}

/** The catalogue in force where the command line names none: environment, configuration file, default. */
export async function catalogueInForce(
  configuration: string | false | undefined,
): Promise<readonly string[]> {
  const fromEnvironment = process.env.IMAGE_UPDATER_IMAGES?.split(':').filter((path) => path !== '') ?? []
  if (fromEnvironment.length > 0) return fromEnvironment
  const configured = configuration === false ? undefined : await configuredImages(configuration)
  return configured ?? ['/etc/images']
}

/** A file that is wrong has no images: the run will tell why. */
async function configuredImages(file: string | undefined): Promise<readonly string[] | undefined> {
  const { loadConfiguration } = await import('../../config/load.ts')
  try {
    const configuration = await loadConfiguration(file)
    const images = configuration?.options.images
    return images === undefined ? undefined : [images].flat()
  } catch {
    return undefined
  }
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const entries = await readdir(path)
    return entries.filter((entry) => /\.ya?ml$/.test(entry)).map((entry) => join(path, entry))
  } catch {
    return []
  }
}

async function namesOf(file: string): Promise<ImageName[]> {
  const { parse } = (await import('yaml')).default
  try {
    const content = parse(await readFile(file, 'utf8')) as { images?: unknown } | null
    const images: readonly unknown[] = Array.isArray(content?.images) ? content.images : []
    return images.flatMap((image) => {
      const { name, shortname } = (image ?? {}) as { name?: unknown; shortname?: unknown }
      if (typeof name !== 'string') return []
      return [{ name, shortname: typeof shortname === 'string' ? shortname : undefined }]
    })
  } catch {
    return []
  }
}
