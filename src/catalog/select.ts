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
  const missing = new Set(names)
  const selected = images.filter((image) => {
    const labels = labelsOf(image)
    const matching = names.filter((name) => labels.some((label) => matchesGlob(name, label)))
    for (const name of matching) missing.delete(name)
    return matching.length > 0
  })
  if (missing.size > 0) throw nothingSelected([...missing], images)
  return selected
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
  let at = 0
  let position = 0
  let star = -1
  let resume = 0
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at
      resume = position
      at += 1
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at += 1
      position += 1
    } else if (star >= 0) {
      resume += 1
      at = star + 1
      position = resume
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
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
