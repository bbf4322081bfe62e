import { basename, extname } from 'node:path'
import type { Image } from '../../image.ts'

/** What images of a catalogue are selected by. */
export interface CatalogueNames {
  readonly images: readonly Pick<Image, 'name' | 'shortname'>[]
  /** Names of files with images, without extension. */
  readonly files: readonly string[]
}

/** Names in folders or files; what cannot be read has none. */
export async function catalogueNames(paths: readonly string[]): Promise<CatalogueNames> {
  const { readTexts } = await import('../../catalog/read.ts')
  const { readImages } = await import('../../catalog/parse.ts')
  const read = (await readTexts(paths)).map(({ path, text }) => ({
    path,
    images: readImages(path, text).filter(({ name }) => name !== ''),
  }))
  return {
    images: read.flatMap(({ images }) => images),
    files: read.flatMap(({ path, images }) => (images.length > 0 ? [basename(path, extname(path))] : [])),
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
    return images === undefined ? undefined : [images].flat().map(String)
  } catch {
    return undefined
  }
}
