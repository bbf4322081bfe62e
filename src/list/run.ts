import { type Definition, readDefinitions, textAt } from '../catalog/definitions.ts'
import { readCatalog } from '../catalog/read.ts'
import { selectImages } from '../catalog/select.ts'
import type { Image, ImageVersion } from '../image.ts'
import type { ListedImage } from '../report/list.ts'
import type { CatalogueOptions } from '../run/options.ts'

export async function runList(options: CatalogueOptions): Promise<ListedImage[]> {
  const files = await readCatalog(options.images)
  const definitions = new Map(files.map(({ path, text }) => [path, readDefinitions(path, text)]))
  return selectImages(files, options.names)
    .filter(({ enable }) => enable || options.includeDisabled === true)
    .map((image) => listed(image, definitions.get(image.file)?.[image.index] ?? {}))
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
    minDisk: image.minDisk,
    minRam: Number.isFinite(minRam) ? minRam : undefined,
    architecture: image.architecture,
    osDistro: image.osDistro,
    osVersion: image.osVersion,
    osPurpose: textAt(definition.meta, 'os_purpose'),
    visibility: textAt(definition, 'visibility'),
    versions: image.versions.length,
    version: newest?.version,
    buildDate: newest?.buildDate,
    checksum: newest?.checksum,
    url: newest?.url,
    mirrorUrl: newest?.mirrorUrl,
  }
}

/** The one that was built last; of those of one day the one that stands first. */
function newestOf(versions: readonly ImageVersion[]): ImageVersion | undefined {
  return versions.reduce<ImageVersion | undefined>(
    (newest, one) =>
      newest === undefined || (one.buildDate ?? '') > (newest.buildDate ?? '') ? one : newest,
    undefined,
  )
}
