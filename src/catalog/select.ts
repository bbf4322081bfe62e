import { basename, extname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import { closest } from './closest.ts'

/** What an image is selected by. */
type Labelled = Pick<Image, 'file' | 'name' | 'shortname'>

/**
 * The images of `files`, in catalogue order; with `names`, only those whose name, shortname or file name
 * (with or without extension) matches one of them. `*` stands for any text, `?` for one character.
 * @throws UpdaterError USAGE: a name selects nothing
 */
export function selectImages<T extends Labelled>(
  files: readonly { readonly images: readonly T[] }[],
  names: readonly string[] = [],
): T[] {
  const images = files.flatMap((file) => file.images)
  if (names.length === 0) return images
  const missing = names.filter((name) => !images.some((image) => matchesNames(image, [name])))
  if (missing.length > 0) throw nothingSelected(missing, images)
  return images.filter((image) => matchesNames(image, names))
}

/** Does one of the names (globs) match the image's name, shortname or file? */
export function matchesNames(image: Labelled, names: readonly string[]): boolean {
  const labels = labelsOf(image)
  return names.some((name) => labels.some((label) => matchesGlob(name, label)))
}

function labelsOf(image: Labelled): string[] {
  const file = basename(image.file)
  return [
    image.name,
    ...(image.shortname === undefined ? [] : [image.shortname]),
    file,
    basename(file, extname(file)),
  ]
}

/** Case-sensitive; never more than `pattern.length * text.length` steps. */
export function matchesGlob(pattern: string, text: string): boolean {
  /** Where in the text the pattern so far may end. */
  let ends = [0]
  for (const sign of pattern.split('')) {
    const [first = text.length + 1] = ends
    ends =
      sign === '*'
        ? Array.from({ length: text.length + 1 - first }, (_, index) => first + index)
        : ends.filter((at) => at < text.length && (sign === '?' || sign === text[at])).map((at) => at + 1)
  }
  return ends.at(-1) === text.length
}

function nothingSelected(names: readonly string[], images: readonly Labelled[]): UpdaterError {
  const labels = new Set(images.flatMap(labelsOf))
  const close = names.flatMap((name) => closest(name.replaceAll(/[*?]/g, ''), labels))
  return new UpdaterError('USAGE', `No image is selected by ${names.map((name) => `"${name}"`).join(', ')}`, {
    remedy:
      close.length > 0
        ? `Close to that: ${[...new Set(close)].map((label) => `"${label}"`).join(', ')}`
        : 'Give the name, shortname or file of an image; * and ? are wildcards',
  })
}
