import { CatalogDocument, type CatalogNode, isList, isMapping } from '../catalog/document.ts'
import { type FieldProblem, FieldReader } from '../catalog/fields.ts'
import type { UpdaterError } from '../errors.ts'
import type { Finding } from '../report/schemas.ts'
import { type CheckedImage, readImage } from './image.ts'
import { judgeImage } from './judge-image.ts'
import { findingOf, type ReportFinding, type RuleName } from './rules.ts'
import { definitionFile, imageDefinition } from './schema.ts'
import { ShapeChecker } from './shape.ts'

/** A file as far as it can be read, with all that is wrong in it alone. */
export interface InspectedFile {
  readonly images: readonly CheckedImage[]
  readonly findings: readonly Finding[]
}

const fieldRules: Readonly<Record<FieldProblem, RuleName>> = {
  'key is not text': 'unknown-key',
  'merge is no mapping': 'wrong-type',
  'merges too deep': 'syntax',
}

/** @param today `YYYY-MM-DD` */
export function inspectFile(path: string, text: string, today: string): InspectedFile {
  const document = new CatalogDocument(path, text)
  const { root, defects } = document
  const findings: Finding[] = defects.map((defect) => findingOfDefect('syntax', defect))
  if (root === null && defects.length > 0) return { images: [], findings }
  const report = reportInto(findings)
  const fields = new FieldReader(document, (problem, offset, message) =>
    report(fieldRules[problem], document.place(offset), message),
  )
  new ShapeChecker(document, fields, report).check(root, definitionFile, 'The file', document.place(0))
  const list = isMapping(root) ? fields.read(root).get('images')?.value : undefined
  const images = (isList(list) ? list.items : []).flatMap(
    (item) => inspectImage(document, fields, item, findings, today) ?? [],
  )
  return { images, findings: withoutRepetitions(findings) }
}

function inspectImage(
  document: CatalogDocument,
  fields: FieldReader,
  item: CatalogNode,
  findings: Finding[],
  today: string,
): CheckedImage | undefined {
  const node = document.resolve(item)
  if (node === undefined) return undefined
  const image = readImage(document, fields, item)
  const report = reportInto(findings, image)
  const place = document.place((item ?? node)?.range[0] ?? 0)
  new ShapeChecker(document, fields, report).check(node, imageDefinition, 'The image', place)
  if (image !== undefined) judgeImage(image, today, report)
  return image
}

/** Collects what is found in an image, or outside of all images. */
export function reportInto(findings: Finding[], image?: CheckedImage): ReportFinding {
  const name = image?.name === '' ? undefined : image?.name
  return (rule, place, message, remedy) => {
    findings.push(findingOf(rule, place, message, { image: name, remedy }))
  }
}

export function findingOfDefect(rule: 'syntax' | 'unreadable-file', defect: UpdaterError): Finding {
  const { message, remedy, place = { file: '' } } = defect
  return findingOf(rule, place, message, { remedy })
}

/** The value of an anchor is checked at each of its aliases, but what is wrong in it is told once. */
function withoutRepetitions(findings: readonly Finding[]): Finding[] {
  const told = new Set<string>()
  return findings.filter(({ rule, line, column, message }) => {
    const key = JSON.stringify([rule, line, column, message])
    if (told.has(key)) return false
    told.add(key)
    return true
  })
}
