import { CatalogDocument, type CatalogNode, isList, isMapping } from '../catalog/document.ts'
import { type FieldProblem, FieldReader } from '../catalog/fields.ts'
import type { Finding } from '../report/schemas.ts'
import type { Profile, RuleName } from '../rules.ts'
import { compare } from './compare.ts'
import { type CheckedImage, readImage } from './image.ts'
import { judgeImage } from './judge.ts'
import { FileFindings } from './rules.ts'
import { definitionFile, imageDefinition } from './schema.ts'
import { judgeScs } from './scs.ts'

/** A file as far as it can be read, with what is wrong in it alone. */
export interface InspectedFile {
  readonly images: readonly CheckedImage[]
  readonly findings: readonly Finding[]
}

const fieldRules: Readonly<Record<FieldProblem, RuleName>> = {
  'key is not text': 'unknown-key',
  'merge is no mapping': 'wrong-type',
  'merges too deep': 'syntax',
}

/**
 * @param today `YYYY-MM-DD`
 * @param isMeant images that are looked at. Default: all
 */
export function inspectFile(
  path: string,
  text: string,
  today: string,
  profile: Profile = 'upstream+scs',
  isMeant: (image: CheckedImage) => boolean = () => true,
): InspectedFile {
  const document = new CatalogDocument(path, text)
  const { root, defects } = document
  const findings = new FileFindings()
  const report = findings.reportOf()
  for (const { place, message, remedy } of defects) report('syntax', place ?? { file: path }, message, remedy)
  if (root === null && defects.length > 0) return { images: [], findings: findings.all }
  const fields = new FieldReader(document, (problem, offset, message) =>
    report(fieldRules[problem], document.place(offset), message),
  )
  compare(root, definitionFile, 'The file', document.place(0), { document, fields, report, profile })
  const list = isMapping(root) ? fields.read(root).get('images')?.value : undefined
  const items: readonly CatalogNode[] = isList(list) ? list.items : []
  if (isList(list) && items.length === 0) {
    report('wrong-value', document.place(list.range[0]), '"images" is an empty list')
  }
  const images = items.flatMap((item) => {
    const node = document.resolve(item)
    if (node === undefined) return []
    const image = readImage(document, fields, item)
    if (image !== undefined && !isMeant(image)) return [image]
    const reportOfImage = findings.reportOf(image?.name)
    const place = document.place((item ?? node)?.range[0] ?? 0)
    if (profile !== 'scs' || image === undefined) {
      compare(node, imageDefinition, 'The image', place, { document, fields, report: reportOfImage, profile })
    }
    if (image === undefined) return []
    judgeImage(image, today, reportOfImage)
    if (profile !== 'upstream') judgeScs(image, today, profile, reportOfImage)
    return [image]
  })
  return { images, findings: withoutDoubles(findings.all, profile) }
}

/** With both sets of rules, what the others have found in a place SCS does not find once more. */
function withoutDoubles(findings: readonly Finding[], profile: Profile): readonly Finding[] {
  if (profile !== 'upstream+scs') return findings
  const ofScs = ({ rule }: Finding) => rule.startsWith('scs-0102-')
  const placeOf = ({ line, column }: Finding) => `${line}:${column}`
  const told = new Set(findings.filter((finding) => !ofScs(finding)).map(placeOf))
  return findings.filter((finding) => !ofScs(finding) || !told.has(placeOf(finding)))
}
