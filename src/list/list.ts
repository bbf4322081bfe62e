import { type Definition, readDefinitions, textAt } from '../catalog/definitions.ts'
import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import type { Image, ImageVersion } from '../image.ts'
import { type CatalogueOptions, settleCatalogue, type TakenOptions } from '../options.ts'
import type { ListedImage, ListReport } from '../report/schemas.ts'

/**
 * Returns the images of a catalogue as their users see them.
 * @throws UpdaterError CATALOG_*, USAGE; several defects come as an `AggregateError` in `cause`
 */
export async function listCatalogue(
  options: CatalogueOptions & TakenOptions<'list'> = {},
): Promise<ListReport> {
  const { images: paths, names } = settleCatalogue(options)
  const files = await readCatalog(paths)
  const definitions = new Map(files.map(({ path, text }) => [path, readDefinitions(path, text)]))
  const images = selectImages(files, names)
    .filter(({ enable }) => enable || options.includeDisabled === true)
    .map((image) => listed(image, definitions.get(image.file)?.[image.index] ?? {}))
  return { schema_version: 1, images }
}

function listed(image: Image, definition: Definition): ListedImage {
  const newest = newestOf(image.versions)
  const minRam = Number(textAt(definition, 'min_ram') ?? Number.NaN)
  return {
    file: image.file,
    line: image.line,
    name: image.name,
    shortname: image.shortname,
    enable: image.enable,
    format: image.format,
    login: textAt(definition, 'login'),
    password: textAt(definition, 'password'),
    min_disk: image.minDisk,
    min_ram: Number.isFinite(minRam) ? minRam : undefined,
    architecture: image.architecture,
    os_distro: image.osDistro,
    os_version: image.osVersion,
    os_purpose: textAt(definition.meta, 'os_purpose'),
    visibility: textAt(definition, 'visibility'),
    versions: image.versions.length,
    version: newest?.version,
    build_date: newest?.buildDate,
    checksum: newest?.checksum,
    url: newest?.url,
    mirror_url: newest?.mirrorUrl,
  }
}

/** Returns the version that was built last; of several of one day the first one in the file. */
function newestOf(versions: readonly ImageVersion[]): ImageVersion | undefined {
  const day = ({ buildDate = '' }: ImageVersion) => buildDate
  return versions.toSorted((a, b) => Number(day(b) > day(a)) - Number(day(a) > day(b)))[0]
}
