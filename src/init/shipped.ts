import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { closest } from '../catalog/closest.ts'
import { parseCatalog } from '../catalog/parse.ts'
import { readText } from '../catalog/read.ts'
import { matchesGlob } from '../catalog/select.ts'
import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { packageFolder } from '../package.ts'

/** The image definitions of one distribution that come with the program. */
export interface ShippedDistribution {
  /** Name of the file without its extension, e.g. `ubuntu`. */
  readonly name: string
  /** Text of the file. */
  readonly text: string
  readonly images: readonly Image[]
}

/** Reads the image definitions that come with the program, by name of their distribution. */
export async function readShipped(): Promise<ShippedDistribution[]> {
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

/**
 * Returns the distributions whose names match one of `wanted` (globs: `*`, `?`).
 * @throws UpdaterError USAGE: one of them matches nothing
 */
export function chooseShipped(
  shipped: readonly ShippedDistribution[],
  wanted: readonly string[],
): ShippedDistribution[] {
  for (const name of wanted) {
    if (shipped.some((distribution) => matchesGlob(name, distribution.name))) continue
    const close = closest(
      name,
      shipped.map((distribution) => distribution.name),
    )
    throw new UpdaterError('USAGE', `There are no image definitions of "${name}"`, {
      remedy:
        close.length > 0
          ? `Close to that: ${close.map((label) => `"${label}"`).join(', ')}`
          : '`image-updater init` lists all that there are',
    })
  }
  return shipped.filter(({ name }) => wanted.some((pattern) => matchesGlob(pattern, name)))
}
