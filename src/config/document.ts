import { type Document, isAlias, isMap, isNode, isScalar, isSeq } from 'yaml'
import { type Place, UpdaterError } from '../errors.ts'
import { linesOf, maximumDepth, parseYaml } from '../yaml.ts'

/** Keys and positions in lists, from the top. */
export type Path = readonly PropertyKey[]

/** A file that is YAML: its plain values, and where they stand. */
export interface ConfigurationDocument {
  readonly values: unknown
  /** The key or list item at the path, or the closest one above it. */
  place(path: Path): Place
}

/** @throws UpdaterError CONFIGURATION */
export function openDocument(file: string, text: string): ConfigurationDocument {
  const lines = linesOf(text)
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  const refuse = (offset: number, why: string): never => {
    throw new UpdaterError('CONFIGURATION', `The configuration is not valid YAML: ${why}`, {
      place: placeAt(offset),
      remedy: 'Correct the file, e.g. with the help of yamllint',
    })
  }
  const { documents, errors, tooDeepAt } = parseYaml(text, { logLevel: 'error' })
  if (tooDeepAt !== undefined) refuse(tooDeepAt, `it is nested deeper than ${maximumDepth} levels`)
  const [error] = errors
  if (error !== undefined) refuse(error.offset, error.message)
  const [document, second] = documents
  if (document === undefined) throw new UpdaterError('INTERNAL', `${file} has no document`)
  if (second !== undefined) refuse(second.range[0], 'it has more than one document')
  return {
    values: plainValues(document, (why) => refuse(0, why)),
    place: (path) => placeAt(offsetOf(document, path)),
  }
}

function plainValues(document: Document.Parsed, refuse: (why: string) => never): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
      if (pair === undefined) break
      offset = startOf(pair.key)
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = startOf(node)
    } else break
  }
  return offset
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
