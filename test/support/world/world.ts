import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Origin, startOrigin } from '../origin.ts'
import { renderCatalogue } from './catalogue.ts'
import { type Newest, type Published, publishAll } from './published.ts'

/**
 * A small world: one origin that serves what the distributions' servers do, each under its host's name as
 * the first folder, and a catalogue in OSISM's layout whose URLs point there and which is a few builds
 * behind.
 */
export interface World {
  readonly origin: Origin
  readonly published: readonly Published[]
  /** What a run makes of the enabled images, by shortname. */
  readonly newest: Readonly<Record<string, Newest>>
  /** The catalogue's texts by file name, as they were at the beginning. */
  readonly catalogue: Readonly<Record<string, string>>
  /** Writes the catalogue to a new folder and returns its path. */
  writeCatalogue(): Promise<string>
  close(): Promise<void>
}

/** @param size bytes of an image, roughly */
export async function startWorld(size = 300_000): Promise<World> {
  const origin = await startOrigin()
  const published = publishAll({ origin, size })
  const catalogue = renderCatalogue(
    published.map(({ definition }) => definition),
    origin.url,
  )
  return {
    origin,
    published,
    newest: Object.fromEntries(
      published.flatMap(({ definition, newest }) => (newest ? [[definition.shortname, newest]] : [])),
    ),
    catalogue,
    async writeCatalogue() {
      const folder = join(await mkdtemp(join(tmpdir(), 'image-updater-')), 'images')
      await mkdir(folder)
      for (const [name, text] of Object.entries(catalogue)) await writeFile(join(folder, name), text)
      return folder
    },
    close: () => origin.close(),
  }
}

/** The texts of a catalogue folder by file name. */
export async function readCatalogueFolder(
  folder: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))
}
