import { basename, extname } from 'node:path'
import { UpdaterError } from '../errors.ts'
import type { Image } from '../image.ts'
import type { CatalogFile } from './types.ts'

/**
 * The images of `files`, in catalogue order; with `names`, only those whose name, shortname or file name
 * (with or without extension) matches one of them. `*` stands for any text, `?` for one character.
 * @throws UpdaterError USAGE: a name selects nothing
 */
export function selectImages(files: readonly CatalogFile[], names: readonly string[] = []): Image[] {
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
export function matchesNames(image: Image, names: readonly string[]): boolean {
  const labels = labelsOf(image)
  return names.some((name) => labels.some((label) => matchesGlob(name, label)))
}

function labelsOf(image: Image): string[] {
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

function nothingSelected(names: readonly string[], images: readonly Image[]): UpdaterError {
  const close = names.flatMap((name) => closeLabels(name, images))
  return new UpdaterError('USAGE', `No image is selected by ${names.map((name) => `"${name}"`).join(', ')}`, {
    remedy:
      close.length > 0
        ? `Close to that: ${[...new Set(close)].map((label) => `"${label}"`).join(', ')}`
        : 'Give the name, shortname or file of an image; * and ? are wildcards',
  })
}

function closeLabels(name: string, images: readonly Image[]): string[] {
  const wanted = name.toLowerCase().replaceAll(/[*?]/g, '').slice(0, 64)
  if (wanted === '') return []
  const labels = new Set(images.flatMap(labelsOf))
  return [...labels]
    .map((label) => ({ label, distance: distanceTo(wanted, label.toLowerCase().slice(0, 64)) }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ label }) => label)
}

/** Levenshtein distance; a label that contains the wanted text is one step away. */
function distanceTo(wanted: string, label: string): number {
  if (label === wanted) return 0
  if (label.includes(wanted)) return 1
  let row = Array.from({ length: label.length + 1 }, (_, index) => index)
  for (const [i, character] of [...wanted].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= label.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (label[j - 1] === character ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
