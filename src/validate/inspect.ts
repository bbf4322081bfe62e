import { isMap, isSeq } from 'yaml'
import { type CatalogDocument, inspectDocument } from '../catalog/document.ts'
import type { CatalogMap, CatalogNode } from '../catalog/nodes.ts'
import type { UpdaterError } from '../errors.ts'
import type { Finding } from '../report/schemas.ts'
import { type CheckedImage, readImage } from './image.ts'
import { judgeImage } from './judge-image.ts'
import { createMappingReader, type Mapping, resolved } from './mapping.ts'
import { findingOf, type Report } from './rules.ts'
import { definitionFile, imageDefinition } from './schema.ts'
import { ShapeChecker } from './shape.ts'

/** A file as far as it can be read, with all that is wrong in it alone. */
export interface InspectedFile {
  readonly images: readonly CheckedImage[]
  readonly findings: readonly Finding[]
}

/** @param today `YYYY-MM-DD` */
export function inspectFile(path: string, text: string, today: string): InspectedFile {
  const { document, defects } = inspectDocument(path, text)
  const findings: Finding[] = defects.map((defect) => findingOfDefect('syntax', defect))
  if (document.root === null && defects.length > 0) return { images: [], findings }
  const report = reportInto(findings)
  const read = createMappingReader(document, report)
  const { root } = document
  new ShapeChecker(document, read, report).check(root, definitionFile, 'The file', document.place(0))
  const list = isMap(root) ? read(root as CatalogMap).get('images')?.value : undefined
  const images = (isSeq(list) ? list.items : []).flatMap(
    (item) => inspectImage(document, read, item as CatalogNode, findings, today) ?? [],
  )
  return { images, findings: withoutRepetitions(findings) }
}

function inspectImage(
  document: CatalogDocument,
  read: (map: CatalogMap) => Mapping,
  item: CatalogNode,
  findings: Finding[],
  today: string,
): CheckedImage | undefined {
  const node = resolved(document, item)
  if (node === undefined) return undefined
  const image = readImage(document, read, item)
  const report = reportInto(findings, image)
  const place = document.place((item ?? node)?.range[0] ?? 0)
  new ShapeChecker(document, read, report).check(node, imageDefinition, 'The image', place)
  if (image !== undefined) judgeImage(image, today, report)
  return image
}

/** Collects what is found in an image, or in none. */
export function reportInto(findings: Finding[], image?: CheckedImage): Report {
  const name = image?.name === '' ? undefined : image?.name
  return (rule, place, message, remedy) => {
    findings.push(findingOf(rule, place, message, { image: name, remedy }))
  }
}

export function findingOfDefect(rule: 'syntax' | 'unreadable-file', defect: UpdaterError): Finding {
  const { message, remedy, place = { file: '' } } = defect
  return findingOf(rule, place, message, { remedy })
}

/** What an anchor holds is looked at wherever an alias stands for it; it is told once. */
function withoutRepetitions(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>()
  return findings.filter(({ rule, line, column, message }) => {
    const key = JSON.stringify([rule, line, column, message])
    if (told.has(key)) return false
    told.add(key)
    return true
  })
}
